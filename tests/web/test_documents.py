"""Documents in the browser: sent with a form, given out as files, refused with the form still there."""

import dataclasses
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from compliance.authz import Actor, Role
from compliance.kernel import files
from compliance.settings import Settings
from tests import make, papers
from tests.offer.scene import Desk
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]
AHEAD = {"starts_on": "2099-04-01", "ends_on": "2099-07-31"}


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    made = Desk()
    made.in_review(**AHEAD)
    return made


def upload(
    browser: Browser, address: str, content: bytes | None, name: str = "proof.pdf", **typed: str
) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.read(address).text)
    assert token
    sent = {"file": FileStorage(io.BytesIO(content), name)} if content is not None else {}
    boundary, raw = encode_multipart({"csrf_token": token[1], **typed, **sent})
    return browser.client.post(address, data=raw, content_type=f'multipart/form-data; boundary="{boundary}"')


def way_in(desk: Desk) -> str:
    return f"/offers/{desk.reference}/add_document"


def address_of(browser: Browser, desk: Desk) -> str:
    found = re.search(r'href="(/offers/[^"]+/documents/[0-9a-f-]{36})"', browser.read(f"/offers/{desk.reference}").text)
    assert found
    return found[1]


def test_a_document_goes_from_form_to_page_and_comes_back_as_the_same_file(sign_in: SignIn, desk: Desk) -> None:
    fay = sign_in(desk.fay)
    sent = upload(fay, way_in(desk), papers.PDF, "Police « 2026 ».pdf", expires_on="2001-01-01")
    assert sent.status_code == 303, sent.text
    page = fay.read(sent.location).text
    assert "Police « 2026 ».pdf" in page
    assert "Expired" in page
    with sign_in(desk.rita).client.get(address_of(fay, desk)) as given:
        assert given.data == papers.PDF
    assert given.mimetype == "application/pdf"
    assert given.headers["Content-Disposition"].startswith("attachment; filename")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert given.headers["Cache-Control"] == "private, no-store"


