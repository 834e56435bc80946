"""URLs that settings and twins name: checked on the way in, so that inside they are trusted."""

import re

_URL = re.compile(
    r"(https?://(?:[\w-]{1,63}(?:\.[\w-]{1,63})*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?)(/[!-~]*)?",
    re.ASCII | re.IGNORECASE,
)


def page_url(text: str) -> str:
    """The URL of one page. Raises ValueError, whose text repeats nothing that could be secret."""
    if "@" in text:
        raise ValueError("it holds credentials: leave them to settings of their own")
    match = _URL.fullmatch(text)
    if match is None or not 0 < int(match[2] or 80) <= 65535:
        shown = re.split("[?#]", text)[0]
        raise ValueError(f"{shown!r} is no URL: write it like https://my-app.example.com")
    return match[1].lower() + (match[3] or "")


def base_url(text: str) -> str:
    """The URL that paths are put behind, without the last slash. Raises ValueError, as above."""
    url = page_url(text)
    if "?" in url or "#" in url:
        raise ValueError("leave out what follows the ? or #")
    return url.rstrip("/")
