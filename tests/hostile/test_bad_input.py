"""Everything that nobody should send, by form and by program: a 4xx with a sentence, at once, and no row changed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from compliance.authz import Actor
from tests.hostile.scene import Cast, Front, refused

Stand = Callable[[Actor | None], Front]
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARTS = "multipart/form-data; boundary=x"


def _parts(fields: list[tuple[str, bytes]]) -> bytes:
    """Return *fields* as a browser sends them beside a file."""
    head = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    return b"".join(head % (name.encode(), value) for name, value in fields) + b"--x--\r\n"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "address",
    [
        "/permits/new?x=%00",
        "/permits/new?x=%ff%fe",
        "/permits/PE-\x00",
        f"/permits/{'9' * 400}",
        f"/permits/{'A' * 60_000}",
        f"/permits?state={'a' * 60_000}",
        "/permits?after=%ed%a0%80",
        f"/permits?after={'9' * 400}",
        "/nothing/here",
        "/permits/PE-00000000/fly",
        f"/permits/PE-00000000/{'x' * 400}",
        "/audit?before=1",
        f"/audit?since={'9' * 400}",
    ],
)
def test_an_odd_address_is_refused(cast: Cast, front: Stand, address: str) -> None:
    refused(front(cast.rita).browser(address), 400, 403, 404, 414)


@pytest.mark.usefixtures("unchanged")
def test_a_list_is_not_narrowed_by_a_state_that_does_not_exist(cast: Cast, front: Stand) -> None:
    refused(front(cast.rita).browser("/permits?state=flying"), 400)
    refused(front(cast.rita).program("/permits?state=flying"), 400)


def test_an_action_that_does_not_exist_is_refused_by_form_and_by_program(
    cast: Cast, front: Stand, unchanged: Callable[[], None]
) -> None:
    case = cast.claimed()
    unchanged()
    visitor = front(cast.rita)
    for name in ("fly", "lapse", "start", "x" * 400, "gr\u00e4nt"):
        refused(visitor.browser(f"/permits/{case.reference}/{name}"), 404)
        refused(visitor.send(f"/permits/{case.reference}/{name}"), 404)
        refused(visitor.program(f"/permits/{case.reference}/actions/{name}", method="POST", json={}), 404)


def test_an_action_of_another_state_says_who_and_when(cast: Cast, front: Stand, unchanged: Callable[[], None]) -> None:
    case = cast.claimed()
    unchanged()
    visitor = front(cast.mona)
    assert "since Mona acted on" not in refused(visitor.send(f"/permits/{case.reference}/submit"), 409)
    assert "since Rita acted on" in refused(visitor.send(f"/permits/{case.reference}/submit"), 409)
    answer = visitor.program(f"/permits/{case.reference}/actions/submit", method="POST", json={})
    assert "since Rita acted on" in refused(answer, 409)


def test_a_version_that_moved_on_says_who_and_when_and_keeps_the_text(
    cast: Cast, front: Stand, unchanged: Callable[[], None]
) -> None:
    case = cast.claimed()
    unchanged()
    fields = {"seen": "0" * 64, "reason": "My long text"}
    answer = front(cast.rita).send(f"/permits/{case.reference}/grant", fields)
    assert "since Rita acted on" in refused(answer, 409)
    assert "My long text" in answer.text
    answer = front(cast.rita).program(f"/permits/{case.reference}/actions/grant", method="POST", json=fields)
    assert "since Rita acted on" in refused(answer, 409)


BODIES: dict[str, tuple[dict[str, Any], set[int]]] = {
    "30 MB form": ({"data": b"a=" + b"b" * 30_000_000, "content_type": FORM}, {413}),
    "2 MB field": ({"data": b"title=" + b"b" * 2_000_000, "content_type": FORM}, {413}),
    "2 MB field in parts": ({"data": _parts([("title", b"b" * 2_000_000)]), "content_type": PARTS}, {413}),
    "30 MB in parts": ({"data": _parts([("title", b"b" * 30_000_000)]), "content_type": PARTS}, {413}),
    "50,000 fields": ({"data": "&".join(f"f{n}=1" for n in range(50_000)), "content_type": FORM}, {413}),
    "5,000 parts": ({"data": _parts([(f"f{n}", b"1") for n in range(5_000)]), "content_type": PARTS}, {413}),
    "gzip bomb": (
        {"data": gzip.compress(b"a" * 50_000_000), "content_type": FORM, "headers": {"Content-Encoding": "gzip"}},
        {415},
    ),
    "bad UTF-8": ({"data": b"title=%ff%fe", "content_type": FORM}, {400}),
    "raw bad UTF-8": ({"data": b"title=\xff\xfe", "content_type": FORM}, {400}),
    "lone surrogate": ({"data": b"title=%ed%a0%80", "content_type": FORM}, {400}),
    "JSON to a page": ({"data": b"{}", "content_type": JSON}, {400}),
    "deep JSON to a page": ({"data": b"[" * 50_000, "content_type": JSON}, {400}),
    "XML": ({"data": b"<a/>", "content_type": "text/xml"}, {400}),
    "a type that is none": ({"data": b"title=x", "content_type": "\u00e4/;;=charset"}, {400}),
    "parts without an end": ({"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"}, {400}),
    "parts without a border": ({"data": b"--x\r\n", "content_type": "multipart/form-data"}, {400}),
    "no token": ({"data": {"title": "x", "size": "5"}}, {400}),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", BODIES)
def test_an_odd_body_to_a_page_is_refused(cast: Cast, front: Stand, name: str) -> None:
    sent, statuses = BODIES[name]
    refused(front(cast.mona).browser("/permits/new", method="POST", **sent), *statuses)


JSON_BODIES: dict[str, tuple[dict[str, Any], set[int]]] = {
    "30 MB": ({"data": b" " * 30_000_000, "content_type": JSON}, {413}),
    "2 MB field": ({"data": json.dumps({"title": "b" * 2_000_000, "size": 5}), "content_type": JSON}, {413}),
    "depth 50,000": ({"data": b"[" * 50_000, "content_type": JSON}, {400}),
    "depth 50,000 of objects": ({"data": b'{"a":' * 50_000, "content_type": JSON}, {400}),
    "lone surrogate": ({"data": rb'{"title": "\ud800", "size": 5}', "content_type": JSON}, {422}),
    "NUL": ({"data": rb'{"title": "a\u0000b", "size": 5}', "content_type": JSON}, {422}),
    "bad UTF-8": ({"data": b'{"title": "\xff"}', "content_type": JSON}, {400}),
    "400 digits": ({"data": b'{"title": "a", "size": ' + b"9" * 400 + b"}", "content_type": JSON}, {422}),
    "5,000 digits": ({"data": b'{"title": "a", "size": ' + b"9" * 5_000 + b"}", "content_type": JSON}, {400}),
    "50,000 members": ({"data": json.dumps({f"f{n}": 1 for n in range(50_000)}), "content_type": JSON}, {422}),
    "gzip bomb": (
        {"data": gzip.compress(b" " * 50_000_000), "content_type": JSON, "headers": {"Content-Encoding": "gzip"}},
        {415},
    ),
    "a form": ({"data": b"title=x&size=5", "content_type": FORM}, {415}),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", JSON_BODIES)
def test_an_odd_body_to_the_api_is_refused(cast: Cast, front: Stand, name: str) -> None:
    sent, statuses = JSON_BODIES[name]
    refused(front(cast.mona).program("/permits", method="POST", **sent), *statuses)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("size", [None, True, [], {}, "five", "5\0", 5.5, -1, 10**400, "9" * 400, "\ufffd", "", [5]])
def test_a_value_of_another_type_is_refused(cast: Cast, front: Stand, size: object) -> None:
    body = json.dumps({"title": "Crane", "size": size})
    refused(front(cast.mona).program("/permits", method="POST", data=body, content_type=JSON), 422)
    if isinstance(size, str):
        answer = front(cast.mona).send("/permits/new", {"title": "Tower crane", "size": size})
        refused(answer, 422)
        assert "Tower crane" in answer.text


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("limit", ["0", "201", "-1", "9" * 400, "ten", "1e2", ""])
def test_a_page_is_never_larger_than_two_hundred(cast: Cast, front: Stand, limit: str) -> None:
    refused(front(cast.rita).program(f"/permits?limit={limit}"), 400)
