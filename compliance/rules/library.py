"""Every rule set that is shipped, of whatever kind, by key and version, and which of them is in force on a day."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Final

from compliance.rules import catalog
from compliance.rules.checks import loading as check_loading
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.errors import NotInForceError, Place, RuleSetError, UnknownRuleSetError, named, show
from compliance.rules.fields import read_text
from compliance.rules.legal import loading
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import Parts
from compliance.rules.legal.questions import FILE as QUESTIONS
from compliance.rules.legal.questions import Pool, read_pool
from compliance.rules.places import FILE as PLACES
from compliance.rules.places import Places, read_places
from compliance.rules.rule_set import RuleSet

AnySet = RuleSet | LegalTest | ComplianceCheck

_KINDS: Final = f"{loading.KIND} or {check_loading.KIND}"


class Library:
    """The rule sets of some packages. A folder is ``rules/<key>/<version>``; what was loaded once is kept.

    Decision tables, which :mod:`compliance.rules.catalog` finds, have their version in their key and no folder for it.
    """

    def __init__(self, packages: tuple[str, ...], roots: tuple[Path, ...] = ()) -> None:
        self._packages = packages
        self._roots = [*(Path(str(resources.files(package))) / "rules" for package in packages), *roots]
        self.tables = sorted(catalog.folders(packages))
        """The keys of the decision tables."""
        self._folders = _folders(self._roots)
        self._tables: dict[str, RuleSet] = {}
        self._pools: dict[Path, Pool] = {}
        self._places: Places | None = None
        self._kinds: dict[tuple[str, str], str] = {}
        self._parts: dict[tuple[str, str], Parts] = {}
        # What a test is depends on the day only through the versions of those that it redirects to.
        self._loaded: dict[tuple[object, ...], LegalTest | ComplianceCheck] = {}

    @property
    def places(self) -> Places:
        """What is known about places. Raises ``RuleSetError``."""
        if self._places is None:
            root = next((root for root in self._roots if (root / PLACES).is_file()), self._roots[0])
            self._places = read_places(root)
        return self._places

    @property
    def questions(self) -> Pool:
        """The questions that the legal tests share. Raises ``RuleSetError``."""
        return self._pool(next((root for root in self._roots if (root / QUESTIONS).is_file()), self._roots[0]))

    def known(self) -> list[str]:
        """Every key, sorted."""
        return sorted({*self.tables, *self._folders})

    def versions(self, key: str) -> list[str]:
        """The versions of a set, the newest last. Raises ``UnknownRuleSetError``."""
        if key in self.tables:
            return [self.table(key).version]
        return list(self._of(key))

    def find(self, key: str, *, at: dt.date, version: str | None = None) -> AnySet:
        """Load the newest version in force on a day, or the version asked for.

        Raises ``UnknownRuleSetError``, ``NotInForceError`` and ``RuleSetError``.
        """
        if key not in self.tables:
            return self._find(key, at, version, ())
        table = self.table(key)
        if version not in {None, table.version}:
            raise UnknownRuleSetError(f"{key} {version}", [f"{key} {table.version}"])
        if version is None and not table.about.in_force(at):
            raise _not_in_force(key, at, [_span(table.about.effective_from, table.about.effective_to)])
        return table

    def table(self, key: str) -> RuleSet:
        """Load a decision table. Raises ``UnknownRuleSetError`` and ``RuleSetError``."""
        if key not in self._tables:
            self._tables[key] = catalog.get(key, self._packages)
        return self._tables[key]

    def everything(self, key: str | None = None) -> Iterator[AnySet]:
        """Load every version of *key*, or of every rule set. Raises ``UnknownRuleSetError`` and ``RuleSetError``."""
        for one in [key] if key else self.known():
            if one in self.tables:
                yield self.table(one)
            else:
                yield from (self.exactly(one, version) for version in self.versions(one))

    def exactly(self, key: str, version: str) -> LegalTest | ComplianceCheck:
        """Load a version, whenever it was in force, with the newest of those that it redirects to.

        Raises ``UnknownRuleSetError`` and ``RuleSetError``.
        """
        return self._find(key, None, version, ())

    def content_of(self, found: LegalTest | ComplianceCheck) -> dict[str, str]:
        """Return every file that *found* is made of, with those of what it redirects to, by path below ``rules``."""
        others = found.others.values() if isinstance(found, LegalTest) else ()
        folders = [self._folders[one.key][one.version] for one in (found, *others)]
        root = folders[0].parent.parent
        files = [root / QUESTIONS, *(file for folder in folders for file in sorted(folder.glob("*.toml")))]
        return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}

    def legal_tests(self, at: dt.date) -> list[LegalTest]:
        """Every legal test that is in force on a day."""
        return [one for one in self._in_force(at) if isinstance(one, LegalTest)]

    def checks(self, at: dt.date) -> list[ComplianceCheck]:
        """Every compliance check that is in force on a day."""
        return [one for one in self._in_force(at) if isinstance(one, ComplianceCheck)]

    def _in_force(self, at: dt.date) -> Iterator[LegalTest | ComplianceCheck]:
        for key in sorted(self._folders):
            with suppress(NotInForceError):
                yield self._find(key, at, None, ())

    def _of(self, key: str) -> dict[str, Path]:
        if key not in self._folders:
            raise UnknownRuleSetError(key, self.known())
        return self._folders[key]

    def _find(
        self, key: str, at: dt.date | None, version: str | None, before: tuple[str, ...]
    ) -> LegalTest | ComplianceCheck:
        if key in before:
            circle = " to ".join(show(one) for one in (*before[before.index(key) :], key))
            raise RuleSetError(Place(loading.FILE), f"the redirects go in a circle, from {circle}.")
        folders = self._of(key)
        if version is not None:
            if version not in folders:
                raise UnknownRuleSetError(f"{key} {version}", [f"{key} {one}" for one in folders])
            return self._load(key, version, at, before)
        spans: list[str] = []
        for one in reversed(folders):
            found = self._load(key, one, at, before)
            if at is None or found.about.in_force(at):
                return found
            spans.append(_span(found.about.effective_from, found.about.effective_to))
        raise _not_in_force(key, at, spans)

    def _load(self, key: str, version: str, at: dt.date | None, before: tuple[str, ...]) -> LegalTest | ComplianceCheck:
        if self._kind(key, version) == check_loading.KIND:
            return self._kept(key, version, (), self._load_check)
        redirects = {
            gate.redirect: gate.key for gate in reversed(self._test_parts(key, version).gates) if gate.redirect
        }
        others = tuple(self._other(other, gate, at, (*before, key)) for other, gate in redirects.items())
        return self._kept(key, version, others, self._load_test)

    def _kind(self, key: str, version: str) -> str:
        if (key, version) not in self._kinds:
            self._kinds[key, version] = _kind(self._folders[key][version])
        return self._kinds[key, version]

    def _kept(
        self, key: str, version: str, others: tuple[LegalTest, ...], load: Callable[..., LegalTest | ComplianceCheck]
    ) -> LegalTest | ComplianceCheck:
        kept = self._loaded.get((key, version, *others))
        if kept is None:
            kept = self._loaded[key, version, *others] = load(key, version, *others)
            for said, called in ((kept.key, key), (kept.version, version)):
                if said != called:
                    raise RuleSetError(
                        Place(loading.FILE), f"it says {show(said)}, but the folder is called {show(called)}."
                    )
        return kept

    def _load_check(self, key: str, version: str) -> ComplianceCheck:
        folder = self._folders[key][version]
        with named(f"{key} {version}"):
            return ComplianceCheck(check_loading.load(folder, self._pool(folder.parent.parent)))

    def _load_test(self, key: str, version: str, *others: LegalTest) -> LegalTest:
        return LegalTest(self._test_parts(key, version), {other.key: other for other in others})

    def _test_parts(self, key: str, version: str) -> Parts:
        if (key, version) not in self._parts:
            folder = self._folders[key][version]
            with named(f"{key} {version}"):
                self._parts[key, version] = loading.load(folder, self._pool(folder.parent.parent))
        return self._parts[key, version]

    def _other(self, key: str, gate: str, at: dt.date | None, before: tuple[str, ...]) -> LegalTest:
        place = Place(loading.FILE, None, f"gate {show(gate)}")
        if key not in self._folders:
            raise RuleSetError(place, f"it redirects to {show(key)}, which is no rule set.")
        other = self._find(key, at, None, before)
        if not isinstance(other, LegalTest):
            raise RuleSetError(place, f"it redirects to {show(key)}, which is no legal test.")
        return other

    def _pool(self, root: Path) -> Pool:
        if root not in self._pools:
            self._pools[root] = read_pool(root)
        return self._pools[root]


def _folders(roots: list[Path]) -> dict[str, dict[str, Path]]:
    found: dict[str, dict[str, Path]] = {}
    for root in roots:
        for path in sorted(root.glob(f"*/*/{loading.FILE}"), key=lambda one: number_of(one.parent.name)):
            found.setdefault(path.parent.parent.name, {})[path.parent.name] = path.parent
    return found


def number_of(version: str) -> tuple[int, ...]:
    """Return what versions are put in order by: 2026.10 comes after 2026.9."""
    return tuple(int(part) if part.isdigit() else -1 for part in version.split("."))


def _kind(folder: Path) -> str:
    text = read_text(folder, loading.FILE)
    try:
        kind = tomllib.loads(text).get("kind")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleSetError(Place(loading.FILE), f"this is not valid TOML: {error}.") from None
    if kind not in {loading.KIND, check_loading.KIND}:
        raise RuleSetError(Place(loading.FILE), f"“kind” is {show(kind)}; it must be {_KINDS}.")
    return str(kind)


def _span(first: dt.date | None, last: dt.date | None) -> str:
    return f"from {first}" if last is None else f"from {first} to {last}"


def _not_in_force(key: str, at: dt.date | None, spans: list[str]) -> NotInForceError:
    return NotInForceError(f"{key} is not in force on {at}. It is in force {' and '.join(spans)}; ask for such a day.")
