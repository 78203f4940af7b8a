"""A browser without a screen: it reads the pages it gets and sends their forms with their tokens."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance.authz import Actor
from compliance.kernel.db import engine, table
from tests.engine.processes.permit import Permit


class Browser:
    """Somebody in front of the desk; every page is checked while it is read."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def read(self, address: str) -> TestResponse:
        response = self.client.get(address)
        if response.mimetype == "text/html" and response.status_code < 300:
            check_page(response.text)
        return response

    def send(self, address: str, **fields: str) -> TestResponse:
        page = self.read(address).text
        token, seen = (re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("csrf_token", "seen"))
        hidden = {name: found[1] for name, found in (("csrf_token", token), ("seen", seen)) if found}
        return self.client.post(address, data={**hidden, **fields})

    def press(self, page: str, action: str, /, **fields: str | list[str]) -> TestResponse:
        """Send the form of *page* that goes to *action*, with its hidden values and *fields* over them."""
        body = re.search(
            rf'<form[^>]*action="{re.escape(html.escape(action))}"[^>]*>(.*?)</form>', page, flags=re.DOTALL
        )
        assert body is not None, action
        hidden: dict[str, list[str]] = {}
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>|<button[^>]*name=[^>]*>', body[1]):
            name, value = (re.search(rf'\s{part}="([^"]*)"', tag) for part in ("name", "value"))
            assert name is not None
            hidden.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
        return self.client.post(action, data={**hidden, **fields})


def check_page(text: str) -> None:
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert re.search(r"<title>[^<]{3,}</title>", text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), "ids repeat"
    assert not re.search(r"<[^>]+\s(style|on\w+)=", text), "inline style or script"
    labelled = set(re.findall(r'<label[^>]*\sfor="([^"]+)"', text))
    for control in re.findall(r"<(?:input|select|textarea)[^>]*>", text):
        if 'type="hidden"' in control or 'type="search"' in control or "aria-label" in control:
            continue
        name = re.search(r'\sid="([^"]+)"', control)
        assert name is not None, control
        assert name[1] in labelled, control


@pytest.fixture
def sign_in(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Actor | None], Browser]:
    """Return a way to become somebody; the person is real, only the sign-in is left out."""
    table(Permit).create(engine())

    def become(person: Actor | None) -> Browser:
        monkeypatch.setitem(app.extensions, "current_actor", lambda: person)
        return Browser(app.test_client())

    return become
