"""The certificates that servers are checked by."""

import functools
import ssl

import httpx


@functools.cache
def tls() -> ssl.SSLContext:
    """Made once: it takes longer than many an answer, and most of a megabyte."""
    return httpx.create_ssl_context(trust_env=False)
