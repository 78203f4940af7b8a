import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.rules.errors import NotInForceError, RuleSetError, UnknownRuleSetError
from compliance.rules.library import Library
from compliance.rules.rule_set import RuleSet
from tests.rules.legal.conftest import ON, replace

Shelf = Callable[..., tuple[Library, Path]]


def test_the_newest_version_in_force_on_the_day_is_found(shelf: Shelf) -> None:
    _, root = shelf("us-flsa")
    old, new = root / "us-flsa" / "2026.1", root / "us-flsa" / "2026.10"
    shutil.copytree(old, new)
    replace(new / "rule_set.toml", 'version = "2026.1"', 'version = "2026.10"')
    replace(new / "rule_set.toml", "effective_from = 2024-03-11", "effective_from = 2026-06-01")
    library = Library((root.parent.name,))
    assert library.versions("us-flsa") == ["2026.1", "2026.10"]
    assert library.find("us-flsa", at=ON).version == "2026.10"
    assert library.find("us-flsa", at=dt.date(2026, 5, 31)).version == "2026.1"
    assert library.find("us-flsa", at=ON, version="2026.1").version == "2026.1"
    with pytest.raises(NotInForceError, match=r"from 2026-06-01 and from 2024-03-11"):
        library.find("us-flsa", at=dt.date(2020, 1, 1))


def test_a_test_not_in_force_is_refused_with_the_days_on_which_it_is(library: Library) -> None:
    with pytest.raises(NotInForceError, match=r"eu-platform is not .* on 2026-12-01\. It is in force from 2026-12-02"):
        library.find("eu-platform", at=dt.date(2026, 12, 1))
    with pytest.raises(NotInForceError, match=r"uk-cest-2.4 is not in force on 2019-10-23"):
        library.find("uk-cest-2.4", at=dt.date(2019, 10, 23))
    assert library.find("eu-platform", at=dt.date(2026, 12, 1), version="2026.1").key == "eu-platform"


def test_unknown_keys_and_versions_are_refused_with_what_there_is(library: Library) -> None:
    with pytest.raises(UnknownRuleSetError, match=r"no rule set “us-irs”. Known rule sets: au-contract, "):
        library.find("us-irs", at=ON)
    with pytest.raises(UnknownRuleSetError, match=r"Known rule sets: us-flsa 2026.1"):
        library.find("us-flsa", at=ON, version="2025.1")
    with pytest.raises(UnknownRuleSetError, match=r"Known rule sets: uk-cest-2.4 2.4"):
        library.find("uk-cest-2.4", at=ON, version="2.3")


def test_decision_tables_stand_on_the_same_shelf(library: Library) -> None:
    assert isinstance(library.find("uk-cest-2.4", at=ON, version="2.4"), RuleSet)
    assert library.versions("uk-cest-2.4") == ["2.4"]


def test_a_set_is_loaded_once(library: Library) -> None:
    assert library.find("us-flsa", at=ON) is library.find("us-flsa", at=ON)


def test_places_know_other_names_parts_and_groups(library: Library) -> None:
    places = library.places
    assert places.known_as(" uk-sct ") == "GB-SCT"
    assert places.around("US-NY-NYC") == ("US-NY-NYC", "US-NY", "US")
    assert places.around("DE-BY") == ("DE-BY", "DE", "EU")


def test_a_group_without_members_is_refused(shelf: Shelf) -> None:
    library, root = shelf()
    replace(root / "places.toml", "[groups]", "[groups]\nNONE = []")
    with pytest.raises(RuleSetError, match=r"places.toml, groups: the group “NONE” has no member"):
        _ = library.places
