"""The lab's jobs: one that is due every few seconds of real time."""

import os

from twin import every


@every(os.environ.get("LAB_EVERY", "10s"), grace=os.environ.get("LAB_GRACE", "1m"))
def greet() -> None:
    print("hello")
