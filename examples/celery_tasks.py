"""Celery beat, and a worker beside it.

RUN="celery --workdir examples --app celery_tasks worker --beat --concurrency 1"
"""

import os
import tempfile
from pathlib import Path

from celery import Celery

# A folder stands for the broker here; with a Redis of your own it is redis://….
queue = Path(os.environ.get("CELERY_QUEUE") or tempfile.mkdtemp())
app = Celery("tasks", broker=os.environ.get("CELERY_BROKER", "filesystem://"))
app.conf.update(
    broker_transport_options={"data_folder_in": str(queue), "data_folder_out": str(queue)},
    beat_schedule={"greet": {"task": "celery_tasks.greet", "schedule": 1.0}},
    beat_schedule_filename=str(queue / "beat"),
)


@app.task
def greet():
    print("hello from Celery", flush=True)
