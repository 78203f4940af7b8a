"""Every state can be reached and every action done, by real people with real forms, and each leaves its event."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance.engine.definition import Workflow
from compliance.engine.registry import Registry
from tests.contract.conftest import PROCESSES, kind_of
from tests.contract.filling import Someone, filled
from tests.contract.journeys import Journeys

Ask = Callable[[str], Journeys]


@pytest.fixture(params=PROCESSES, ids=kind_of)
def workflow(request: pytest.FixtureRequest) -> Workflow:
    found = request.param
    assert isinstance(found, Workflow)
    return found


def test_every_state_is_reached_by_somebody(workflow: Workflow, journeys: Ask) -> None:
    found = journeys(workflow.kind)
    assert {state.value for state in workflow.states} - found.paths.keys() == set(), found.refusals


def test_every_action_that_people_do_can_be_done_in_each_of_its_states(workflow: Workflow, journeys: Ask) -> None:
    found = journeys(workflow.kind)
    own = [action for action in workflow.actions if not action.by_itself and not action.common]
    pairs = {(source.value, action.name) for action in own for source in action.sources}
    assert {pair: found.refusals.get(pair, "never tried") for pair in pairs - found.words.keys()} == {}


def test_every_action_that_is_common_or_happens_by_itself_is_seen(workflow: Workflow, journeys: Ask) -> None:
    done = {name for _, name in journeys(workflow.kind).words}
    assert {action.name for action in workflow.actions} - done == set()


def test_every_action_writes_its_own_event_once_and_nothing_beside_what_follows_by_itself(
    workflow: Workflow, journeys: Ask
) -> None:
    followers = {action.name for action in workflow.actions if action.auto}
    for (state, name), words in journeys(workflow.kind).words.items():
        assert words[0] == name, (state, words)
        assert set(words[1:]) <= followers - {name}, (state, words)


@pytest.mark.usefixtures("app")
def test_every_form_can_be_filled_in_from_what_it_says_of_itself(workflow: Workflow) -> None:
    def person_id(who: Someone) -> str:
        return f"01997b1e-0000-7000-8000-{who.number:012}"

    for form in (workflow.open_form, *(action.form for action in workflow.actions)):
        for great in (False, True):
            assert filled(form, person_id, great=great).keys() == {field.short_name for field in form()}


def test_what_is_found_by_discovery_is_what_the_application_runs(app: object) -> None:
    registry = getattr(app, "extensions")["workflows"]  # noqa: B009 - typed as any application
    assert isinstance(registry, Registry)
    assert [workflow.kind for workflow in registry] == [workflow.kind for workflow in PROCESSES]
