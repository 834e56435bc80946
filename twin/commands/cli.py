"""The command line, except for `serve`: a twin that wakes does not wait for a parser."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from twin.commands.say import say
from twin.settings.settings import SettingsError, read_settings

T = TypeVar("T", int, float)

COMMANDS = {
    "serve": "run one twin on $PORT (what is done without a command)",
    "lab": "run a whole pair on this machine, on a small platform of its own",
    "plan": "a month of this configuration on a host, simulated: hours, handovers, slots, savings",
    "check": "try the settings, the peer, the own URL and the target; say what is wrong",
    "status": "all twins and the jobs, as a table",
    "run": "run one job once, in the foreground; the pair is not asked, and may run it too",
    "down": "hand the duty over now",
}


def run(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments[:1] == ["lab"]:
        from twin.lab import main as lab

        return lab(arguments[1:])
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "plan":
            return _plan(asked)
        settings = read_settings(os.environ, asked.dry_run)
    except SettingsError as error:
        return _report(error, asked.command)
    match asked.command:
        case "check":
            from twin.commands.check import check

            return check(settings)
        case "status":
            from twin.commands.status import status

            return status(settings, as_json=asked.json)
        case "run":
            from twin.commands.run import run_job

            return run_job(settings, asked.job)
        case _:
            from twin.commands.down import down

            return down(settings)


def _plan(asked: argparse.Namespace) -> int:
    from twin.commands.plan import Question, plan

    question = Question(asked.host, asked.days, asked.seed, asked.price, asked.json)
    return plan(question, os.environ)


def _report(error: SettingsError, command: str) -> int:
    # For `check`, problems are its result.
    to = sys.stdout if command == "check" else sys.stderr
    say(*(f"wrong  {problem}" for problem in error.problems), to=to)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m twin",
        description="Two copies of one app that keep each other's work going.",
    )
    dry_run = "scale nothing: only say what would be scaled, and why"
    parser.add_argument("--dry-run", action="store_true", help=dry_run)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, does in COMMANDS.items():
        command = commands.add_parser(name, help=does, description=does)
        if name == "run":
            command.add_argument("job", metavar="JOB", help="its name, as `status` shows it")
        if name in ("serve", "run"):
            # A default would undo an option before the command.
            none = argparse.SUPPRESS
            command.add_argument("--dry-run", action="store_true", default=none, help=dry_run)
        if name == "plan":
            _ask_for_a_plan(command)
        if name in ("status", "plan"):
            command.add_argument("--json", action="store_true", help="as JSON, for programs")
    return parser


def _ask_for_a_plan(command: argparse.ArgumentParser) -> None:
    from twin.hosts import OFFERS

    hosts = ", ".join(offer.key for offer in OFFERS)
    command.add_argument(
        "--host",
        choices=[offer.key for offer in OFFERS],
        metavar="HOST",
        help=f"{hosts}; if not said, the host that this runs on, else heroku-eco",
    )
    days, seed, price = _number(int, 1, 31), _number(int, 0, 999_999_999), _number(float, 0, 1000)
    command.add_argument(
        "--days", type=days, default=31, metavar="N", help="1 to 31; 31 if not said"
    )
    command.add_argument(
        "--seed", type=seed, default=1, metavar="N", help="another one, other luck"
    )
    command.add_argument(
        "--price", type=price, metavar="DOLLARS", help="of one dyno-hour of what is scaled"
    )


def _number(kind: type[T], least: int, most: int) -> Callable[[str], T]:
    what = "whole number" if kind is int else "number"

    def read(text: str) -> T:
        with suppress(ValueError):
            number = kind(text)
            if least <= number <= most:
                return number
        raise argparse.ArgumentTypeError(f"{text!r}: give a {what} from {least} to {most}")

    return read
