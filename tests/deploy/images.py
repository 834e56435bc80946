"""Stand-ins for the images that this repository names, for engines without a registry.

Each is built from programs of this machine, and does the job of its namesake here.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pydantic_core
from engine import Engine

PYTHON = "python:3.13.16-slim-trixie"
HAPROXY = "haproxy:3.2.23-alpine"
DOCKER = "docker:28.5.2-cli"
WHOAMI = "traefik/whoami:v1.11.0"

_NEEDED = ("docker", "docker-compose", "haproxy")
_BUSYBOX = Path("/bin/busybox")
_SHELL = ("sh", "chmod", "id", "ls", "sleep")
_PATH = "PATH=/usr/local/bin:/usr/bin:/bin"
_PLACE = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT = ("test", "idlelib", "tkinter", "ensurepip", "site-packages", "config-3*", "*.opt-?.pyc")
_PIP = """#!/usr/local/bin/python3
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""
# Answers with its host name, as its namesake does.
_WHOAMI = """
import http.server, signal, socket, sys

class Whoami(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"Hostname: {socket.gethostname()}\\n".encode())

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
http.server.ThreadingHTTPServer(("", 80), Whoami).serve_forever()
"""


def why_none() -> str:
    """Why this machine cannot build the images; empty if it can."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)}: apt-get install docker.io docker-compose haproxy"
    if sys.base_prefix == "/usr":
        return "this Python is spread over /usr: take one in its own folder"
    return ""


def load(engine: Engine, folder: Path) -> None:
    """Build all images in the folder, and load them into the engine."""
    python = _rooted(folder / "python")
    _add_python(python)
    _import(engine, python, PYTHON, 'CMD ["python3"]')
    (python / "whoami.py").write_text(_WHOAMI)
    _import(engine, python, WHOAMI, 'CMD ["python3", "/whoami.py"]')
    haproxy = _rooted(folder / "haproxy")
    _add_program(haproxy, "haproxy")
    configured = '"-f", "/usr/local/etc/haproxy/haproxy.cfg"'
    _import(engine, haproxy, HAPROXY, f'CMD ["haproxy", "-W", "-db", {configured}]')
    docker = _rooted(folder / "docker")
    _add_program(docker, "docker")
    _import(engine, docker, DOCKER, 'CMD ["docker"]')


def _import(engine: Engine, root: Path, image: str, command: str) -> None:
    packing = ["tar", "-C", str(root), "--owner=0", "--group=0", "-c", "."]
    changes = ["--change", f"ENV {_PATH}", "--change", command]
    importing = ["docker", "--host", engine.host, "import", *changes, "-", image]
    with subprocess.Popen(packing, stdout=subprocess.PIPE) as packed:
        subprocess.run(importing, stdin=packed.stdout, check=True, capture_output=True)
    assert packed.returncode == 0


def _rooted(root: Path) -> Path:
    """A root with a shell, a superuser, and a folder for temporary files."""
    for each in ("bin", "etc", "tmp", "usr/bin", "usr/lib", "usr/local/bin"):
        (root / each).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    shutil.copy(_BUSYBOX, root / "bin/busybox")
    for name in _SHELL:
        (root / "bin" / name).symlink_to("busybox")
    return root


def _add_python(root: Path) -> None:
    """The Python that runs the tests, with a pip that installs from the folder `/wheels` alone."""
    binaries, library = root / "usr/local/bin", root / "usr/local/lib" / _PLACE
    program = Path(sys.base_prefix, "bin", _PLACE)
    shutil.copy(program, binaries / _PLACE)
    for name in ("python", "python3"):
        (binaries / name).symlink_to(_PLACE)
    stdlib = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(stdlib, library, ignore=shutil.ignore_patterns(*_LEFT_OUT, "_tkinter*"))
    compiled = Path(pydantic_core._pydantic_core.__file__)  # the only compiled one that needs more
    _add_libraries(root, program, compiled, *library.glob("lib-dynload/*.so"))
    shutil.copytree(stdlib / "site-packages/pip", library / "site-packages/pip")
    (binaries / "pip").write_text(_PIP)
    (binaries / "pip").chmod(0o755)
    (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    files = ("requirements.txt", "requirements-strict.txt")
    wheels = ["-m", "pip", "download", "--quiet", "-d", str(root / "wheels")]
    for name in files:
        wheels += ["-r", str(Path(__file__).parents[2] / name)]
    subprocess.run([sys.executable, *wheels], check=True, capture_output=True)


def _add_program(root: Path, name: str) -> None:
    found = shutil.which(name)
    assert found is not None
    shutil.copy(found, root / "usr/bin" / name)
    _add_libraries(root, Path(found))


def _add_libraries(root: Path, *programs: Path) -> None:
    """The libraries that the programs are linked with, where the loader looks for them."""
    for library in sorted(set(_linked(programs))):
        is_loader = library.name.startswith("ld-")
        place = root / (str(library).lstrip("/") if is_loader else f"usr/lib/{library.name}")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)


def _linked(programs: tuple[Path, ...]) -> Iterator[Path]:
    # `ldd` fails for a static program.
    asked = ["ldd", *map(str, programs)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    yield from (Path(each) for each in re.findall(r"(/\S+\.so[.0-9]*)(?=\s\()", said))
