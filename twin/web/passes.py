"""A cookie for those who presented right credentials in this boot: they wait in no line.

It opens nothing by itself. The twins carry it, too: their HTTP client keeps cookies.
"""

import hashlib
import hmac
import secrets

from starlette.datastructures import Headers


class Passes:
    def __init__(self, twin: str) -> None:
        # Cookies do not tell two ports of one host apart, so each twin has a name of its own.
        name = hashlib.sha256(twin.encode()).hexdigest()[:8]
        self._cookie = f"twin-{name}={secrets.token_urlsafe(24)}"

    @property
    def header(self) -> tuple[bytes, bytes]:
        """What gives it."""
        return b"set-cookie", f"{self._cookie}; Path=/; HttpOnly; SameSite=Strict".encode()

    def is_shown(self, headers: Headers) -> bool:
        cookies = headers.get("cookie", "").split(";")
        expected = self._cookie.encode()
        return any(hmac.compare_digest(each.strip().encode(), expected) for each in cookies)
