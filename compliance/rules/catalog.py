"""Finding the rule sets that a package ships."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from compliance.rules.errors import Place, RuleSetError, UnknownRuleSetError, named, show
from compliance.rules.loading import FILE, load
from compliance.rules.rule_set import RuleSet


def folders(packages: tuple[str, ...]) -> dict[str, Path]:
    """Return the folder of each rule set under ``rules`` in *packages*, by its key."""
    found: dict[str, Path] = {}
    for package in packages:
        root = Path(str(resources.files(package))) / "rules"
        found |= {path.parent.name: path.parent for path in sorted(root.glob(f"*/{FILE}"))}
    return found


def get(key: str, packages: tuple[str, ...]) -> RuleSet:
    """Load the rule set called *key*; raises ``UnknownRuleSetError`` and ``RuleSetError``."""
    known = folders(packages)
    if key not in known:
        raise UnknownRuleSetError(key, sorted(known))
    with named(key):
        found = load(known[key])
    if found.key != key:
        raise RuleSetError(Place(FILE), f"the key is {show(found.key)}, but the folder is called {show(key)}.")
    return found
