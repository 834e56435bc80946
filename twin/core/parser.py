"""Reads the settings of one source and collects their problems."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from twin.core.durations import format_duration, parse_duration

T = TypeVar("T")


class Parser:
    """Settings as texts, by key. Adds a sentence for each problem to `problems`.

    `names` maps keys to the names that users know, where these differ; `place` says where the texts
    come from.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        problems: list[str],
        names: Mapping[str, str] | None = None,
        place: str = "",
    ) -> None:
        self._texts = texts
        self._problems = problems
        self._names = names or {}
        self.place = place

    def name(self, key: str) -> str:
        return self._names.get(key, key)

    def problem(self, sentence: str) -> None:
        self._problems.append(f"{self.place}: {sentence}" if self.place else sentence)

    def text(self, key: str) -> str:
        return self._texts.get(key, "").strip()

    def parsed(self, key: str, parse: Callable[[str], T], default: T) -> T:
        """The setting as `parse` reads it; its ValueError becomes a problem."""
        text = self.text(key)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            name, sentence = self.name(key), str(error)
            self.problem(sentence if sentence.startswith(name) else f"{name}: {sentence}")
            return default

    def duration(
        self, key: str, default: str, at_least_s: int = 1, at_most_s: int = 366 * 86_400
    ) -> int:
        seconds = self.parsed(key, parse_duration, parse_duration(default))
        name, text = self.name(key), self.text(key)
        if seconds < at_least_s:
            self.problem(f"{name} is {text}: use {format_duration(at_least_s)} or more")
        if seconds > at_most_s:
            self.problem(f"{name} is {text}: use {format_duration(at_most_s)} or less")
        return seconds

    def number(self, key: str, default: int, least: int, most: int) -> int:
        text = self.text(key)
        if not text:
            return default
        if re.fullmatch("[0-9]{1,9}", text) and least <= int(text) <= most:
            return int(text)
        name = self.name(key)
        self.problem(f"{name} is {text!r}: use a whole number from {least} to {most}")
        return default

    def choice(self, key: str, default: str, other: str) -> bool:
        """Whether the setting is `default` rather than `other`; it is if it is not set."""
        text = self.text(key).lower()
        if text not in ("", default, other):
            self.problem(f"{self.name(key)} is {text!r}: use {default} or {other}")
        return text != other
