"""Reads single fields of a plan out of plain values: texts, numbers, durations, globs, names, lists of them.

Every reader notes its faults and hands back something of the right type, so that reading goes on and all faults are
found at once. Never: a look at two fields together; that is `plan_reader.py`.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Self

from state.plan_fault import Path, Raw, Spot

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DURATION = re.compile(r"(?:([0-9]{1,4})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8}(?:\.[0-9]{1,9})?)s)?")
_UNITS = (86_400, 3_600, 60, 1)
MOST_MONEY = 1e12
LONGEST_SECONDS = 366 * 86_400.0
_PATTERN = re.compile(r"[A-Za-z0-9_.*-]+(?:\(.+\))?", re.DOTALL)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NO_REF = re.compile(r"[\0-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$|^[-/.]|^@$|\.lock$")
_SPACE = re.compile(r"[\0-\x20\x7f]")

_COMPARISONS = 100_000
"""How many names may be compared with each other for "did you mean" in one text; a large broken plan is not to hang."""


@dataclass(slots=True)
class Reading:
    """The faults found so far, each with its spot."""

    faults: list[tuple[Spot, str]] = field(default_factory=list)
    comparisons: int = _COMPARISONS

    def fault(self, path: Path, message: str, key: bool = False) -> None:
        self.faults.append((Spot(path, key), message))

    def did_you_mean(self, word: str, known: Collection[str]) -> str:
        """`; did you mean x?` when something known is near, else what is known when that is short."""
        self.comparisons -= len(known)
        near = get_close_matches(word, known, n=1, cutoff=0.6) if self.comparisons >= 0 and len(word) < 200 else []
        if near:
            return f"; did you mean {near[0]!r}?"
        return f"; there is {', '.join(sorted(known))}" if 0 < len(known) <= 30 else ""


def described(raw: Raw) -> str:
    """A value as a message names it; never its whole, which may be large."""
    if raw is None:
        return "nothing"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, list):
        return "a list"
    if isinstance(raw, dict):
        return "a mapping"
    return f"{raw!r:.40}"


def text_fault(raw: Raw) -> str | None:
    """Why this is no text, or None when it is one."""
    if isinstance(raw, bool | int | float):
        return f"must be text, not {described(raw)}: put it in quotes"
    if not isinstance(raw, str):
        return f"must be text, not {described(raw)}"
    if _NO_TEXT.search(raw):
        return "holds a character that no file can hold (NUL, or half of one): take it out"
    return None


def name_fault(raw: str) -> str | None:
    """Why this can not be a task's id or a role's name, which become part of a branch's name."""
    if not NAME.fullmatch(raw):
        return "must be 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
    if ".." in raw or raw.endswith((".", ".lock")):
        return "must not hold '..' or end in '.' or '.lock', since it becomes part of a branch's name"
    return None


def file_fault(raw: str) -> str | None:
    """Why this can not be a file of the repository."""
    parts = raw.split("/")
    if not raw or raw.startswith("~") or not {"", ".", ".."}.isdisjoint(parts):
        return "must be a path inside the repository, without . or .. in it"
    return "must not be in .git" if parts[0].lower() == ".git" else None


def branch_fault(raw: str) -> str | None:
    return "is no name that git takes for a branch" if not raw or _NO_REF.search(raw) else None


def ref_fault(raw: str) -> str | None:
    if not raw or raw.startswith("-") or _SPACE.search(raw):
        return "must be the name of a branch, a tag or a commit"
    return None


def pattern_fault(raw: str) -> str | None:
    """Why this can not name a use of a tool: `NAME` or `NAME(WHAT)`, where `*` stands for anything."""
    return None if _PATTERN.fullmatch(raw) else "must be a tool's name, or NAME(WHAT) such as run(git push*)"


def variable_fault(raw: str) -> str | None:
    return None if VARIABLE.fullmatch(raw) else "can not name an environment variable"


def line_fault(raw: str) -> str | None:
    """Why this can not be a name that is shown in one line."""
    return empty_fault(raw) if raw.isprintable() else "must be one line of text"


def empty_fault(raw: str) -> str | None:
    return None if raw.strip() else "is empty: write something, or take the key out"


def seconds_of(raw: Raw) -> float | None:
    """A duration in seconds from `30m`, `1h30m`, `2.5s` or a number; None when it is none, or not above 0."""
    if isinstance(raw, str):
        match = DURATION.fullmatch(raw)
        if match is None:
            return None
        raw = sum(float(count) * unit for count, unit in zip(match.groups(), _UNITS, strict=True) if count)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return float(raw) if 0 < raw <= LONGEST_SECONDS and math.isfinite(raw) else None


class AnyKey(frozenset[str]):
    """The known keys of a mapping whose keys are the writer's own."""

    def __contains__(self, key: object) -> bool:
        return True


