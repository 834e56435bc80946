"""A new platform or duty is one file, as docs/architecture.md promises."""

import io
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import ClassVar

import pytest
from node_bench import ENVIRON, context

from twin import duties
from twin.core.alert import Alert, Severity
from twin.core.parser import Parser
from twin.core.scaling.target import Reading
from twin.core.schedule.job import Job, Run
from twin.core.schedule.schedules import every
from twin.duties import Duties
from twin.duties.duty import Duty
from twin.log import Log
from twin.node.runner import Scheduled
from twin.scaling import platforms
from twin.settings.settings import SettingsError, read_settings

SHELVES = {"SCALE_TARGET": "shelf:shoes", "SCALE_TIMETABLE": "=3", "SHELF_KEY": "k3y"}


class Shelf:
    """A target that holds the requested number of shoes."""

    requests_left = None
    quantity = 1
    name = "shelf:shoes"

    def read(self) -> Reading:
        return Reading(self.quantity)

    def inspect(self) -> Reading:
        return self.read()

    def write(self, quantity: int) -> int:
        Shelf.quantity = quantity
        return quantity

    def is_closed(self) -> bool:
        return False


@dataclass(frozen=True)
class ShelfAddress:
    EXAMPLE: ClassVar[str] = "a shelf, such as shelf:shoes"
    allows_zero: ClassVar[bool] = True
    is_beyond: ClassVar[bool] = False
    name: str

    @classmethod
    def read(cls, place: str, parser: Parser, environ: Mapping[str, str]) -> "ShelfAddress | None":
        if not environ.get("SHELF_KEY"):
            parser.problem("SHELF_KEY is not set: ask the shop")
        return cls(f"shelf:{place}") if place.isalpha() else None

    def connect(self) -> Shelf:
        return Shelf()


@pytest.fixture
def shelves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the platform, as a file and a name do."""
    module = ModuleType("shelf")
    module.__dict__["PLATFORM"] = ShelfAddress
    monkeypatch.setitem(sys.modules, f"{platforms.__name__}.shelf", module)
    monkeypatch.setattr(platforms, "PLATFORMS", (*platforms.PLATFORMS, "shelf"))


def run(job: Scheduled) -> None:
    slot = datetime(2026, 11, 21, tzinfo=UTC)
    job.call(Run(job.job, slot, term=1, late=timedelta(0), ask_peer_heard_at=lambda: None))


@pytest.mark.usefixtures("shelves")
def test_a_new_platform_needs_a_file_and_a_name() -> None:
    one = context(Log("a", io.StringIO()), environ=SHELVES)
    made = Duties(one.settings, one.clock)
    made.start(one)
    run(made.jobs[0])
    assert Shelf.quantity == 3
    (shown,) = made.status(one.clock.now().wall)["targets"]
    assert (shown["name"], shown["quantity"]) == ("shelf:shoes", 3)


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({**SHELVES, "SHELF_KEY": ""}, "SHELF_KEY is not set: ask the shop"),
        ({**SHELVES, "SCALE_TARGET": "shelf:7"}, "or a shelf, such as shelf:shoes"),
    ],
)
def test_the_settings_of_a_new_platform_are_checked_with_all_others(
    environ: dict[str, str], problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem):
        read_settings({**ENVIRON, **environ})


class Greeting(Duty):
    """Sends a greeting at each slot."""

    def __init__(self) -> None:
        self.jobs = [Scheduled(Job("twin.greet", every("1h", None, "UTC")), self._greet)]

    def _greet(self, _: Run) -> None:
        name = self.context.settings.name
        self.context.alert(Alert(f"Hello from {name}", "All is well.", Severity.INFO))


def test_a_new_duty_needs_a_file_and_an_entry_and_may_alert_without_a_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duties, "_duties", lambda *_: iter([Greeting()]))
    alerts: list[Alert] = []
    one = context(Log("a", io.StringIO()), alert=alerts.append)
    made = Duties(one.settings, one.clock)
    made.start(one)
    assert made.quiet == {"twin.greet"}
    run(made.jobs[0])
    assert alerts == [Alert("Hello from a", "All is well.", Severity.INFO)]


def test_an_unused_platform_is_not_imported() -> None:
    code = (
        "import sys; from twin.clock import Clock; from twin.duties import Duties;"
        "from twin.settings.settings import read_settings;"
        f"Duties(read_settings({ENVIRON}), Clock());"
        "print([name for name in sys.modules if name.endswith(('.heroku', '.docker', '.probe'))])"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert ended.stdout == b"[]\n"


def test_a_twin_without_scripts_and_commands_imports_no_worker() -> None:
    code = (
        "import sys; import twin.assemble;"
        "print([name for name in sys.modules if name.endswith(('.attendant', '.life', '.child'))])"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert ended.stdout == b"[]\n"
