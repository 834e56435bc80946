"""Why a connection failed, as the system says it."""

import os
import socket
import ssl
from collections.abc import Iterator


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, from the last to the first."""
    below: BaseException | None = error
    while below is not None:
        yield below
        below = below.__cause__ or below.__context__


def cause(error: BaseException) -> str:
    """What the system said of the first; libraries only add that something failed."""
    text = str(error)
    for each in causes(error):
        if isinstance(each, ssl.SSLError | socket.gaierror):  # with numbers of their own
            text = each.strerror or text
        elif isinstance(each, OSError) and each.errno:  # asyncio's text names the call, not why
            text = os.strerror(each.errno)
    return text or type(error).__name__
