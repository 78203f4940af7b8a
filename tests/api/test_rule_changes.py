"""A process of the programme over REST: it is opened for no client, and by nobody from outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from compliance.authz import Actor, Role
from compliance.engine import rule_changing
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Organisation
from compliance.people.organisations import PROGRAMME
from tests import make
from tests.api.conftest import Program

Become = Callable[..., Program]
SCOPES = frozenset({"rule-changes:read", "rule-changes:write"})


def form() -> dict[str, str]:
    first_day = clock.now().date() + dt.timedelta(days=30)
    held = rule_changing.prefilled({"rule_set": "nl-deliveroo"})
    session().rollback()
    return {**held, "effective_from": first_day.isoformat(), "why": "A judgment."}


def test_a_change_of_rules_is_opened_for_no_client(program: Become, acme: Organisation) -> None:
    sue = program(make.actor("Sue", Role.SENIOR_REVIEWER), SCOPES)
    opened = sue.post("/rule-changes", form())
    assert opened.status_code == 201
    shown = sue.get(f"/rule-changes/{opened.json['reference']}").json
    assert (shown["state"], shown["organisation"]) == ("draft", str(PROGRAMME))
    assert sue.post("/rule-changes", {**form(), "organisation": str(PROGRAMME)}).status_code == 201
    refused = sue.post("/rule-changes", {**form(), "organisation": str(acme.id)})
    assert refused.status_code == 422
    assert "leave it out" in str(refused.json["errors"]["organisation"]).lower()


def test_clients_open_none(program: Become, mona: Actor) -> None:
    assert program(mona, SCOPES).post("/rule-changes", form()).status_code == 403
