"""Reading TOML strictly: every entry is named, typed and used, or the file is refused."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import TypeGuard

from compliance.rules.errors import Place, RuleSetError, show


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
    try:
        return Fields(tomllib.loads(read_text(folder, name)), Place(name))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleSetError(Place(name), f"this is not valid TOML: {error}.") from None


class Fields:
    """One table of a TOML file. Each reader takes an entry out; ``finish`` refuses what is left."""

    def __init__(self, entries: dict[str, object], place: Place) -> None:
        self.entries = entries
        self.place = place
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

    def whole(self, name: str) -> int:
        """Take a whole number above zero."""
        value = self._left.pop(name, None)
        if not _is_whole(value):
            raise RuleSetError(self.place, f"{show(name)} must be a whole number above zero, without quotes.")
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
        return [
            Fields(item, self.place.at(f"{name} {show(item['key']) if 'key' in item else number}"))
            for number, item in enumerate(value, start=1)
        ]

    def all_texts(self) -> dict[str, str]:
        """Take everything that is left as texts by name."""
        return {name: self.text(name) for name in tuple(self._left)}

    def finish(self) -> None:
        """Refuse entries that nobody asked for: they are usually misspelt."""
        if self._left:
            raise RuleSetError(self.place, f"{show(next(iter(self._left)))} is no entry known here; is it misspelt?")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
