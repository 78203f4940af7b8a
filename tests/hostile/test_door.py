"""What stands at the door: hosts, proxies, other sites, methods, headers, request numbers and logs."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.kernel.db import session
from compliance.ops import headers
from compliance.ops.edge import Edge
from tests import make
from tests.hostile.scene import Cast, Front, refused
from tests.people.scene import person, set_up_second_factor, sign_in

Stand = Callable[[Actor | None], Front]


@pytest.fixture
def settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**changes: Any) -> None:  # noqa: ANN401 - any setting
        monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], **changes))

    return change


@pytest.mark.parametrize("host", ["evil.example", "desk.example.evil.example", "desk.example:80@evil.example", "a b"])
def test_a_host_that_is_not_ours_is_refused_and_named_nowhere(
    cast: Cast, front: Stand, settings: Callable[..., None], host: str
) -> None:
    settings(hosts=frozenset({"desk.example"}))
    visitor = front(cast.rita)
    for address in ("/queue", "/login", "/nothing"):
        answer = visitor.browser(address, headers={"Host": host})
        refused(answer, 400)
        assert "evil" not in answer.text + str(answer.headers)
    assert visitor.browser("/queue", headers={"Host": "desk.example"}).status_code == 200
    assert visitor.browser("/queue", headers={"Host": "DESK.example:8443"}).status_code == 200
    assert visitor.browser("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_what_another_site_sends_is_refused_even_with_a_token(cast: Cast, front: Stand, sent: dict[str, str]) -> None:
    visitor = front(cast.mona)
    answer = visitor.send("/permits/new", {"title": "Crane", "size": "5"}, headers=sent)
    assert "another site" in refused(answer, 403)


def test_what_this_site_sends_is_taken(cast: Cast, front: Stand) -> None:
    sent = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert front(cast.mona).send("/permits/new", {"title": "Crane", "size": "5"}, headers=sent).status_code == 303


@pytest.mark.parametrize(
    "chain,found",
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("not an address", "10.0.0.1"),
        ("203.0.113.9, ", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_a_proxy_of_ours_is_believed_and_nobody_else(chain: str, found: str) -> None:
    seen: list[str] = []

    def application(environ: dict[str, Any], _start: object) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return []

    edge = Edge(application, (ip_network("10.0.0.0/8"),))
    for remote in ("10.0.0.1", "192.0.2.1"):
        edge({"REQUEST_METHOD": "GET", "REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": chain}, None)
    assert seen == [found, "192.0.2.1"]


@pytest.mark.parametrize("address", ["/login", "/permits", "/permits/new", "/healthz", "/api/v1/openapi.json"])
def test_head_is_get_without_a_body(cast: Cast, front: Stand, address: str) -> None:
    visitor = front(cast.mona)
    whole, head = visitor.browser(address), visitor.browser(address, method="HEAD")
    assert (head.status_code, head.data) == (whole.status_code, b"")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GETS"])
def test_other_methods_are_refused_and_the_right_ones_named(cast: Cast, front: Stand, method: str) -> None:
    visitor = front(cast.mona)
    for address in ("/permits", "/permits/new", "/login"):
        answer = visitor.browser(address, method=method, headers={"X-HTTP-Method-Override": "POST"})
        refused(answer, 405)
        assert "GET" in answer.headers["Allow"]


def test_every_answer_is_hardened_and_numbered(cast: Cast, front: Stand, settings: Callable[..., None]) -> None:
    settings(base_url="https://desk.example")
    visitor, numbers = front(cast.rita), set()
    for address in ("/queue", "/nothing", "/healthz", "/api/v1/nothing", "/login", "/static/desk.css"):
        answer = visitor.browser(address)
        assert answer.headers["Content-Security-Policy"] == headers.CONTENT_SECURITY_POLICY
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "Content-Encoding" not in answer.headers
        if not address.startswith("/static"):
            assert answer.headers["Cache-Control"] == "no-store"
        numbers.add(answer.headers["X-Request-Id"])
        answer.close()
    assert len(numbers) == 6
    page = visitor.browser("/queue")
    assert page.headers["X-Request-Id"] in page.text
    problem = visitor.program("/permits?limit=0")
    assert problem.get_json()["request_id"] == problem.headers["X-Request-Id"]


def test_signing_out_clears_what_the_browser_kept(cast: Cast, front: Stand) -> None:
    answer = front(cast.rita).send("/logout")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_request_is_one_line_of_the_log_and_no_name_makes_another(
    front: Stand, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    del cast  # Asked for so that the tables are there.
    forger = make.actor('Eve\r\n{"event": "forged"}', Role.REVIEWER)
    visitor = front(forger)
    capsys.readouterr()
    secret = "k3y-that-nobody-may-read"
    visitor.browser(f"/queue?view={secret}%0d%0a{{}}", headers={"Authorization": secret, "User-Agent": f"{secret}\t"})
    visitor.browser(f"/permits/{secret}")
    visitor.program("/permits", headers={"Authorization": f"Bearer {secret}"})
    text = capsys.readouterr().err
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["event"] for line in lines] == ["request.answered"] * 3
    assert [line["route"] for line in lines] == ["/queue", "/permits/<reference>", "/api/v1/permits"]
    assert all(re.fullmatch("[0-9a-f]{16}", line["request_id"]) for line in lines)
    assert lines[0]["actor"] == str(forger.id)
    assert secret not in text
    assert "forged" not in text


def test_a_fault_of_ours_is_logged_whole_and_shown_as_a_number(
    app: Flask, cast: Cast, front: Stand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(**_given: object) -> str:
        raise ZeroDivisionError("inside")

    monkeypatch.setitem(app.view_functions, "cases.queue", break_down)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)  # noqa: FBT003 - the value to set
    answer = front(cast.rita).browser("/queue")
    refused(answer, 500)
    assert "inside" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = [line for line in told if line["event"] == "request.failed"]
    assert len(failed) == 1
    assert "ZeroDivisionError" in failed[0]["exception"]
    assert failed[0]["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("room,view", [("/invite/", "joining.join"), ("/reset/", "recovery.reset")])
def test_the_key_in_a_mailed_link_stands_in_no_line_of_the_log_not_even_when_its_page_breaks_down(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], room: str, view: str
) -> None:
    key = "k3y-that-nobody-may-read"
    browser = app.test_client()
    capsys.readouterr()
    assert browser.get(room + key).status_code == 410

    def break_down(**_given: object) -> str:
        raise ZeroDivisionError("inside")

    monkeypatch.setitem(app.view_functions, view, break_down)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)  # noqa: FBT003 - the value to set
    assert browser.get(room + key).status_code == 500
    text = capsys.readouterr().err
    told = [json.loads(line) for line in text.splitlines()]
    assert [line["event"] for line in told] == ["request.answered", "request.failed", "request.answered"]
    assert {line["route"] for line in told} == {f"{room}<token>"}
    assert key not in text


@pytest.mark.parametrize(
    "body,told",
    [
        ({"csp-report": {"effective-directive": "script-src", "blocked-uri": "https://evil.example/x\r\n"}}, 1),
        ({"csp-report": []}, 0),
        ([], 0),
        ("x", 0),
    ],
)
def test_a_report_of_a_browser_is_logged_and_nothing_else_of_it(
    app: Flask, capsys: pytest.CaptureFixture[str], body: object, told: int
) -> None:
    sent = app.test_client().post("/csp-reports", data=json.dumps(body), content_type="application/csp-report")
    assert (sent.status_code, sent.data) == (204, b"")
    assert capsys.readouterr().err.count("csp.violated") == told


def test_a_report_that_is_none_is_let_go(app: Flask) -> None:
    for data in (b"", b"\xff", b"[" * 10_000):
        assert app.test_client().post("/csp-reports", data=data).status_code == 204
    assert app.test_client().post("/csp-reports", data=b"x" * 20_000).status_code == 413


def test_who_finds_a_weakness_is_told_where_to_say_so(app: Flask, settings: Callable[..., None]) -> None:
    assert app.test_client().get("/.well-known/security.txt").status_code == 404
    settings(security_contact="mailto:security@desk.example", base_url="https://desk.example")
    text = app.test_client().get("/.well-known/security.txt").text
    assert "Contact: mailto:security@desk.example\n" in text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", text, re.MULTILINE)
    assert "Canonical: https://desk.example/.well-known/security.txt" in text


def test_the_record_knows_under_which_number_a_change_was_asked_for(app: Flask, cast: Cast) -> None:
    case = make.submitted_permit(cast.mona, cast.acme)
    address = f"/permits/{case.reference}/claim"
    client = app.test_client()
    person("ronda@desk.example", Role.REVIEWER)
    sign_in(client, "ronda@desk.example")
    set_up_second_factor(client)
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get(address).text)
    assert token is not None
    answer = client.post(address, data={"csrf_token": token[1]})
    assert answer.status_code == 303
    entry = session().scalars(sa.select(AuditEvent.entry).order_by(AuditEvent.event_id.desc()).limit(1)).one()
    assert json.loads(entry)["req"]["id"] == answer.headers["X-Request-Id"]