def test_whoever_does_not_see_the_offer_finds_no_document_of_it(sign_in: SignIn, desk: Desk) -> None:
    fay = sign_in(desk.fay)
    upload(fay, way_in(desk), papers.PDF)
    address = address_of(fay, desk)
    stranger = sign_in(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    for path in (address, f"{address}/withdraw", way_in(desk)):
        assert stranger.read(path).status_code == 404
    assert sign_in(None).read(address).status_code == 302


def test_what_is_internal_is_neither_listed_nor_given_to_the_parties(sign_in: SignIn, desk: Desk) -> None:
    rita = sign_in(desk.rita)
    assert 'name="internal"' in rita.read(way_in(desk)).text
    upload(rita, way_in(desk), papers.PDF, "suspicion.pdf", internal="y")
    address = address_of(rita, desk)
    for who in (desk.mona, desk.fay):
        party = sign_in(who)
        assert "suspicion.pdf" not in party.read(f"/offers/{desk.reference}").text
        assert 'name="internal"' not in party.read(way_in(desk)).text
        assert party.read(address).status_code == 404


@pytest.mark.parametrize(
    "content,name,words",
    [
        (None, "", "Choose a file."),
        (b"", "", "Choose a file."),
        (b"", "a.txt", "The file is empty."),
        (papers.EXE, "a.pdf", "content is something else"),
        (papers.PDF, "a.exe", "must end like a file of a kind"),
        (papers.png(60_000, 60_000), "a.png", "Make it smaller"),
    ],
)
def test_a_file_that_is_refused_leaves_the_form_as_it_was_typed(
    sign_in: SignIn, desk: Desk, content: bytes | None, name: str, words: str
) -> None:
    fay = sign_in(desk.fay)
    sent = upload(fay, way_in(desk), content, name, expires_on="2031-05-05")
    assert sent.status_code == 422
    assert words in sent.text
    assert 'value="2031-05-05"' in sent.text
    assert "There are none yet." in fay.read(f"/offers/{desk.reference}").text


@pytest.mark.parametrize("size", [16_000_001, 17_000_000, 30_000_000])
def test_a_file_that_is_too_large_is_told_so_with_the_way_back(sign_in: SignIn, desk: Desk, size: int) -> None:
    fay = sign_in(desk.fay)
    sent = upload(fay, way_in(desk), b"a" * size, "a.txt")
    assert sent.status_code == 413
    assert "at most 16 MB" in sent.text
    assert f'href="/offers/{desk.reference}"' in sent.text
    assert "There are none yet." in fay.read(f"/offers/{desk.reference}").text


def test_a_file_of_just_the_size_allowed_is_taken(sign_in: SignIn, desk: Desk) -> None:
    assert upload(sign_in(desk.fay), way_in(desk), b"a" * 16_000_000, "a.txt").status_code == 303


def test_a_refused_date_stands_beside_its_field(sign_in: SignIn, desk: Desk) -> None:
    sent = upload(sign_in(desk.fay), way_in(desk), papers.PDF, expires_on="soon")
    assert sent.status_code == 422
    assert "Not a valid date value" in sent.text


def test_a_document_is_withdrawn_by_the_side_that_added_it(sign_in: SignIn, desk: Desk) -> None:
    mona = sign_in(desk.mona)
    upload(mona, way_in(desk), papers.PDF, "wrong.pdf")
    address = address_of(mona, desk)
    refused = mona.send(f"{address}/withdraw", reason="")
    assert refused.status_code == 422
    assert "Give your reason." in refused.text
    assert "/withdraw" not in sign_in(desk.fay).read(f"/offers/{desk.reference}").text
    assert sign_in(desk.fay).send(f"{address}/withdraw", reason="Not mine").status_code == 409
    assert sign_in(desk.mona).send(f"{address}/withdraw", reason="The wrong one").status_code == 303
    assert sign_in(desk.mona).read(address).status_code == 404
    assert "Withdrawn" in sign_in(desk.rita).read(f"/offers/{desk.reference}").text


def test_a_party_reads_why_it_cannot_add_any_more(sign_in: SignIn, desk: Desk) -> None:
    desk.reject()
    mona = sign_in(desk.mona)
    page = mona.read(f"/offers/{desk.reference}").text
    assert "Ask the desk to add yours." in page
    assert upload(mona, way_in(desk), papers.PDF).status_code == 409


def test_a_document_whose_bytes_are_gone_says_whom_to_tell(app: Flask, sign_in: SignIn, desk: Desk) -> None:
    fay = sign_in(desk.fay)
    upload(fay, way_in(desk), b"only here", "lost.txt")
    address = address_of(fay, desk)
    with app.app_context():
        store = files.documents()
        store.forget(hashlib.sha256(b"only here").hexdigest())
    answer = fay.read(address)
    assert answer.status_code == 503
    assert "Tell whoever runs this installation." in answer.text


@pytest.fixture
def scanner(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a way to set a scanner: a real script, which gets the file's path."""

    def use(script: str) -> None:
        path = tmp_path / "scan"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        found: Settings = app.config["SETTINGS"]
        monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(found, scan_command=(str(path), "--quiet")))

    return use


def test_a_scanner_sees_each_file_before_it_is_kept(
    sign_in: SignIn, desk: Desk, scanner: Callable[[str], None]
) -> None:
    scanner('[ "$1" = --quiet ] && ! grep -q EICAR "$2"')
    fay = sign_in(desk.fay)
    refused = upload(fay, way_in(desk), b"EICAR test", "a.txt")
    assert refused.status_code == 422
    assert "virus scanner refused" in refused.text
    assert upload(fay, way_in(desk), b"harmless", "b.txt").status_code == 303
    page = fay.read(f"/offers/{desk.reference}").text
    assert "b.txt" in page
    assert "a.txt" not in page


def test_while_the_scanner_does_not_answer_no_file_is_taken(
    app: Flask, sign_in: SignIn, desk: Desk, scanner: Callable[[str], None]
) -> None:
    scanner("exit 0")
    settings: Settings = app.config["SETTINGS"]
    Path(settings.scan_command[0]).unlink()
    sent = upload(sign_in(desk.fay), way_in(desk), papers.PDF)
    assert sent.status_code == 503
    assert "Files cannot be scanned right now" in sent.text
