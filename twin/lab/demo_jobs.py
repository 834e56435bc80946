"""The jobs of the lab's pair: one that is due every few seconds of real time, so as to be seen."""

import os

from twin import every


@every(os.environ.get("LAB_EVERY", "10s"), grace=os.environ.get("LAB_GRACE", "1m"))
def greet() -> None:
    print("hello")
