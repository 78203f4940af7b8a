"""Reading TOML strictly: every entry is named, typed and used, or the file is refused."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeGuard

from compliance.rules.errors import Place, RuleSetError, show

_EXACT: Final = 1e-6
_HEADER: Final = re.compile(r"\[\[\s*([A-Za-z_]+)\s*\]\]")


def read_text(folder: Path, name: str) -> str:
    """Read one file of a rule set. Raises ``RuleSetError`` if it is absent, no file, or not UTF-8."""
    try:
        return (folder / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RuleSetError(Place(name), "the file is not UTF-8 text; save it as UTF-8.") from None
    except OSError:
        raise RuleSetError(Place(name), f"the file cannot be read; the folder {show(folder.name)} needs it.") from None


def read_toml(folder: Path, name: str) -> Fields:
    """Read one TOML file of a rule set. Raises ``RuleSetError`` with the parser's line and column."""
    text = read_text(folder, name)
    try:
        return Fields(tomllib.loads(text), Place(name), _headers(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleSetError(Place(name), f"this is not valid TOML: {error}.") from None


def _headers(text: str) -> dict[str, list[int]]:
    """Find the line of each entry of each list; a line inside a long text is none of them, or the parser fails."""
    found: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            found.setdefault(header[1], []).append(number)
    return found


class Fields:
    """One table of a TOML file. Each reader takes an entry out; ``finish`` refuses what is left."""

    def __init__(
        self, entries: dict[str, object], place: Place, headers: Mapping[str, list[int]] | None = None
    ) -> None:
        self.entries = entries
        self.place = place
        self._headers = headers or {}
        self._left = dict(entries)

    def text(self, name: str, default: str | None = None) -> str:
        """Take a text; without a default it must be there and not be empty."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise RuleSetError(self.place, f"{show(name)} must be given as a text.")
        return " ".join(value.split())

    def optional(self, name: str) -> str | None:
        """Take a text that may be missing."""
        return self.text(name) if name in self._left else None

    def flag(self, name: str, *, default: bool) -> bool:
        """Take ``true`` or ``false``."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise RuleSetError(self.place, f"{show(name)} must be true or false, without quotes.")
        return value

    def whole(self, name: str, low: int = 1, high: int | None = None) -> int:
        """Take a whole number within bounds, above zero unless they are named."""
        value = self._left.pop(name, None)
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
            bounds = "above zero" if high is None else f"from {low} to {high}"
            raise RuleSetError(self.place, f"{show(name)} must be a whole number {bounds}, without quotes.")
        return value

    def wholes(self, name: str) -> tuple[int, ...]:
        """Take a list of whole numbers above zero."""
        value = self._left.pop(name, None)
        if not isinstance(value, list):
            raise RuleSetError(self.place, f"{show(name)} must be a list of whole numbers above zero.")
        found = tuple(item for item in value if _is_whole(item))
        if len(found) != len(value):
            raise RuleSetError(self.place, f"{show(name)} must be a list of whole numbers above zero.")
        return found

    def day(self, name: str) -> dt.date | None:
        """Take a calendar date that may be missing."""
        value = self._left.pop(name, None)
        if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
            return value
        raise RuleSetError(self.place, f"{show(name)} must be a date like 2024-04-06, without quotes.")

    def texts(self, name: str) -> tuple[str, ...]:
        """Take one text or a list of texts; missing is an empty list."""
        value = self._left.pop(name, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list):
            raise RuleSetError(self.place, f"{show(name)} must be a text or a list of texts.")
        found = tuple(item for item in listed if isinstance(item, str) and item.strip())
        if len(found) != len(listed):
            raise RuleSetError(self.place, f"{show(name)} must be a text or a list of texts, none of them empty.")
        return found

    def value(self, name: str) -> str | bool:
        """Take an answer: a text, ``true`` or ``false``."""
        value = self._left.pop(name, None)
        if not isinstance(value, str | bool):
            raise RuleSetError(self.place, f"{show(name)} must be given as a text, true or false.")
        return value

    def table(self, name: str) -> Fields:
        """Take a nested table; missing is an empty one."""
        value = self._left.pop(name, {})
        if not isinstance(value, dict):
            raise RuleSetError(self.place, f"{show(name)} must be a table.")
        return Fields(value, self.place.at(name))

    def tables(self, name: str) -> list[Fields]:
        """Take a list of tables; each is placed by its key where it has one, and counted where not."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise RuleSetError(self.place, f"{show(name)} must be a list of tables.")
        lines = self._headers.get(name, [])
        return [
            Fields(item, self._place_of(name, item, number, lines if len(lines) == len(value) else []))
            for number, item in enumerate(value, start=1)
        ]

    def _place_of(self, name: str, item: Mapping[str, object], number: int, lines: list[int]) -> Place:
        place = self.place.at(f"{name} {show(item['key']) if 'key' in item else number}")
        return Place(place.file, lines[number - 1], place.part) if lines else place

    def thousandths(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Take a number of at most three decimals as thousandths, so that nothing is rounded when it is compared."""
        value = self._left.pop(name, None if default is None else default / 1000)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RuleSetError(self.place, f"{show(name)} must be a number, without quotes.")
        scaled = value * 1000
        if not low <= scaled <= high or abs(scaled - round(scaled)) > _EXACT:
            bounds = f"from {low / 1000:g} to {high / 1000:g}"
            raise RuleSetError(self.place, f"{show(name)} must be {bounds}, with at most three decimals.")
        return round(scaled)

    def names(self) -> tuple[str, ...]:
        """List what is left to be taken."""
        return tuple(self._left)

    def all_texts(self) -> dict[str, str]:
        """Take everything that is left as texts by name."""
        return {name: self.text(name) for name in tuple(self._left)}

    def finish(self) -> None:
        """Refuse entries that nobody asked for: they are usually misspelt."""
        if self._left:
            raise RuleSetError(self.place, f"{show(next(iter(self._left)))} is no entry known here; is it misspelt?")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
