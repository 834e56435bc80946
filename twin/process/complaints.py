"""Writes to the log what Python and its libraries write to stderr.

A stderr that nobody reads blocks every thread that writes to it.
"""

import logging
import sys
import threading
import traceback

from twin.log import Log

_LIBRARIES = ("asyncio", "concurrent.futures", "httpcore", "httpx", "py.warnings")
"""The twin's own threads use these loggers. They must not reach a handler of the jobs, which may
wait for a reader or a job. For uvicorn see web/server.py; for Apprise, which logs secrets,
notify/delivery.py."""


def complain_to(log: Log) -> None:
    """Called before a jobs file sets hooks and handlers of its own."""
    for library in _LIBRARIES:
        logger = logging.getLogger(library)
        logger.addHandler(_ToLog(log))
        logger.propagate = False
    logging.captureWarnings(capture=True)

    def of_a_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            name = args.thread.name if args.thread else ""
            log.error("thread.failed", thread=name, traceback=_trace(args.exc_value))

    def of_nobody(args: "sys.UnraisableHookArgs") -> None:
        log.error("error.ignored", traceback=_trace(args.exc_value))

    threading.excepthook = of_a_thread
    sys.unraisablehook = of_nobody


class _ToLog(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        where = {"traceback": _trace(error)} if error else {}
        because = record.getMessage().strip()
        self._log.warning("library.warned", library=record.name, because=because, **where)


def _trace(error: BaseException | None) -> str:
    return "".join(traceback.format_exception(error)) if error else ""
