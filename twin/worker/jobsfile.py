"""Reads jobs files: scripts for the `schedule` library as they are, and Twin's own words.

Loading runs the file, as any import does. It may be done again: what was registered before is
forgotten, and the file is read anew.
"""

import importlib
import importlib.util
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import schedule as library

import twin
from twin.core.pair.bounds import JOBS, short_name
from twin.core.schedule.job import Job, Run
from twin.log import Log, hush_requests
from twin.worker import declared as words
from twin.worker import schedulelib
from twin.worker.job_names import Found, from_library, from_words, named, renamed

_TWIN = Path(twin.__file__).parent


class JobsError(Exception):
    """The jobs files cannot be used as they are. `problems` are sentences, one for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job and its function. What `call` returns is what the function returned."""

    job: Job
    call: Callable[[Run], object]

    @staticmethod
    def ends(returned: object) -> bool:
        """Whether what a job returned asks to run it no more (`schedule.CancelJob`)."""
        return returned is library.CancelJob or isinstance(returned, library.CancelJob)


def load(names: Sequence[str], timezone: str, log: Log) -> list[Scheduled]:
    """The jobs of all the modules (`"jobs"`, `"pkg.mod"`) and files (`"jobs.py"`), in order.

    `timezone` is that of local times without one. Raises `JobsError` with the problems of all.
    """
    schedulelib.tame(_Warnings(log))
    hush_requests()
    _forget()
    found: list[Found] = []
    problems: list[str] = []
    for name in names:
        before = len(problems)
        jobs = _load_one(name, timezone, problems)
        if not jobs and len(problems) == before:
            log.warning("jobs.none", file=name, because="it registers no job")
        found += jobs
    found = _with_short_names(named(found, problems), log)
    if len(found) > JOBS:
        problems.append(
            f"there are {len(found)} jobs, and both twins tell each other of every one: "
            f"register {JOBS} at most"
        )
    if problems:
        raise JobsError(problems)
    return [Scheduled(each.job, each.call) for each in found]


def _with_short_names(found: list[Found], log: Log) -> list[Found]:
    """Names are sent with every message: a long one ends in a digest of the whole."""
    short = [renamed(each, short_name(each.job.name)) for each in found]
    long = [each for each, was in zip(short, found, strict=True) if each.job.name != was.job.name]
    if long:
        why = (
            "its name is too long to be sent with every message: give it one, or shorter arguments"
        )
        log.warning("jobs.name_cut", job=long[0].job.name, count=len(long), because=why)
    return short


