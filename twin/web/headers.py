"""What every answer tells a browser, so that it does no more with it than it should."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLAIN = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"same-origin"),
    # A proxy that compresses or rewrites an answer makes it unreadable for the peer.
    (b"cache-control", b"no-store, no-transform"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Adds what `app` has not set itself: the status page sets a policy of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = (*_PLAIN, _HSTS) if _came_by_https(scope) else _PLAIN

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                added = (each for each in headers if each[0] not in present)
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _came_by_https(scope: Scope) -> bool:
    """By the word of the router in between, which is where https ends."""
    told = (value for name, value in scope["headers"] if name == b"x-forwarded-proto")
    return next(told, b"").split(b",")[0].strip() == b"https"
