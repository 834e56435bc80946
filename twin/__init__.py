"""Two copies of one small web app that keep each other's work going.

A jobs file imports from here: `from twin import every, cron, at`.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # mypy takes it for True; importing `typing` costs 5 ms

if TYPE_CHECKING:
    from twin.worker.declared import Run, at, cron, every, on_duty
else:

    def __getattr__(name):
        # Only when asked for: `python -m twin` binds its port before anything else is imported.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from twin.worker import declared

        return getattr(declared, name)


__all__ = ["Run", "at", "cron", "every", "on_duty"]
