"""Places: countries, parts of them, and groups of countries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import read_toml

FILE: Final = "places.toml"


@dataclass(frozen=True, slots=True)
class Places:
    """Other names of places, the groups that a place belongs to, and what people call a place."""

    other_names: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]

    def name(self, place: str) -> str:
        """Return what people call a place; its code where no name is given."""
        return self.names.get(place, place)

    def known_as(self, place: str) -> str:
        """Write a place as the tests do: ``uk-sct`` becomes ``GB-SCT``."""
        country, dash, part = place.strip().upper().partition("-")
        return f"{self.other_names.get(country, country)}{dash}{part}"

    def around(self, place: str) -> tuple[str, ...]:
        """List the place, what it is a part of, and the groups of its country: ``US-NY-NYC``, ``US-NY``, ``US``."""
        parts = place.split("-")
        larger = tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return (*larger, *(group for group, members in self.groups.items() if parts[0] in members))


def read_places(folder: Path) -> Places:
    """Read the file of places in *folder*. Raises ``RuleSetError``."""
    fields = read_toml(folder, FILE)
    names, groups = fields.table("other_names").all_texts(), fields.table("groups")
    called = fields.table("names").all_texts()
    found = {key: groups.texts(key) for key in groups.names()}
    fields.finish()
    for key, members in found.items():
        if not members:
            raise RuleSetError(groups.place, f"the group {show(key)} has no member.")
    return Places(names, found, called)
