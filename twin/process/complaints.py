"""What Python and its libraries complain of on stderr, as lines of the log.

A stderr that nobody reads would hold whichever thread complains, the twin's own included.
"""

import logging
import sys
import threading
import traceback

from twin.log import Log

_LIBRARIES = ("asyncio", "concurrent.futures", "httpcore", "httpx", "py.warnings")
"""Loggers that the twin's own threads write to; uvicorn's is in web/server.py. They do not reach a
handler of the jobs, which waits for a reader, and for a job that holds it. Apprise is not among
them: what it logs holds secrets, and adapters/delivery.py takes it."""


def complain_to(log: Log) -> None:
    """A jobs file may set hooks and handlers of its own afterwards."""
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
