import threading

from node_bench import bench

from twin.node.scheduler import Scheduler


def test_it_beats_when_woken_and_ends_when_stopped() -> None:
    made, beats = bench(), threading.Semaphore(0)

    def tick() -> float:
        beats.release()
        return 60.0

    vars(made.node)["tick"] = tick
    scheduler = Scheduler(made.node)
    scheduler.start()
    assert beats.acquire(timeout=5)
    made.node.wake_scheduler.set()
    assert beats.acquire(timeout=5)
    scheduler.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "schedule"]


def test_a_wake_up_during_a_beat_causes_another_beat() -> None:
    made, beats = bench(), threading.Semaphore(0)

    def tick() -> float:
        if not beats.acquire(blocking=False):
            made.node.wake_scheduler.set()
        beats.release()
        beats.release()
        return 60.0

    vars(made.node)["tick"] = tick
    scheduler = Scheduler(made.node)
    scheduler.start()
    assert beats.acquire(timeout=5)
    assert beats.acquire(timeout=5)
    assert beats.acquire(timeout=5)
    scheduler.stop()


def test_a_stop_just_before_the_clear_is_not_missed() -> None:
    made, clearing = bench(), threading.Event()

    class StoppedMeanwhile(threading.Event):
        def clear(self) -> None:
            super().clear()
            clearing.set()
            assert self.wait(5)
            super().clear()

    vars(made.node)["tick"] = lambda: 60.0
    made.node.wake_scheduler = StoppedMeanwhile()
    made.node.wake_scheduler.set()
    scheduler = Scheduler(made.node)
    scheduler.start()
    assert clearing.wait(5)
    stopping = threading.Thread(target=scheduler.stop, daemon=True)
    stopping.start()
    stopping.join(5)
    assert not stopping.is_alive()
