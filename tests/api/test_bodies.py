"""Bodies, addresses and keys that nobody should send: each gets a sentence as problem+json, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.authz import Actor
from tests.api.conftest import ROOT, Program
from tests.api.test_cases import cases

Become = Callable[..., Program]
GOOD = b'{"title": "Crane", "size": 5}'


def problem(response: Any, status: int) -> str:  # noqa: ANN401 - a test response
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    assert response.json["status"] == status
    assert response.json["title"]
    return str(response.json["detail"])


@pytest.mark.parametrize(
    "raw,words",
    [
        (b"{", "line 1, column 2"),
        (b'{"title": "Crane"', "line 1, column 18"),
        (b'\xef\xbb\xbf{"title": "Crane"}', "line 1"),
        (b'{"size": NaN}', "NaN"),
        (b'{"size": -Infinity}', "-Infinity"),
        (b'{"title": "a", "title": "b"}', "twice"),
        (b'{"title": "\xff"}', "byte 12"),
        (GOOD.decode().encode("utf-16"), "UTF-8"),
        (b"[]", "one JSON object"),
        (b'"text"', "one JSON object"),
        (b"null", "one JSON object"),
        (b"5", "one JSON object"),
        (b'{"size": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 33 + b"]" * 33, "32 levels"),
        (b"[" * 50_000, "32 levels"),
        (b'{"a":' * 50_000, "32 levels"),
        (b"[]" * 500_000, "line 1"),
        (b'"' + b'\\"' * 500_000, "line 1"),
        (b'{"title": "' + b"[" * 50 + b'"', "line 1"),
    ],
)
def test_what_is_not_a_json_object_is_refused_with_its_place(
    program: Become, mona: Actor, raw: bytes, words: str
) -> None:
    answer = program(mona).post_raw("/permits", raw, content_type="application/json", headers={})
    assert words in problem(answer, 400)
    assert cases() == 0


def test_brackets_inside_a_text_do_not_count_as_depth(program: Become, mona: Actor) -> None:
    assert program(mona).post("/permits", {"title": "[" * 100 + '\\"{', "size": 5}).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
     "application/json; charset=utf-16", "application/problem+json", ""],
)  # fmt: skip
def test_a_body_of_another_type_is_refused(program: Become, mona: Actor, content_type: str) -> None:
    answer = program(mona).post_raw("/permits", GOOD, content_type=content_type, headers={})
    assert "application/json" in problem(answer, 415)
    assert cases() == 0


def test_a_compressed_body_is_refused(program: Become, mona: Actor) -> None:
    headers = {"Content-Encoding": "gzip"}
    problem(program(mona).post_raw("/permits", GOOD, content_type="application/json", headers=headers), 415)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 30_000_000])
def test_a_body_that_is_too_large_is_refused(program: Become, mona: Actor, size: int) -> None:
    answer = program(mona).post_raw("/permits", b" " * size, content_type="application/json", headers={})
    assert "1024 KiB" in problem(answer, 413)


def test_a_body_of_just_the_size_allowed_is_read(program: Become, mona: Actor) -> None:
    raw = GOOD + b" " * (1024 * 1024 - len(GOOD))
    answer = program(mona).post_raw("/permits", raw, content_type="application/json; charset=UTF-8", headers={})
    assert answer.status_code == 201


def test_an_action_that_asks_for_nothing_needs_no_body(program: Become, mona: Actor) -> None:
    client = program(mona)
    address = f"/permits/{client.open()}/actions/submit"
    assert client.post_raw(address, b"", content_type="", headers={}).status_code == 200


@pytest.mark.parametrize(
    "method,address,status",
    [
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/nothings", 404),
        ("POST", "/api/v1/nothings", 404),
        ("GET", "/api/v2/permits", 404),
        ("GET", "/api/v1/permits/", 404),
        ("DELETE", "/api/v1/permits", 405),
        ("PUT", "/api/v1/permits/PE-00000000", 405),
        ("GET", "/api/v1/permits/PE-00000000/actions/submit", 405),
        ("POST", "/api/v1/permits/PE-00000000/events", 405),
        ("POST", "/api/v1/openapi.json", 405),
    ],
)
def test_addresses_and_methods_that_are_not_there_are_problems_too(
    app: Flask, method: str, address: str, status: int
) -> None:
    answer = app.test_client().open(address, method=method)
    assert "openapi.json" in problem(answer, 404) if status == 404 else "Allow" in problem(answer, 405)
    if status == 405:
        assert answer.headers["Allow"]


def test_an_address_beside_the_api_still_answers_with_a_page(app: Flask) -> None:
    assert app.test_client().get("/apiary").mimetype == "text/html"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["title", "size", "organisation", "team", "seen", "reason", "body"]) | st.text(max_size=5)
fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@fuzz
@given(members=st.dictionaries(names, json_values, max_size=5), action=st.sampled_from(["submit", "edit", "comment"]))
def test_no_object_breaks_anything(program: Become, mona: Actor, members: dict[str, Any], action: str) -> None:
    client = program(mona)
    assert client.post("/permits", members).status_code in {201, 422, 429}
    assert client.act("PE-00000000", action, members).status_code in {404, 422, 429}


@fuzz
@given(raw=st.binary(max_size=60) | st.text(alphabet='{}[]":,0-\\ueE.tfn ', max_size=60).map(str.encode))
def test_no_bytes_break_anything(program: Become, mona: Actor, raw: bytes) -> None:
    answer = program(mona).post_raw("/permits", raw, content_type="application/json", headers={})
    assert answer.status_code in {400, 422}


@fuzz
@given(reference=st.text(st.characters(exclude_characters="/"), min_size=1, max_size=50))
def test_no_reference_breaks_anything(program: Become, mona: Actor, reference: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in reference.encode("utf-8", "surrogatepass"))
    assert program(mona).get(f"/permits/{encoded}").status_code in {200, 404}


def test_the_description_says_of_itself_where_it_is(app: Flask) -> None:
    answer = app.test_client().get(f"{ROOT}/openapi.json")
    assert answer.mimetype == "application/json"
    assert json.loads(answer.text)["openapi"].startswith("3.1")
