"""Importing in the browser: template, upload, preview, confirmation; odd files come back as a sentence."""

import io
import re
from collections.abc import Callable

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from compliance.authz import Actor, Role
from tests import make
from tests.offer.scene import UNCHARTED, Desk
from tests.offer.test_importing import offers, table_of
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]
AHEAD = {"starts_on": "2099-04-01", "ends_on": "2099-07-31", **UNCHARTED}


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    return Desk()


@pytest.fixture
def mona(sign_in: SignIn, desk: Desk) -> Browser:
    return sign_in(desk.mona)


def bring(browser: Browser, content: bytes | None, name: str = "offers.csv", **typed: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.read("/offers/import").text)
    assert token
    sent = {"file": FileStorage(io.BytesIO(content), name)} if content is not None else {}
    boundary, raw = encode_multipart({"csrf_token": token[1], **typed, **sent})
    return browser.client.post("/offers/import", data=raw, content_type=f'multipart/form-data; boundary="{boundary}"')


def test_a_file_goes_from_template_to_offers(mona: Browser) -> None:
    assert 'href="/offers/import"' in mona.read("/offers").text
    template = mona.read("/offers/import/template.csv")
    assert template.mimetype == "text/csv"
    assert template.text.startswith("\ufefftitle,freelancer,")
    assert "freelancer_email" in mona.read("/offers/import").text
    sent = bring(mona, table_of(AHEAD, AHEAD))
    assert sent.status_code == 303, sent.text
    page = mona.read(sent.location).text
    assert "Nothing is wrong with any row." in page
    assert "Import 2 offers" in page
    assert offers() == []
    done = mona.send(sent.location, hand_in="y")
    assert done.status_code == 303
    assert "2 offers opened" in mona.read(done.location).text
    assert "2 of them are handed in" in mona.read(done.location).text
    assert [offer.state for offer in offers()] == ["submitted", "submitted"]


def test_of_many_rows_exactly_the_bad_ones_are_shown(mona: Browser) -> None:
    rows = [AHEAD] * 300
    for bad in (5, 150, 299):
        rows[bad] = {**AHEAD, "hours_per_week": "100"}
    sent = bring(mona, table_of(*rows))
    assert sent.status_code == 422
    assert re.findall(r'<span class="reference">(\d+)</span>', sent.text) == ["7", "152", "301"]
    assert "Rows refused" in sent.text
    assert '<button type="submit" class="button primary"' not in sent.text
    assert offers() == []


def test_bad_rows_go_on_page_by_page_and_come_as_a_table(mona: Browser) -> None:
    sent = bring(mona, table_of(*[{**AHEAD, "amount": "x"}] * 120))
    seen = re.findall(r'<span class="reference">(\d+)</span>', sent.text)
    following = re.search(r'href="([^"]+)" rel="next"', sent.text)
    first = following[1].partition("?")[0] if following else ""
    while following:
        page = mona.read(following[1])
        assert page.status_code == 200
        seen += re.findall(r'<span class="reference">(\d+)</span>', page.text)
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert seen == [str(line) for line in range(2, 122)]
    assert mona.read(f"{first}/faults.csv").text.count("\r\n") == 121
    assert mona.read(f"{first}?after=-{'9' * 400}").status_code == 200
    assert mona.read(f"{first}?after={'9' * 40}").status_code == 200


@pytest.mark.parametrize(
    "content,name,words",
    [
        (None, "", "Choose a file."),
        (b"", "", "Choose a file."),
        (b"", "a.csv", "The file is empty."),
        (b"\xff\xfe", "a.csv", "is not UTF-8"),
        (b"title,tilte\n", "a.csv", "Perhaps you mean"),
        (b'{"title": "\\ud800"}', "a.jsonl", "not text"),
        (b"[" * 50_000, "a.jsonl", "nests deeper"),
        (b"c," * 50_000, "a.csv", "columns"),
    ],
)
def test_an_odd_file_comes_back_with_a_sentence(mona: Browser, content: bytes | None, name: str, words: str) -> None:
    sent = bring(mona, content, name)
    assert sent.status_code == 422
    assert words in sent.text
    assert 'href="/offers"' in sent.text


@pytest.mark.parametrize("size", [16_000_001, 30_000_000])
def test_a_file_that_is_too_large_is_told_so_with_the_way_back(mona: Browser, size: int) -> None:
    sent = bring(mona, b"a" * size)
    assert sent.status_code == 413
    assert "at most 16 MB" in sent.text
    assert 'href="/offers"' in sent.text


def test_the_same_file_again_is_asked_about(mona: Browser) -> None:
    mona.send(bring(mona, table_of(AHEAD)).location)
    second = bring(mona, table_of(AHEAD)).location
    assert "This very file was imported before" in mona.read(second).text
    refused = mona.send(second)
    assert refused.status_code == 409
    assert "Say that you mean it again" in refused.text
    assert mona.send(second, again="y").status_code == 303
    assert mona.send(second, again="y").status_code == 409
    assert len(offers()) == 2


def test_another_organisations_people_find_nothing(sign_in: SignIn, desk: Desk, mona: Browser) -> None:
    address = bring(mona, table_of(AHEAD)).location
    stranger = sign_in(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    for path in (address, f"{address}/faults.csv", "/offers/import/x", f"/offers/import/{'9' * 400}"):
        assert stranger.read(path).status_code == 404
    assert stranger.read("/offers/import").status_code == 200
    assert bring(stranger, table_of(AHEAD), place=f"{desk.client.id}:").status_code == 404
    for who in (desk.rita, desk.fay):
        assert sign_in(who).read("/offers/import").status_code == 403
        assert sign_in(who).read(address).status_code == 404
    assert offers() == []


def test_a_file_is_brought_for_one_of_several_places(sign_in: SignIn, desk: Desk) -> None:
    other = make.organisation("Beta")
    both = make.actor("Bo", Role.HIRING_MANAGER, at=other)
    both = make.actor("Bob", Role.HIRING_MANAGER, at=desk.client).__class__(
        both.id, "Bo", both.grants | desk.mona.grants
    )
    browser = sign_in(both)
    assert "Beta" in browser.read("/offers/import").text
    address = bring(browser, table_of(AHEAD), place=f"{other.id}:").location
    assert "Beta" in browser.read(address).text
    browser.send(address)
    assert [offer.organisation_id for offer in offers()] == [other.id]
