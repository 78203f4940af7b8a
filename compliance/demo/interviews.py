"""Complete interviews for the sample, chosen by what they lead to."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from compliance.authz import Actor
from compliance.engine.case import Case
from compliance.engine.questionnaire import answering_party, assess
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.rules import interview
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.model import Answer

DATA: Final = Path(__file__).parent / "data" / "cest_interviews.jsonl"
CLIENT: Final = "endClient"
FREELANCER: Final = "personDoingWork"
# Who answers is known from the account and is not asked.
KNOWN: Final = "endUserRole"


def client_answers(result: str) -> dict[str, Any]:
    """Return the pages of a client whose work has not started, leading to *result*, such as ``Outside IR35``."""
    found = next(
        one["answers"]
        for one in _interviews()
        if one["expected"]["result"] == result
        and (one["answers"]["route"], one["answers"].get(KNOWN)) == ("ir35", CLIENT)
        and one["answers"]["hasContractStarted"] is False
        and "multipleEngagements" in one["answers"]
    )
    return {key: value for key, value in found.items() if key != KNOWN}


def freelancer_answers(result: str) -> dict[str, Any]:
    """Return the pages of a freelancer who says the same of the work as :func:`client_answers` for *result*."""
    asked_only_of_clients = {"workerIsKnown"}
    own = {key: value for key, value in client_answers(result).items() if key not in asked_only_of_clients}
    return {**own, "purpose": "new"}


@functools.cache
def _interviews() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in DATA.read_text().splitlines())


def fitting(case: Case, actor: Actor, facts: Mapping[str, Answer]) -> str:
    """Answer what *case* asks of *actor* by *facts*; what they do not speak of is not known."""
    workflow = registry().process(case.kind, case.definition).workflow
    rules, party = assess(session(), case, workflow).rules, answering_party(case, actor, workflow)
    assert rules is not None  # noqa: S101 - the sample knows where something is asked
    assert workflow.questionnaire is not None  # noqa: S101 - as above
    assert party is not None  # noqa: S101 - as above
    known = workflow.questionnaire.known(party, rules)
    answers: dict[str, Answer] = dict(known)
    while (asked := interview.next_question(rules, answers)) is not None:
        answers[asked.key] = facts.get(asked.key, UNKNOWN)
    return json.dumps({key: value for key, value in answers.items() if key not in known})
