"""Checks servers by the usual certificates and by those of SSL_CERT_FILE.

The file adds to the usual ones: a pair with private certificates still reaches a public API, a
public dead man's switch and a public chat.
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
    """Made once: it takes long, and most of a megabyte."""
    context = httpx.create_ssl_context(trust_env=False)
    file = _private()
    if file:
        context.load_verify_locations(file)
        # Many private CAs, made by hand, lack what Python 3.13 demands.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@contextlib.contextmanager
def bundle() -> Iterator[str | None]:
    """The path of a file with the same certificates, for a library that takes no context.

    None for the usual ones.
    """
    if not _private():
        yield None
        return
    with roots() as file:
        yield file


@contextlib.contextmanager
def roots() -> Iterator[str]:
    """As `bundle`, for a library that has no usual ones."""
    usual = httpx.create_ssl_context(trust_env=False).get_ca_certs(binary_form=True)
    with NamedTemporaryFile(suffix=".pem") as both:
        both.write("".join(map(ssl.DER_cert_to_PEM_cert, usual)).encode())
        if file := _private():
            both.write(Path(file).read_bytes())
        both.flush()
        yield both.name


def _private() -> str:
    """OpenSSL uses it, too, and with it everything else in this process."""
    return os.environ.get("SSL_CERT_FILE", "").strip()
