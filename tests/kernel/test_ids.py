"""Identifiers go up within a process, and references survive the telephone."""

import itertools

import pytest

from compliance.kernel import ids


def test_ids_are_version_7_and_each_is_greater_than_the_one_before() -> None:
    made = [ids.new_id() for _ in range(10_000)]
    assert all(one < two for one, two in itertools.pairwise(made))
    assert {one.version for one in made} == {7}


def test_references_have_no_letters_that_people_confuse_and_do_not_repeat() -> None:
    made = [ids.new_reference("OF") for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert not set("ILOU") & set("".join(one.removeprefix("OF-") for one in made))


@pytest.mark.parametrize("typed", ["of-1k0m9qxd", "  OF-1K0M9QXD ", "OF-IKOM9QXD", "of-lkom9qxd"])
def test_a_reference_is_known_however_it_was_typed(typed: str) -> None:
    assert ids.clean_reference(typed) == "OF-1K0M9QXD"


@pytest.mark.parametrize("text", [None, "", "countersign", "12"])
def test_what_is_no_id_is_nobody(text: str | None) -> None:
    assert ids.as_id(text) is None
