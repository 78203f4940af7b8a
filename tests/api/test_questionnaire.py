"""Answers and determinations over REST."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from flask import Flask, request

from compliance.authz import Actor, Channel, Role
from compliance.demo import interviews
from compliance.engine import prefill
from compliance.engine.registry import registry
from compliance.kernel.db import session
from tests import make
from tests.api.conftest import ACTOR, Program
from tests.offer.scene import APPROVAL, INSIDE, OUTSIDE, TERMS, Desk

SCOPES = frozenset({"offers:read", "offers:write"})


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setitem(app.extensions, "current_actor", lambda: request.environ.get(ACTOR))
    return Desk()


def program(app: Flask, actor: Actor) -> Program:
    return Program(app, dataclasses.replace(actor, scopes=SCOPES, channel=Channel.API))


def opened(client: Program) -> str:
    terms: dict[str, Any] = {**TERMS, "starts_on": "2030-04-01", "ends_on": "2030-07-31"}
    numbers = {"hours_per_week": 20, "months_worked": 0}
    return f"/offers/{client.post('/offers', terms | numbers).json['reference']}"


def test_a_program_answers_with_an_object_and_goes_on(app: Flask, desk: Desk) -> None:
    client = program(app, desk.mona)
    address = opened(client)
    before = client.get(address).json["content_digest"]
    sent = client.post(f"{address}/actions/send_answers", {"answers": interviews.client_answers(OUTSIDE)})
    assert sent.status_code == 200, sent.text
    assert sent.json["content_digest"] != before
    assert client.post(f"{address}/actions/submit").json["state"] == "submitted"


@pytest.mark.parametrize(
    "answers,sentence",
    [
        ({"colour": "red"}, "is no question"),
        ({"route": "sideways"}, "is not an answer"),
        ({"route": 1}, "a number is not an answer"),
        ({"route": 1.5}, "is not an answer"),
        ({"route": {"a": 1}}, "an object is not an answer"),
        ("route", "Give an object"),
        ([], "Give an object"),
        (None, "Give the answers"),
    ],
)
def test_answers_that_do_not_fit_are_refused_with_a_sentence(
    app: Flask,
    desk: Desk,
    answers: object,
    sentence: str,
) -> None:
    client = program(app, desk.mona)
    address = opened(client)
    refused = client.post(f"{address}/actions/send_answers", {"answers": answers})
    assert refused.status_code == 422
    assert sentence in refused.json["errors"]["answers"][0]
    assert "submit" in client.get(address).text


def test_determinations_are_listed_newest_first_each_party_with_its_own_answers(app: Flask, desk: Desk) -> None:
    client = program(app, desk.mona)
    address = opened(client)
    desk.reference = address.rpartition("/")[2]
    desk.client_answers(INSIDE)
    desk.act(desk.mona, "submit")
    desk.freelancer_answers(INSIDE)
    desk.act(desk.rita, "claim")
    desk.act(desk.rita, "escalate", reason="The contract says otherwise.")
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "approve", **APPROVAL)
    seen = {}
    for name, reader in (("client", desk.mona), ("freelancer", desk.fay), ("desk", desk.rita)):
        (seen[name],) = program(app, reader).get(f"{address}/determinations").json["items"]
    for name in ("client", "freelancer"):
        assert list(seen[name]["answers"]) == [name]
        assert "findings" not in seen[name]
        assert "overrides" not in seen[name]
        assert "says otherwise" not in str(seen[name])
    assert set(seen["desk"]["answers"]) == set(seen["desk"]["findings"]) == {"client", "freelancer"}
    assert seen["desk"]["overrides"] is True
    assert seen["desk"]["first_reviewers"] == [str(desk.rita.id)]
    assert len(seen["client"]["receipt"]) == 64
    assert (seen["client"]["number"], seen["client"]["supersedes"]) == (1, None)


def test_determinations_out_of_sight_read_like_what_never_was(app: Flask, desk: Desk) -> None:
    address = opened(program(app, desk.mona))
    assert program(app, desk.mona).get(f"{address}/determinations").json == {"items": []}
    stranger = program(app, make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    answers = {stranger.get(f"{one}/determinations").text for one in (address, "/offers/OF-00000000")}
    assert len(answers) == 1
    assert stranger.get(f"{address}/determinations").status_code == 404
    session().rollback()


def test_a_program_says_that_drafted_reasons_are_its_own(app: Flask, desk: Desk) -> None:
    address = opened(program(app, desk.mona))
    desk.reference = address.rpartition("/")[2]
    desk.client_answers(OUTSIDE)
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    case = desk.offer(desk.rita)
    workflow = registry().process("offer", case.definition).workflow
    action = workflow.action("approve")
    assert action is not None
    members = {**APPROVAL, **prefill.drafts(case, workflow, action, desk.rita), "seen": case.content_digest}
    reviewer = program(app, desk.rita)
    refused = reviewer.post(f"{address}/actions/approve", members)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["drafts_confirmed"]
    assert reviewer.post(f"{address}/actions/approve", members | {"drafts_confirmed": True}).status_code == 200
