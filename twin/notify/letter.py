"""One message to people: one alert, or several that came within a minute."""

from dataclasses import dataclass

from twin.core.alert import Alert, Severity

LISTED = 10
"""A longer message is hardly read: it lists the gravest alerts, and counts the rest."""

_PERHAPS = "You may have had this before: the service did not say whether it took it."
_GRAVITY = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Letter:
    """One alert or more, the oldest first."""

    alerts: tuple[Alert, ...]
    again: tuple[Alert, ...] = ()
    """Older ones that were sent before, and perhaps did not arrive."""

    @property
    def severity(self) -> Severity:
        return self._gravest[0].severity

    @property
    def title(self) -> str:
        first, *others = self._gravest
        return f"{first.title}, and {len(others)} more" if others else first.title

    @property
    def body(self) -> str:
        """Plain text: a few lines for one alert, else a line each."""
        gravest = self._gravest
        if len(gravest) == 1:
            return gravest[0].body + (f"\n{_PERHAPS}" if self.again else "")
        lines = [f"{len(gravest)} alerts:"]
        lines += [
            f"- {alert.line} {_PERHAPS}" if alert in self.again else f"- {alert.line}"
            for alert in self.again + self.alerts
            if alert in gravest[:LISTED]
        ]
        if len(gravest) > LISTED:
            lines.append(f"- and {len(gravest) - LISTED} more, which the log and the page have.")
        return "\n".join(lines)

    @property
    def _gravest(self) -> list[Alert]:
        """The gravest first; of equally grave ones, the newest."""
        newest_first = reversed(self.again + self.alerts)
        return sorted(newest_first, key=lambda alert: _GRAVITY[alert.severity])
