"""`serve`: runs one twin on $PORT."""

import os
import socket
from collections.abc import Sequence

from twin import assemble
from twin.clock import clock_of
from twin.log import Log
from twin.process.complaints import complain_to
from twin.process.output import LAST_S, Output
from twin.process.signals import Signals
from twin.settings.settings import SettingsError, read_settings


def serve(listener: socket.socket | None, signals: Signals, dry_run: bool) -> int:
    """Exit status 0 after a signal, 1 if settings or jobs are wrong.

    `listener` is None if PORT is not valid, which reading the settings reports.
    """
    output = Output(os.environ.get("TWIN_NAME", ""))
    try:
        return _serve(listener, signals, dry_run, output)
    finally:
        output.drain(LAST_S)


def _serve(listener: socket.socket | None, signals: Signals, dry_run: bool, output: Output) -> int:
    try:
        settings = read_settings(os.environ, dry_run)
    except SettingsError as error:
        log = Log(os.environ.get("TWIN_NAME", ""), output)
        return _report(log, "settings.wrong", error.problems)
    if listener is None:
        raise AssertionError("the port is bound before a twin is served")
    log = Log(settings.name, output)
    complain_to(log)
    try:
        assemble.serve(settings, listener, signals, clock_of(os.environ), log, output.write)
    except SettingsError as error:  # the arbiter's driver is missing, or cannot read its URL
        return _report(log, "settings.wrong", error.problems)
    return 0


def _report(log: Log, event: str, problems: Sequence[str]) -> int:
    for problem in problems:
        log.error(event, because=problem)
    return 1
