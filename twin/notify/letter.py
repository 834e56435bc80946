"""One message to people: one piece of news, or several that came within a minute."""

from dataclasses import dataclass

from twin.core.alert import Kind, News, told_by

LISTED = 10
"""A message that tells more than this is hardly read: it lists the gravest, and counts the rest."""

_PERHAPS = "You may have had this before: the service did not say whether it took it."
_GRAVITY = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Letter:
    """`news` and `again` together hold one or more, each the oldest first."""

    news: tuple[News, ...]
    again: tuple[News, ...] = ()
    """What was sent before, and has perhaps not arrived."""

    @property
    def kind(self) -> Kind:
        """Of the gravest."""
        return self._gravest[0].kind

    @property
    def title(self) -> str:
        first, *others = self._gravest
        return f"{first.title}, and {len(others)} more" if others else first.title

    @property
    def body(self) -> str:
        """Plain text, a few lines for one piece of news, a line each for several."""
        chosen = self._gravest
        if len(chosen) == 1:
            return "\n".join([chosen[0].body, *([_PERHAPS] if self.again else [])])
        listed = sorted(chosen[:LISTED], key=lambda news: news.at)
        lines = [f"- {self._marked(news)}" for news in listed]
        rest = len(chosen) - len(listed)
        newest = max(chosen, key=lambda news: news.at)
        return "\n".join(
            [
                f"{len(chosen)} alerts:",
                *lines,
                *([f"- and {rest} more, which the log and the page have."] if rest else []),
                told_by(newest.twin, newest.at),
            ]
        )

    @property
    def _gravest(self) -> list[News]:
        """The gravest first; of those that are alike, the newest."""
        newest_first = sorted(self.again + self.news, key=lambda news: news.at, reverse=True)
        return sorted(newest_first, key=lambda news: _GRAVITY[news.kind])

    def _marked(self, news: News) -> str:
        return f"{news.line} {_PERHAPS}" if news in self.again else news.line
