"""Everything that readers meet of a process has its words."""

from __future__ import annotations

from collections import Counter

import pytest
from wtforms import Form

from compliance.engine import handbook
from compliance.engine.definition import Workflow
from tests.contract.conftest import PROCESSES, kind_of

pytestmark = pytest.mark.parametrize("workflow", PROCESSES, ids=kind_of)


def forms_of(workflow: Workflow) -> list[type[Form]]:
    return [workflow.open_form, *(action.form for action in workflow.actions)]


def test_the_process_says_what_it_is_for(workflow: Workflow) -> None:
    assert workflow.summary.endswith(".")


def test_every_state_has_a_label_of_its_own_and_a_sentence(workflow: Workflow) -> None:
    labels = [stage.label for stage in workflow.stages.values()]
    assert [label for label, count in Counter(labels).items() if count > 1] == []
    assert [stage.label for stage in workflow.stages.values() if not stage.meaning.endswith(".")] == []


def test_every_action_has_a_label_and_no_state_offers_two_of_the_same(workflow: Workflow) -> None:
    for state in workflow.states:
        offered = [a.label for a in workflow.actions if state in a.sources and not a.by_itself]
        assert all(offered)
        assert [label for label, count in Counter(offered).items() if count > 1] == [], state


def test_every_key_means_one_thing_in_a_state(workflow: Workflow) -> None:
    for state in workflow.states:
        keys = [a.key for a in workflow.actions if state in a.sources and a.key]
        assert [key for key, count in Counter(keys).items() if count > 1] == [], state


def test_every_field_of_every_form_has_a_label(workflow: Workflow) -> None:
    for form in forms_of(workflow):
        for field in form():
            assert field.label.text, (form, field.short_name)
            assert field.label.text != field.short_name


def test_every_guard_says_what_it_asks_for(workflow: Workflow) -> None:
    guards = {guard for action in workflow.actions for guard in action.guards} | set(workflow.open_guards)
    assert [guard for guard in guards if not handbook.guard(guard).endswith((".", "”"))] == []


def test_every_term_is_told_in_words(workflow: Workflow) -> None:
    terms = [action.due for action in workflow.actions if action.due is not None]
    terms += [term for stage in workflow.stages.values() for term in (stage.within, *stage.remind) if term]
    assert [term for term in terms if " object at " in handbook.term(term) or not handbook.term(term)] == []
