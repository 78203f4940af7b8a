"""The library of rules in the browser: the list, the text, the rows, the files and the differences."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest

from compliance.authz import Actor, Role
from compliance.kernel.db import session
from compliance.rules import store
from compliance.rules.rule_set import RuleSet
from compliance.rules.told import book, table
from tests import make
from tests.editions import publish_another
from tests.web.conftest import Browser
from tests.web.scene import words

SignIn = Callable[[Actor | None], Browser]
DESK = [Role.REVIEWER, Role.SENIOR_REVIEWER, Role.TEAM_LEAD, Role.AUDITOR, Role.ADMINISTRATOR]


@pytest.fixture
def reader(sign_in: SignIn) -> Browser:
    return sign_in(make.actor("Rita", Role.REVIEWER))


@pytest.mark.parametrize("role", DESK)
def test_the_desk_finds_every_rule_set_from_its_navigation(sign_in: SignIn, role: Role) -> None:
    browser = sign_in(make.actor("Dora", role))
    page = browser.read("/rules").text
    assert '<a href="/rules" aria-current="page">Rules</a>' in page
    shipped = list(store.library().everything())
    assert [one.key for one in shipped if f'href="/rules/{one.key}"' not in page] == []
    assert [one.title for one in shipped if one.title not in unescape(page)] == []


def test_parties_read_the_rules_too_and_find_them_at_the_foot(sign_in: SignIn) -> None:
    browser = sign_in(make.actor("Mona", Role.HIRING_MANAGER, at=make.organisation()))
    page = browser.read("/rules").text
    nav, _, foot = page.partition("<main")
    assert ">Rules<" not in nav.partition('class="main-nav"')[2].partition("</nav>")[0]
    assert '<a href="/rules">Rules</a>' in foot
    text = browser.read("/rules/us-flsa").text
    assert "Try answers" not in text
    assert "Where this version was used" not in text


def test_strangers_are_sent_to_the_door(sign_in: SignIn) -> None:
    for address in ("/rules", "/rules/us-flsa", "/rules/try", "/rules/us-flsa/cases"):
        response = sign_in(None).read(address)
        assert response.status_code == 302
        assert "/login" in response.location


def test_the_list_says_what_each_set_is_and_where_it_stands(reader: Browser) -> None:
    publish_another("us-ma-abc", "2025.1")
    page = words(reader.read("/rules").text)
    assert "United States: Massachusetts" in page
    assert "Has the employer shown all three prongs?" in page
    assert "Legal test. Version 2026.1, with 1 other, in force from 2004-07-19; only on disk; partly checked" in page
    assert "Proposed, not law Proposal of 2026: two core factors" in page
    assert "Authority's tables. Version 2.4" in page


def test_a_set_that_is_published_says_since_when(reader: Browser) -> None:
    store.publish(session(), store.shipped("uk-cest-2.4"), make.actor("Ada", Role.ADMINISTRATOR))
    session().commit()
    assert "in force from 2019-10-24; published since" in words(reader.read("/rules?kind=table").text)


def test_the_list_is_narrowed_by_place_and_kind_in_the_address(reader: Browser) -> None:
    californian = reader.read("/rules?place=US-CA&kind=test").text
    assert 'href="/rules/us-ca-abc"' in californian
    assert 'href="/rules/us-flsa"' in californian  # The country's law holds in its parts.
    assert 'href="/rules/us-ma-abc"' not in californian
    assert 'href="/rules/ca-fwpa"' not in californian
    assert "Remove filter Place: United States: California" in words(californian)
    german = reader.read("/rules?place=DE").text
    assert 'href="/rules/eu-platform"' in german
    american = reader.read("/rules?place=US").text
    assert 'href="/rules/nyc-fifa"' in american
    assert "Nothing matches" in reader.read("/rules?place=IN&kind=table").text


@pytest.mark.parametrize("address", ["/rules?kind=poem", "/rules?place=XX", "/rules?place=us"])
def test_a_filter_that_is_none_is_refused(reader: Browser, address: str) -> None:
    refused = reader.read(address)
    assert refused.status_code == 422
    assert "There is a problem" in refused.text
    assert 'href="/rules/us-flsa"' not in refused.text


def test_every_set_says_all_that_it_says_on_its_page(reader: Browser) -> None:
    for rules in store.library().everything():
        page = words(reader.read(f"/rules/{rules.key}").text)
        parts = [part for chapter in book.chapters(rules) for part in chapter.parts]
        said = [part.title for part in parts]
        said += [text for part in parts for line in (*part.lines, *part.more) for text in line.said]
        assert [text for text in said if " ".join(text.split()) not in page] == [], rules.key
        assert rules.digest in page


def test_a_test_is_told_in_words(reader: Browser) -> None:
    page = words(reader.read("/rules/us-flsa").text)
    assert "1 of 6.5 in all; the number is ours" in page
    assert "29 CFR 795.110(b)(4) (checked against the source)" in page
    assert "strongly towards employee" in page
    assert "A balance of minus 12.5% or less: employee." in page
    assert "Proposed, not law Proposal of 2026: two core factors. It decides nothing here." in page
    prongs = words(reader.read("/rules/us-ma-abc").text)
    assert "Every prong has to be met; otherwise the worker is an employee." in prongs
    assert "goes before the factors: independent contractor" in prongs
    assert "settles that it is met" in prongs


def test_a_version_that_is_not_in_force_says_so(reader: Browser) -> None:
    publish_another("us-ma-abc", "2027.1", ("effective_from = 2004-07-19", "effective_from = 2099-01-01"))
    page = words(reader.read("/rules/us-ma-abc?version=2027.1").text)
    assert "This version is not in force today It is in force from 2099-01-01." in page
    assert "not in force today" not in words(reader.read("/rules/us-ma-abc").text)  # The one in force is shown first.


def test_every_row_of_a_table_is_reached_page_by_page(reader: Browser) -> None:
    rules = store.shipped("uk-cest-2.4")
    assert isinstance(rules, RuleSet)
    for section, (_, decisions) in table.tables(rules).items():
        address, pages, seen = f"/rules/uk-cest-2.4/tables/{section}", 0, 0
        while address:
            page = unescape(reader.read(address).text)
            seen += page.count('data-label="Row"')
            pages += 1
            found = page.partition('rel="next"')[0].rpartition('<a href="')[2].partition('"')[0]
            address = found if 'rel="next"' in page else ""
        assert seen == len(decisions.rows)
        assert pages == -(-seen // 25)


def test_the_files_of_a_version_are_shown_as_they_are_kept(reader: Browser) -> None:
    publish_another("us-ma-abc", "2025.1", ("Has the employer shown", "Did the employer show"))
    shipped = unescape(reader.read("/rules/us-ma-abc/content").text)
    assert "us-ma-abc/2026.1/factors.toml" in shipped
    assert 'in_short = "Has the employer shown all three prongs?"' in shipped
    assert "Did the employer show all" in unescape(reader.read("/rules/us-ma-abc/content?version=2025.1").text)


def test_differences_of_two_versions_are_rows_that_people_read(reader: Browser) -> None:
    publish_another(
        "us-ma-abc",
        "2025.1",
        ("met_from = 0.25", "met_from = 0.5"),
        ("business_registration = { yes = 1, no = -1 }\n", ""),
        ('key = "real_estate_licensee"', 'key = "licensee"'),
    )
    page = words(reader.read("/rules/us-ma-abc/changes?from=2025.1&to=2026.1").text)
    assert "Version 2025.1 and version 2026.1" in page
    assert "Deciding: How it is decided: Thresholds Removed: A balance of 50% of the strongest leaning or more" in page
    assert "Added: A balance of 25% of the strongest leaning or more" in page
    assert "Prong: 3: an independently established trade of the same kind: " in page
    assert "Gate: Real estate licensee Not provided Added: Effect: goes before the factors" in page
    assert "Gate: Real estate licensee Removed: Effect" in page
    assert page.count("Prong: 1:") == 0
    assert words(reader.read("/rules/us-ma-abc/changes").text).count("Version 2025.1 and version 2026.1") == 1


def test_a_changed_row_of_a_table_is_one_difference(reader: Browser) -> None:
    row = (
        "canMoveWorkerWithPermission         | workerDecidesWithoutInput            | scheduleDecidedForWorker        "
    )
    row += "| workerChooses         | "
    publish_another("uk-cest-2.4", "2.3", (f"{row}MEDIUM", f"{row}HIGH"))
    page = words(reader.read("/rules/uk-cest-2.4/changes").text)
    assert "Row: Working arrangements: the client may move the worker" in page
    assert "Outcome Removed: HIGH Added: MEDIUM" in page
    assert page.count("Row: Working arrangements") == 1


def test_two_versions_that_say_the_same_say_so(reader: Browser) -> None:
    publish_another("us-ma-abc", "2025.1")
    assert "These two versions say the same" in reader.read("/rules/us-ma-abc/changes").text


def test_one_version_has_nothing_to_compare(reader: Browser) -> None:
    page = words(reader.read("/rules/us-flsa/changes").text)
    assert "Version 2026.1 is the only one, so there is nothing to compare." in page


@pytest.mark.parametrize(
    "address",
    [
        "/rules/nothing",
        "/rules/us-flsa?version=1999.1",
        "/rules/us-flsa/content?version=x",
        "/rules/us-flsa/changes?from=1999.1",
        "/rules/us-flsa/changes?to=x",
        "/rules/nothing/changes",
        "/rules/nothing/content",
        "/rules/nothing/cases",
        "/rules/us-flsa/cases?version=1999.1",
        "/rules/us-flsa/tables/control",
        "/rules/uk-cest-2.4/tables/nothing",
        "/rules/uk-cest-2.4/tables/control?after=x",
    ],
)
def test_what_is_no_rule_set_version_or_table_is_not_found(reader: Browser, address: str) -> None:
    assert reader.read(address).status_code == 404


def test_what_was_published_counts_though_the_release_ships_something_else(reader: Browser) -> None:
    publish_another("us-ma-abc", "2026.1", ("Has the employer shown", "Did the employer show"))
    page = words(reader.read("/rules/us-ma-abc").text)
    assert "Did the employer show all three prongs?" in page
    assert "no longer on disk as it was" in page


@pytest.mark.parametrize(
    "address",
    [
        "/rules",
        "/rules/us-flsa",
        "/rules/us-flsa/content",
        "/rules/try?key=us-flsa&variant=proposed-2026",
        "/rules/try?key=us-flsa&variant=proposed-2026&answer.how_directed=no",
    ],
)
def test_a_variant_that_is_only_proposed_is_marked_wherever_it_is_told(reader: Browser, address: str) -> None:
    page = words(reader.read(address).text)
    assert "Proposed, not law" in page
    assert "Proposal of 2026" in page
