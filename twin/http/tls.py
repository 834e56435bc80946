"""The certificates that servers are checked by: the usual ones, and those of SSL_CERT_FILE.

The file adds to the usual ones and does not replace them, so that a pair with private certificates
still reaches a public API, a public dead man's switch and a public chat.
"""

import contextlib
import functools
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpx


@functools.cache
def tls() -> ssl.SSLContext:
    """Made once: it takes longer than many an answer, and most of a megabyte."""
    context = httpx.create_ssl_context(trust_env=False)
    file = _private()
    if file:
        context.load_verify_locations(file)
        # Python 3.13 demands of a CA what many a private one, made by hand, has not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@contextlib.contextmanager
def bundle() -> Iterator[str | None]:
    """The path of a file with the same certificates, while it is needed; None for the usual ones.

    For a library that takes no context.
    """
    file = _private()
    if not file:
        yield None
        return
    usual = httpx.create_ssl_context(trust_env=False).get_ca_certs(binary_form=True)
    with NamedTemporaryFile(suffix=".pem") as both:
        both.write("".join(map(ssl.DER_cert_to_PEM_cert, usual)).encode())
        both.write(Path(file).read_bytes())
        both.flush()
        yield both.name


def _private() -> str:
    """What OpenSSL itself goes by, too, and so whatever else runs in this process."""
    return os.environ.get("SSL_CERT_FILE", "").strip()
