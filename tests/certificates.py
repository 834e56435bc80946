"""A private certificate authority, as in a company or at home, and a certificate of it."""

import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Authority:
    file: Path
    """The file for SSL_CERT_FILE of clients."""
    server: ssl.SSLContext
    """The context of a server at 127.0.0.1 and localhost."""


FULL = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")


def authority(directory: Path, *extensions: str) -> Authority:
    ca, server = directory / "ca.pem", directory / "server.pem"
    _issue(ca, "Private CA", extensions or FULL)
    names = ("basicConstraints=CA:FALSE", "subjectAltName=IP:127.0.0.1,DNS:localhost")
    _issue(server, "localhost", names, "-CA", str(ca), "-CAkey", f"{ca}.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server, str(server) + ".key")
    return Authority(ca, context)


def _issue(to: Path, name: str, extensions: Sequence[str], *by: str) -> None:
    settings = to.with_suffix(".cnf")  # instead of the machine's, which varies
    lines = ["[req]", "distinguished_name=dn", "x509_extensions=ext", "[dn]", "[ext]", *extensions]
    settings.write_text("\n".join(lines))
    made = ("-keyout", f"{to}.key", "-out", str(to), "-subj", f"/CN={name}", "-days", "2")
    asked = ["openssl", "req", "-x509", "-config", str(settings), *_KEY, *made, *by]
    subprocess.run(asked, check=True, capture_output=True)
