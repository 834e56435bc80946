"""Jobs to begin with: `cp examples/jobs.py jobs.py`, and change what you like.

They run on whichever twin is on duty: `python -m twin run jobs.greet` runs one of them now.
"""

from twin import Run, cron, every


@every("10m")
def greet() -> None:
    print("hello from the twin on duty")


@cron("0 7 * * mon-fri", timezone="Europe/Berlin", grace="1h")
def digest(run: Run) -> None:
    print(
        f"good morning: this is the digest of {run.slot:%A}, {run.late.total_seconds():.0f} s late"
    )
