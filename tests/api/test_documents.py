"""Documents over REST: multipart in, bytes out, the same rules as in the browser."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from compliance.authz import Role
from tests import make, papers
from tests.api.conftest import ROOT, Program, Reply, document_of
from tests.offer.scene import Desk

Become = Callable[..., Program]
SCOPES = frozenset({"offers:read", "offers:write"})
AHEAD = {"starts_on": "2099-04-01", "ends_on": "2099-07-31"}


@pytest.fixture
def desk(acme: object) -> Desk:
    del acme  # Asked for so that the database is there.
    made = Desk()
    made.in_review(**AHEAD)
    return made


@pytest.fixture
def fay(program: Become, desk: Desk) -> Program:
    return program(desk.fay, SCOPES)


def upload(client: Program, desk: Desk, content: bytes = papers.PDF, name: str = "proof.pdf", **typed: Any) -> Reply:  # noqa: ANN401 - form parts and headers
    headers = typed.pop("headers", {})
    address = f"/offers/{desk.reference}/documents"
    data = {"file": FileStorage(io.BytesIO(content), name), **typed}
    return client.send_form(address, data, headers)


def test_a_document_is_added_listed_and_given_out(fay: Program, desk: Desk) -> None:
    added = upload(fay, desk, expires_on="2001-01-01")
    assert added.status_code == 201, added.text
    told = added.json["document"]
    assert (told["name"], told["media_type"], told["size"]) == ("proof.pdf", "application/pdf", len(papers.PDF))
    assert (told["party"], told["expired"], told["internal"]) == ("freelancer", True, False)
    assert added.headers["Audit-Receipt"] == added.json["receipts"][0]
    assert added.headers["Location"].endswith(told["href"])
    assert fay.get(f"/offers/{desk.reference}/documents").json == {"items": [told]}
    content, given = fay.fetch(told["href"].removeprefix(ROOT))
    assert (content, given.mimetype) == (papers.PDF, "application/pdf")
    assert given.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_the_case_names_the_address_to_send_a_file_to(fay: Program, desk: Desk) -> None:
    actions = {one["name"]: one["href"] for one in fay.get(f"/offers/{desk.reference}").json["actions"]}
    assert actions["add_document"] == f"{ROOT}/offers/{desk.reference}/documents"
    assert "withdraw_document" not in actions
    assert fay.post(f"/offers/{desk.reference}/actions/add_document", {"file": "x"}).status_code == 404


def test_a_document_is_withdrawn_by_an_action(fay: Program, desk: Desk) -> None:
    told = upload(fay, desk).json["document"]
    address = f"/offers/{desk.reference}/actions/withdraw_document"
    assert fay.post(address, {"document": told["id"], "reason": "Wrong one."}).status_code == 200
    assert fay.get(f"/offers/{desk.reference}/documents").json == {"items": []}
    assert fay.get(told["href"].removeprefix(ROOT)).status_code == 404


def test_a_repeated_upload_has_one_effect_whatever_its_boundary(fay: Program, desk: Desk) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = (upload(fay, desk, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json == second.json
    assert upload(fay, desk, papers.TEXT, "a.txt", headers=headers).json["code"] == "key_reused"
    assert upload(fay, desk).status_code == 409


REFUSED: dict[str, tuple[bytes, str, dict[str, str], int, str]] = {
    "another kind": (papers.EXE, "a.pdf", {}, 422, "something else"),
    "another name": (papers.PDF, "a.exe", {}, 422, "must end like"),
    "empty": (b"", "a.txt", {}, 422, "empty"),
    "a broken date": (papers.PDF, "a.pdf", {"expires_on": "soon"}, 422, "expires_on"),
    "an unknown field": (papers.PDF, "a.pdf", {"size": "5"}, 422, "no such field"),
    "a byte too many": (b"a" * 16_000_001, "a.txt", {}, 413, "at most 16 MB"),
    "30 MB": (b"a" * 30_000_000, "a.txt", {}, 413, "at most 16 MB"),
}


@pytest.mark.parametrize("sent", REFUSED)
def test_what_is_refused_in_the_browser_is_refused_here(fay: Program, desk: Desk, sent: str) -> None:
    content, name, typed, status, words = REFUSED[sent]
    answer = upload(fay, desk, content, name, **typed)
    assert answer.status_code == status
    assert words in answer.json["detail"]
    assert fay.get(f"/offers/{desk.reference}/documents").json == {"items": []}


@pytest.mark.parametrize(
    "data,content_type,status",
    [
        (b"{}", "application/json", 415),
        (papers.PDF, "application/pdf", 415),
        (b"", "multipart/form-data", 422),
        (b"", "multipart/form-data; boundary=x", 422),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x", 422),
    ],
)
def test_a_body_without_exactly_one_file_is_refused(
    fay: Program, desk: Desk, data: bytes, content_type: str, status: int
) -> None:
    address = f"/offers/{desk.reference}/documents"
    assert fay.post_raw(address, data, content_type=content_type, headers={}).status_code == status


def test_two_files_at_once_are_refused(fay: Program, desk: Desk) -> None:
    assert upload(fay, desk, other=FileStorage(io.BytesIO(b"a"), "a.txt")).status_code == 422


def test_other_organisations_and_narrow_tokens_get_nothing(program: Become, fay: Program, desk: Desk) -> None:
    href = upload(fay, desk).json["document"]["href"].removeprefix(ROOT)
    stranger = program(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")), SCOPES)
    assert upload(stranger, desk, papers.TEXT, "a.txt").status_code == 404
    for address in (href, f"/offers/{desk.reference}/documents", f"/offers/{desk.reference}/documents/{'9' * 400}"):
        assert stranger.get(address).status_code == 404
    reading = program(desk.fay, frozenset({"offers:read"}))
    assert upload(reading, desk, papers.TEXT, "a.txt").status_code == 403
    assert program(None).get(href).status_code == 401


def test_the_description_says_what_is_taken(app: Flask, acme: object) -> None:
    del acme  # As above.
    described = document_of(app)["paths"]["/api/v1/offers/{reference}/documents"]["post"]
    schema = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["file"]
    assert set(schema["properties"]) == {"file", "expires_on", "internal"}
