"""From opening to decision over REST, and each way in which it says no."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.api import access
from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Grant, Role
from compliance.engine.case import Case
from compliance.kernel import ids
from compliance.kernel.db import session
from compliance.people.models import Organisation, Team
from tests import make
from tests.api.conftest import Program

Become = Callable[..., Program]


def said(response: Any) -> str:  # noqa: ANN401 - a test response
    return str(response.json["detail"])


def cases() -> int:
    found = session().scalar(sa.select(sa.func.count()).select_from(Case)) or 0
    session().commit()
    return found


def test_a_case_goes_from_opening_to_decision(program: Become, mona: Actor, rita: Actor) -> None:
    client, desk = program(mona), program(rita)
    opened = client.post("/permits", {"title": "Crane", "size": 5})
    assert opened.status_code == 201
    reference = opened.json["reference"]
    assert opened.headers["Location"] == f"/api/v1/permits/{reference}"
    assert opened.headers["Audit-Receipt"] == opened.json["receipts"][0]
    assert client.act(reference, "submit").json["state"] == "review"
    assert desk.act(reference, "claim").status_code == 200
    seen = desk.get(f"/permits/{reference}").json["content_digest"]
    granted = desk.act(reference, "grant", {"reason": "All in order", "seen": seen})
    assert granted.json["state"] == "active"
    assert len(granted.headers["Audit-Receipt"].split(", ")) == 2
    shown = client.get(f"/permits/{reference}").json
    assert (shown["state"], shown["final"], shown["waits_for"]) == ("active", True, "nobody")
    assert {"label": "Size", "value": "5"} in shown["facts"]


def test_the_record_says_that_it_came_over_the_api(program: Become, mona: Actor) -> None:
    program(mona).open()
    entry = session().scalar(sa.select(AuditEvent.entry).where(AuditEvent.action == "permit.open"))
    assert '"channel":"api"' in str(entry)


def test_the_seen_digest_may_come_as_a_header_and_binds_the_decision(program: Become, mona: Actor, rita: Actor) -> None:
    client, desk = program(mona), program(rita)
    reference = client.open()
    client.act(reference, "submit")
    desk.act(reference, "claim")
    assert "seen" in desk.act(reference, "grant", {"reason": "Fine"}).json["errors"]
    old = desk.get(f"/permits/{reference}").json["content_digest"]
    client.act(reference, "edit", {"title": "Crane", "size": 9})
    client.act(reference, "submit")
    desk.act(reference, "claim")
    refused = desk.act(reference, "grant", {"reason": "Fine"}, X_Seen_Digest=old)
    assert refused.status_code == 409
    assert "Mona acted on" in said(refused) or "Rita acted on" in said(refused)
    both = desk.act(reference, "grant", {"reason": "Fine", "seen": "x"}, X_Seen_Digest=old)
    assert both.status_code == 422
    new = desk.get(f"/permits/{reference}").json["content_digest"]
    assert desk.act(reference, "grant", {"reason": "Fine"}, X_Seen_Digest=new).status_code == 200


def test_the_second_decider_hears_who_was_first_and_when(program: Become, mona: Actor) -> None:
    client = program(mona)
    reference = client.open()
    client.act(reference, "submit")
    refused = client.act(reference, "submit")
    assert refused.status_code == 409
    assert refused.json["code"] == "moved_on"
    assert "It is “Review” since Mona acted on" in said(refused)


def test_an_action_that_is_refused_right_now_says_why(program: Become, mona: Actor, rita: Actor) -> None:
    client = program(mona)
    reference = client.open()
    client.act(reference, "submit")
    desk = program(rita)
    offered = {offer["name"]: offer for offer in desk.get(f"/permits/{reference}").json["actions"]}
    assert offered["grant"]["refusal"] == "Claim the case first, so that two people do not work on it."
    assert offered["grant"]["binds"] is True
    assert offered["claim"]["refusal"] is None
    seen = desk.get(f"/permits/{reference}").json["content_digest"]
    refused = desk.act(reference, "grant", {"reason": "Fine", "seen": seen})
    assert (refused.status_code, refused.json["code"], said(refused)) == (409, "guard", offered["grant"]["refusal"])


@pytest.mark.parametrize("name", ["lapse", "start", "nothing", "9" * 400, "a\0b"])
def test_what_nobody_can_do_is_not_there(program: Become, mona: Actor, name: str) -> None:
    client = program(mona)
    refused = client.act(client.open(), name)
    assert (refused.status_code, refused.json["code"]) == (404, "no_such_action")
    # The case itself is in sight, so there is nothing to hide: whoever asks for help can name the request.
    assert refused.json["request_id"] == refused.headers["X-Request-Id"]


def test_what_is_out_of_sight_has_no_unknown_actions_either(program: Become, mona: Actor) -> None:
    reference, stranger = program(mona).open(), program(make.actor("Sam", Role.HIRING_MANAGER))
    answers = {stranger.act(one, "nothing").text for one in (reference, "PE-ZZZZZZ")}
    assert len(answers) == 1
    assert '"request_id":null' in answers.pop().replace(" ", "")


def test_an_action_of_somebody_else_is_refused(program: Become, mona: Actor, rita: Actor) -> None:
    client = program(mona)
    reference = client.open()
    client.act(reference, "submit")
    refused = program(rita).act(reference, "edit", {"title": "Mine", "size": 1})
    assert (refused.status_code, said(refused)) == (403, "“Edit” is for: Hiring manager.")


@pytest.mark.parametrize(
    "members,field",
    [
        ({"title": "Crane", "size": 5, "state": "granted"}, "state"),
        ({"title": "Crane", "size": 5, "stream": "x"}, "stream"),
        ({"title": "Crane"}, "size"),
        ({"title": "Crane", "size": None}, "size"),
        ({"title": "Crane", "size": 0}, "size"),
        ({"title": "Crane", "size": "5"}, "size"),
        ({"title": "Crane", "size": 5.5}, "size"),
        ({"title": "Crane", "size": True}, "size"),
        ({"title": "Crane", "size": 2**63}, "size"),
        ({"title": "Crane", "size": 10**400}, "size"),
        ({"title": 5, "size": 5}, "title"),
        ({"title": ["Crane"], "size": 5}, "title"),
        ({"title": {"a": 1}, "size": 5}, "title"),
        ({"title": "\ud800", "size": 5}, "title"),
        ({"title": "a\0b", "size": 5}, "title"),
        ({"title": "Crane", "size": 5, "\ud800": 1}, "\ud800"),
        ({"title": "Crane", "size": 5, "organisation": 7}, "organisation"),
        ({"title": "Crane", "size": 5, "organisation": "9" * 400}, "organisation"),
        ({"title": "Crane", "size": 5, "team": "x"}, "team"),
    ],
)
def test_a_member_that_does_not_fit_is_named_and_nothing_is_written(
    program: Become, mona: Actor, members: dict[str, Any], field: str
) -> None:
    refused = program(mona).post("/permits", members)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]
    assert cases() == 0


def test_without_a_token_or_with_a_browsers_session_alone_nobody_gets_in(program: Become, mona: Actor) -> None:
    for nobody in (program(None), program(mona, None)):
        for response in (nobody.get("/permits"), nobody.post("/permits", {"title": "Crane", "size": 5})):
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert cases() == 0


def test_a_token_does_only_what_it_was_made_for(program: Become, mona: Actor) -> None:
    reference = program(mona).open()
    only_reads = program(mona, frozenset({"permits:read", "offers:write"}))
    only_writes = program(mona, frozenset({"permits:write", "offers:read"}))
    assert only_reads.post("/permits", {"title": "Crane", "size": 5}).status_code == 403
    assert only_reads.act(reference, "submit").status_code == 403
    for address in ("/permits", f"/permits/{reference}", f"/permits/{reference}/events"):
        assert only_reads.get(address).status_code == 200
        assert "permits:read" in said(only_writes.get(address))


def test_out_of_sight_reads_like_what_never_was(program: Become, mona: Actor) -> None:
    reference = program(mona).open()
    stranger = program(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    answers = {
        stranger.get(f"/permits/{wanted}{tail}").text
        for wanted in (reference, "PE-00000000", "9" * 400, "a\0b")
        for tail in ("", "/events")
    }
    assert len(answers) == 1
    assert stranger.act(reference, "submit").status_code == 404
    assert stranger.get("/permits").json == {"items": [], "next": None}


def test_a_list_pages_by_cursor_and_narrows_by_state(program: Become, mona: Actor) -> None:
    client = program(mona)
    wanted = {client.open(f"Crane {number}") for number in range(5)}
    submitted = wanted.pop()
    client.act(submitted, "submit")
    found, address = [], "/permits?limit=2&state=draft"
    while address:
        page = client.get(address).json
        assert len(page["items"]) <= 2
        found += [item["reference"] for item in page["items"]]
        address = f"/permits?limit=2&state=draft&cursor={page['next']}" if page["next"] else ""
    assert sorted(found) == sorted(wanted)
    assert [item["reference"] for item in client.get("/permits?state=review").json["items"]] == [submitted]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=-1", f"limit={'9' * 400}", "limit=٣", "limit=1&limit=2", "state=gone",
     "state=%00", "cursor=x", "cursor=%00", f"cursor={'9' * 400}", "sort=title"],
)  # fmt: skip
def test_a_list_refuses_parameters_that_it_does_not_understand(program: Become, mona: Actor, query: str) -> None:
    assert program(mona).get(f"/permits?{query}").status_code == 400


def test_the_history_pages_by_revision_oldest_first(program: Become, mona: Actor) -> None:
    client = program(mona)
    reference = client.open()
    client.act(reference, "comment", {"body": "Please hurry"})
    client.act(reference, "submit")
    first = client.get(f"/permits/{reference}/events?limit=2").json
    assert [one["action"] for one in first["items"]] == ["open", "comment"]
    assert first["items"][1]["comment"] == "Please hurry"
    second = client.get(f"/permits/{reference}/events?limit=2&cursor={first['next']}").json
    assert [(one["action"], one["rev"], one["actor"]) for one in second["items"]] == [("submit", 3, "Mona")]
    assert second["next"] is None


def test_internal_comments_stay_at_the_desk(program: Become, mona: Actor, rita: Actor) -> None:
    client, desk = program(mona), program(rita)
    reference = client.open()
    client.act(reference, "submit")
    desk.act(reference, "comment", {"body": "Smells odd", "internal": True})
    desk.act(reference, "comment", {"body": "Please wait", "internal": False})
    assert "Smells odd" in desk.get(f"/permits/{reference}/events").text
    told = client.get(f"/permits/{reference}/events").text
    assert "Smells odd" not in told
    assert "Please wait" in told


@pytest.mark.parametrize("cursor", ["-1", "x", "9" * 400, "1.5"])
def test_a_damaged_cursor_of_the_history_is_refused(program: Become, mona: Actor, cursor: str) -> None:
    client = program(mona)
    assert client.get(f"/permits/{client.open()}/events?cursor={cursor}").status_code == 400


def test_the_organisation_is_taken_from_the_only_grant_and_asked_for_otherwise(
    program: Become, acme: Organisation, rita: Actor
) -> None:
    other = make.organisation("Other")
    both = make.actor("Mona", Role.HIRING_MANAGER, at=acme)
    manager = Grant(Role.HIRING_MANAGER, other.id)
    several = program(Actor(both.id, both.name, both.grants | {manager}))
    terms = {"title": "Crane", "size": 5}
    for unclear in (several, program(rita)):
        assert "organisation" in unclear.post("/permits", terms).json["errors"]
        reference = unclear.post("/permits", terms | {"organisation": str(other.id)}).json["reference"]
        found = session().scalar(sa.select(Case.organisation_id).where(Case.reference == reference))
        assert found == other.id


def test_a_foreign_organisation_and_an_unknown_one_are_refused_alike(program: Become, mona: Actor, rita: Actor) -> None:
    other = make.organisation("Other")
    client = program(mona)
    terms = {"title": "Crane", "size": 5}
    replies = [client.post("/permits", terms | {"organisation": str(o)}) for o in (other.id, uuid.uuid4())]
    answers = {reply.text.replace(reply.json["request_id"], "") for reply in replies}
    assert len(answers) == 1
    assert "role" in answers.pop()
    unknown = program(rita).post("/permits", terms | {"organisation": str(uuid.uuid4())})
    assert unknown.json["errors"] == {"organisation": ["There is no such organisation."]}
    assert cases() == 0


def test_who_works_for_one_team_opens_in_that_team_and_in_no_other(
    program: Become, acme: Organisation, mona: Actor, rita: Actor
) -> None:
    team, rival = (Team(id=ids.new_id(), organisation_id=acme.id, name=name) for name in ("Build", "Run"))
    session().add_all([team, rival])
    session().commit()
    grants = frozenset({Grant(Role.HIRING_MANAGER, acme.id, frozenset({team.id}))})
    client = program(Actor(mona.id, mona.name, grants))
    terms = {"title": "Crane", "size": 5}
    for place in ({}, {"team": str(team.id)}, {"organisation": str(acme.id)}):
        reference = client.post("/permits", terms | place).json["reference"]
        assert session().scalar(sa.select(Case.team_id).where(Case.reference == reference)) == team.id
    rivals = {"organisation": str(acme.id), "team": str(rival.id)}
    assert client.post("/permits", terms | rivals).status_code == 403
    nowhere = {"organisation": str(acme.id), "team": str(uuid.uuid4())}
    assert "team" in program(rita).post("/permits", terms | nowhere).json["errors"]


def test_who_may_open_nothing_is_told_which_role_it_takes(program: Become, acme: Organisation) -> None:
    refused = program(make.actor("Vic", Role.VIEWER, at=acme)).post("/permits", {"title": "Crane", "size": 5})
    assert (refused.status_code, said(refused)) == (403, "To open this you need the role Hiring manager, Reviewer.")


def test_nobody_writes_faster_than_the_limit(program: Become, mona: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "WRITES", 3)
    client = program(mona)
    reference = client.open()
    client.act(reference, "submit")
    client.act(reference, "comment", {"body": "One more"})
    refused = client.act(reference, "comment", {"body": "And another"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert client.get(f"/permits/{reference}").status_code == 200


def test_every_process_has_its_addresses(app: Flask) -> None:
    rules = {str(rule) for rule in app.url_map.iter_rules()}
    for workflow in app.extensions["workflows"]:
        root = f"/api/v1/{workflow.plural}"
        case = f"{root}/<reference>"
        assert {root, case, f"{case}/events", f"{case}/actions/<name>"} <= rules
