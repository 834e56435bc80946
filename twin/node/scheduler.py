"""The `schedule` thread: beats at every slot and every timer, and at least once a second."""

import threading

from twin.node.node import Node


class Scheduler:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._stopping = False
        # A daemon: a bug in it must not keep the process from ending.
        self._thread = threading.Thread(target=self._beat, name="schedule", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._node.wake_scheduler.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopping:
            self._node.wake_scheduler.wait(self._node.tick())
            # Clear before the beat: a wake-up during the beat calls for another one. Clear before
            # reading `_stopping`, so that no stop is missed.
            self._node.wake_scheduler.clear()