class _Warnings:
    """Says, once for each place, what Twin does not do for the script."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._said: set[str] = set()

    def own_loop(self, where: str) -> None:
        what = "runs schedule's own loop; Twin runs the jobs itself, so"
        if threading.current_thread() is threading.main_thread():
            self._say(
                where,
                f"{what} nothing below that line is run: remove the loop, "
                'or put it under `if __name__ == "__main__":`',
            )
        else:
            self._say(where, f"{what} that thread was ended: remove it")

    def late_job(self, where: str) -> None:
        self._say(where, "registers a job after loading: that job never runs")

    def _say(self, where: str, what: str) -> None:
        if where not in self._said:
            self._said.add(where)
            self._log.warning("jobs.ignored", because=f"{Path(where).name} {what}")


# ---- one file

# The modules that registered jobs, and their files: the next `load` reads them anew.
_ours: dict[str, str | None] = {}


def _forget() -> None:
    library.clear()
    for name in _ours:
        sys.modules.pop(name, None)
    _ours.clear()
    importlib.invalidate_caches()


def _load_one(name: str, timezone: str, problems: list[str]) -> list[Found]:
    words.registry.clear()
    path = Path(name).resolve() if name.endswith(".py") or "/" in name else None
    try:
        with schedulelib.collecting() as jobs, _threads_that_keep_nobody():
            _execute_file(path) if path else _execute_module(name)
    except schedulelib.OwnLoop:
        pass  # what was registered so far counts; the log has it
    except (Exception, SystemExit) as error:  # noqa: BLE001 - their lines may raise anything
        problems.append(_sentence(name, path.parent if path else Path.cwd(), error))
        return []
    return _collected(path.stem if path else name, jobs, timezone, problems)


@contextmanager
def _threads_that_keep_nobody() -> Iterator[None]:
    """Those that the file starts while it is read: `run` and `check` would else never end."""
    begin = threading.Thread.start

    def start(self: threading.Thread) -> None:
        self.daemon = True
        begin(self)

    threading.Thread.start = start  # type: ignore[method-assign]
    try:
        yield
    finally:
        threading.Thread.start = begin  # type: ignore[method-assign]


def _execute_file(path: Path) -> None:
    if not path.is_file():
        raise _MissingError(f'there is no file "{path}"')
    _importable(path.parent)
    # A file named as a module that is there already (json.py) must not take its place.
    name = f"jobs_file_{path.stem}" if path.stem in sys.modules else path.stem
    loader = SourceFileLoader(name, str(path))
    spec = ModuleSpec(name, loader, origin=str(path))
    spec.has_location = True
    _execute(spec, loader)


def _execute_module(name: str) -> None:
    _importable(Path.cwd())
    sys.modules.pop(name, None)
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        # The package that it should be in. What that package itself fails to import is its matter.
        if not name.startswith(f"{error.name}."):
            raise
        spec = None
    if spec is None or spec.loader is None:  # without a loader it is a mere folder
        raise _MissingError(f'there is no module "{name}" in {Path.cwd()} or among the packages')
    _execute(spec, spec.loader)


def _execute(spec: ModuleSpec, loader: Loader) -> None:
    if spec.origin in _ours.values():
        raise ValueError(f'"{spec.origin}" is loaded already: name it once, or its jobs run twice')
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    _ours[spec.name] = spec.origin
    loader.exec_module(module)


def _importable(folder: Path) -> None:
    """As when the script is run by hand: what lies beside it can be imported."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


# ---- the jobs in it


def _collected(
    label: str, jobs: Sequence[tuple[library.Job, str]], timezone: str, problems: list[str]
) -> list[Found]:
    """What was registered, as jobs; those that cannot be are problems."""
    makers: list[tuple[str, Callable[[], Found]]] = [
        (where, partial(from_library, label, timezone, job, where))
        for job, where in jobs
        if job.scheduler and job in job.scheduler.jobs
    ]
    makers += [
        (declared.where, partial(from_words, label, timezone, declared))
        for declared in words.registry
    ]
    found = []
    for where, make in makers:
        _read_anew(where)
        try:
            found.append(make())
        except ValueError as error:
            problems.append(f"{Path(where).name}: {error}")
    return found


def _read_anew(where: str) -> None:
    """Have the next `load` read the file of a registration anew, also if another imported it."""
    file = where.rpartition(":")[0]
    _ours.update(
        (name, file)
        for name, module in sys.modules.copy().items()
        if getattr(module, "__file__", None) == file and name != "__main__"
    )


# ---- what is wrong with it


class _MissingError(Exception):
    """There is no such file or module."""


def _sentence(name: str, folder: Path, error: BaseException) -> str:
    """The problem, its file and line, and the remedy."""
    place = _place(name, folder, error)
    match error:
        case _MissingError():
            return f"{error}: set JOBS to the jobs file, or to nothing if there is none"
        case SyntaxError():
            return f"{place}: {error.msg}: correct the line"
        case SystemExit():
            return (
                f"{place} ends the process: remove that, "
                'or put it under `if __name__ == "__main__":`'
            )
        case ModuleNotFoundError():
            return (
                f"{place}: {error.msg}: add what provides it to requirements.in, then `make lock`"
            )
        case ValueError() | library.ScheduleError():
            return f"{place}: {str(error) or type(error).__name__}"
    return f"{place}: {type(error).__name__}: {error}: the file must import without an error"


def _place(name: str, folder: Path, error: BaseException) -> str:
    """The deepest line of the user's own, as `jobs.py:12`."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_of_the_user(Path(frame.filename), folder)
    ]
    return lines[-1] if lines else name


def _is_of_the_user(file: Path, folder: Path) -> bool:
    """Beside the jobs file or below; but neither Twin's, nor of a package installed there."""
    inside = file.is_relative_to(folder) and "site-packages" not in file.parts
    return inside and not file.is_relative_to(_TWIN)
