"""The desk of these tests, and a browser that comes in as whoever it is told, with all that they must not see."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask, request

from compliance.authz import Actor, Channel
from compliance.kernel.db import session
from tests.calibration.scene import TwoLooks
from tests.offer.scene import MONDAY
from tests.web.conftest import Browser

API_SCOPES = frozenset({"offers:read", "blind-reviews:read", "blind-reviews:write"})


@pytest.fixture
def desk(app: Flask) -> TwoLooks:
    del app  # Asked for so that the database is there.
    with time_machine.travel(MONDAY, tick=False):
        return TwoLooks()


@pytest.fixture
def come_in(app: Flask, desk: TwoLooks, monkeypatch: pytest.MonkeyPatch) -> Callable[[Actor], Browser]:
    """Return a way to come in as somebody, through pages or with a token; only the sign-in itself is left out."""

    def become(person: Actor) -> Browser:
        def found() -> Actor:
            actor = desk.now(person)
            if request.path.startswith("/api/"):
                return dataclasses.replace(actor, scopes=API_SCOPES, channel=Channel.API)
            return actor

        session().commit()
        monkeypatch.setitem(app.extensions, "current_actor", found)
        return Browser(app.test_client())

    return become
