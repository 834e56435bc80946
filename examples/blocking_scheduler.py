"""A script for APScheduler, unchanged.

RUN="python examples/blocking_scheduler.py"
"""

from apscheduler.schedulers.blocking import BlockingScheduler

scheduler = BlockingScheduler(timezone="UTC")


@scheduler.scheduled_job("interval", seconds=1)
def timed_job():
    print("This job is run every second.")


@scheduler.scheduled_job("cron", day_of_week="mon-fri", hour=17)
def scheduled_job():
    print("This job is run every weekday at 5pm.")


scheduler.start()
