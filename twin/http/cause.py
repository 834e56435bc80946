"""Why a connection failed, as the system says it."""

import os
import socket
import ssl


def cause(error: BaseException) -> str:
    """What the system said at the bottom; the layers above only say that something failed."""
    text = str(error)
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLError | socket.gaierror):  # with numbers of their own
            text = below.strerror or text
        elif isinstance(below, OSError) and below.errno:  # asyncio's text names the call, not why
            text = os.strerror(below.errno)
        below = below.__cause__ or below.__context__
    return text or type(error).__name__
