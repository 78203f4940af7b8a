"""Somebody in front of the desk with a browser and with a program, and what every refusal is held against."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from compliance.authz import Actor, Channel, Role
from compliance.engine import run
from compliance.engine.case import Case
from compliance.kernel.db import Base, reading, session
from tests import make

ACTOR = "tests.actor"
SCOPES = frozenset({"permits:read", "permits:write"})
# What no answer may show: where the code lies, how it is called inside, what the database said.
INSIDE = re.compile(
    r"Traceback|File \"|/compliance/|\.py\b|sqlalchemy|psycopg|sqlite|werkzeug|\bSELECT \w|\bUPDATE \w|line \d+, in"
)
# Marks of reading, which are no part of what a refused request could change.
NOT_COUNTED = frozenset({"sign_in_session", "case_look"})


class Front:
    """One person: ``browser`` sends forms with their tokens, ``program`` sends JSON with a token."""

    def __init__(self, app: Flask, actor: Actor | None) -> None:
        self.client = app.test_client()
        self.actor = actor
        self.token = ""

    def browser(self, address: str, *, method: str = "GET", **sent: Any) -> TestResponse:  # noqa: ANN401 - handed on
        return self.client.open(address, method=method, environ_overrides={ACTOR: self.actor}, **sent)

    def send(self, address: str, fields: dict[str, Any] | None = None, **sent: Any) -> TestResponse:  # noqa: ANN401 - as above
        return self.browser(address, method="POST", data={"csrf_token": self.csrf(), **(fields or {})}, **sent)

    def program(self, address: str, *, method: str = "GET", **sent: Any) -> TestResponse:  # noqa: ANN401 - as above
        actor = dataclasses.replace(self.actor, scopes=SCOPES, channel=Channel.API) if self.actor else None
        return self.client.open(f"/api/v1{address}", method=method, environ_overrides={ACTOR: actor}, **sent)

    def csrf(self) -> str:
        """Return the token of this browser's forms, read once."""
        if not self.token:
            found = re.search(r'name="csrf_token" value="([^"]*)"', self.browser("/login").text)
            assert found is not None
            self.token = found[1]
        return self.token


class Cast:
    """A client and a reviewer, with a permit that the reviewer holds."""

    def __init__(self) -> None:
        self.acme = make.organisation()
        self.mona = make.actor("Mona", Role.HIRING_MANAGER, at=self.acme)
        self.rita = make.actor("Rita", Role.REVIEWER)

    def claimed(self, title: str = "Crane") -> Case:
        """Return a permit so large that nothing follows its grant by itself."""
        opened = run.open_case("permit", self.mona, {"title": title, "size": "600"}, organisation_id=self.acme.id).case
        run.fire("permit", opened.reference, "submit", self.mona)
        done = run.fire("permit", opened.reference, "claim", self.rita).case
        session().commit()
        return done


def refused(answer: TestResponse, *statuses: int) -> str:
    """Return the sentence of a refusal, having checked that it tells its reader something and shows nothing inside."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert not INSIDE.search(answer.text), answer.text
    sentence = _sentence(answer)
    assert sentence.count(" ") >= 3, sentence
    assert sentence.endswith((".", "!", "}")), sentence
    return sentence


def rows() -> dict[str, list[Any]]:
    """Return every row of every table that a request can change."""
    found: dict[str, list[Any]] = {}
    with reading() as connection:
        there = set(sa.inspect(connection).get_table_names())
        for each in Base.metadata.sorted_tables:
            if each.name in there and each.name not in NOT_COUNTED:
                found[each.name] = [tuple(row) for row in connection.execute(each.select().order_by(*each.primary_key))]
    return found


def _sentence(answer: TestResponse) -> str:
    if answer.mimetype == "application/problem+json":
        return str(answer.get_json()["detail"])
    # The summary of a form's faults names each; an error page has a lead.
    found = re.search(r'class="error-summary".*?<li>(.*?)</li>', answer.text, re.DOTALL)
    found = found or re.search(r'<p class="lead">(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, answer.text[:3000]
    return " ".join(re.sub("<[^>]+>", " ", found[1]).split())