@dataclass(slots=True)
class Table:
    """A mapping being read. `name` is how messages call it."""

    reading: Reading
    path: Path
    raw: dict[str, Raw]

    @classmethod
    def of(cls, reading: Reading, path: Path, raw: Raw, what: str, known: Collection[str]) -> Self:
        """The mapping at `path`; an empty one when it is none.

        Keys that are not `known` are refused.
        """
        if not isinstance(raw, dict):
            reading.fault(path, f"{what} must be a mapping of keys to values, not {described(raw)}")
            return cls(reading, path, {})
        for key in raw:
            if key not in known:
                near = reading.did_you_mean(key, known)
                reading.fault((*path, key), f"{key!r} is no key of {what}{near}", key=True)
        return cls(reading, path, raw)

    def fault(self, key: str, message: str) -> None:
        self.reading.fault((*self.path, key), f"`{key}` {message}")

    def text(self, key: str, check: Callable[[str], str | None] | None = None) -> str | None:
        """A text that `check` finds no fault with; None when it is left out or faulty."""
        if key not in self.raw:
            return None
        raw = self.raw[key]
        fault = text_fault(raw)
        if fault is None and isinstance(raw, str):
            fault = check(raw) if check else None
            if fault is None:
                return raw
        self.fault(key, f"{fault}")
        return None

    def flag(self, key: str, default: bool = False) -> bool:
        raw = self.raw.get(key, default)
        if isinstance(raw, bool):
            return raw
        self.fault(key, f"must be true or false, not {described(raw)}")
        return default

    def whole(self, key: str, least: int, most: int) -> int | None:
        if key not in self.raw:
            return None
        raw = self.raw[key]
        if isinstance(raw, int) and not isinstance(raw, bool) and least <= raw <= most:
            return raw
        self.fault(key, f"must be a whole number from {least} to {most}, not {described(raw)}")
        return None

    def amount(self, key: str) -> float | None:
        """A number above 0, of money."""
        if key not in self.raw:
            return None
        raw = self.raw[key]
        if isinstance(raw, int | float) and not isinstance(raw, bool) and 0 < raw < MOST_MONEY:
            return float(raw)
        self.fault(key, f"must be an amount above 0, not {described(raw)}")
        return None

    def choice(self, key: str, known: Collection[str]) -> str | None:
        found = self.text(key)
        if found is None or found in known:
            return found
        self.fault(key, f"is one of {', '.join(known)}, not {described(found)}")
        return None

    def seconds(self, key: str) -> float | None:
        if key not in self.raw:
            return None
        found = seconds_of(self.raw[key])
        if found is None:
            wanted = "must be a duration above 0 such as 90s, 30m or 1h30m, or a number of seconds"
            self.fault(key, f"{wanted}, not {described(self.raw[key])}")
        return found

    def texts(self, key: str, check: Callable[[str], str | None]) -> tuple[str, ...]:
        """A list of texts; a single text stands for a list of one."""
        raw = self.raw.get(key, [])
        if isinstance(raw, str):
            text = self.text(key, check)
            return () if text is None else (text,)
        if not isinstance(raw, list):
            self.fault(key, f"must be a text or a list of texts, not {described(raw)}")
            return ()
        return tuple(self._good(key, raw, check))

    def _good(self, key: str, raw: list[Raw], check: Callable[[str], str | None]) -> Iterable[str]:
        for at, item in enumerate(raw):
            fault = text_fault(item)
            if fault is None and isinstance(item, str):
                fault = check(item)
                if fault is None:
                    yield item
                    continue
            shown = "an item of" if text_fault(item) else f"{described(item)} in"
            self.reading.fault((*self.path, key, at), f"{shown} `{key}` {fault}")

    def variables(self, key: str) -> tuple[tuple[str, str], ...]:
        """A mapping of names of variables to texts or whole numbers, as pairs."""
        raw = self.raw.get(key, {})
        if not isinstance(raw, dict):
            self.fault(key, f"must be a mapping of names to values, not {described(raw)}")
            return ()
        pairs: list[tuple[str, str]] = []
        for name, said in raw.items():
            path: Path = (*self.path, key, name)
            value = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
            fault = text_fault(value)
            if not VARIABLE.fullmatch(name):
                self.reading.fault(path, f"{name!r} can not name an environment variable", key=True)
            elif fault is None and isinstance(value, str):
                pairs.append((name, value))
            else:
                self.reading.fault(path, f"the value of {name} {fault}")
        return tuple(pairs)

    def items(self, key: str) -> list[Raw]:
        raw = self.raw.get(key, [])
        if isinstance(raw, list):
            return raw
        self.fault(key, f"must be a list, not {described(raw)}: begin each item with '- '")
        return []
