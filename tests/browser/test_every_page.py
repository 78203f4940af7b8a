"""Whatever a link leads anybody to answers, fits its window, shuts nobody out, and leaves the browser no complaint.

The pages are walked as somebody with a mouse would: from the start page from link to link, each kind of page once or
twice.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Error
from werkzeug.exceptions import HTTPException

from tests.browser.house import House
from tests.browser.screen import COLOURS, NARROW, SIZES, WIDE, Screen
from tests.offer.scene import OPEN, OUTSIDE

VISITS = 2
# Other pages are the same for everybody; a case looks different in each state and to each reader.
CASE, CASE_VISITS = "cases.offer_show", 3


@pytest.fixture
def house(app: Flask, job_tables: None) -> House:
    """Return a desk with an offer in each of the states that look different."""
    del app, job_tables  # Asked for so that the database, and the tables of the jobs in it, are there.
    made = House()
    made.in_review(title="In review")
    made.act(made.rita, "comment", body="Looked at the contract.")
    made.in_review(title="The client is asked")
    made.act(made.rita, "ask_client", asked="Who owns the tools?")
    made.in_review(title="The freelancer is asked")
    made.act(made.rita, "ask_freelancer", asked="Who are your other clients?")
    made.approved(title="Approved")
    made.in_review(title="Rejected")
    made.reject()
    made.act(made.mona, "disagree", grounds="The freelancer sets the hours and works for others.")
    made.cleared(title="Cleared")
    made.open(title="Handed in")
    made.act(made.mona, "submit")
    made.result = OPEN
    made.in_review(title="Left open")
    made.act(made.rita, "escalate", reason="The questionnaire leaves it open.")
    made.act(made.sue, "take_second")
    made.result = OUTSIDE
    made.open(title="A draft")
    return made


class Walk:
    """Everything that can be reached from the start page by links, and what is wrong with it.

    ``known`` holds the kinds of pages that were looked at closely; what is the same for everybody needs that once.
    """

    def __init__(self, app: Flask, screen: Screen, known: set[str], name: str, *starts: str) -> None:
        self.addresses = app.url_map.bind("walk")
        self.screen, self.known, self.name = screen, known, name
        self.todo, self.visits = deque(["/", *starts]), Counter[str]()
        self.seen, self.faults = set[str](), list[str]()

    def walk(self) -> None:
        """Follow every link until each kind of page was seen."""
        while self.todo:
            path = self.todo.popleft()
            endpoint = self._endpoint(path)
            if path in self.seen or self.visits[endpoint] >= self._most(endpoint):
                continue
            self.seen.add(path)
            self.visits[endpoint] += 1
            self.faults += [f"{self.name} at {path}: {fault}" for fault in self._visit(path, endpoint)]

    def _visit(self, path: str, endpoint: str) -> Iterator[str]:
        page = self.screen.page
        try:
            page.goto(self.screen.server + path)
        except Error as refused:
            if "Download is starting" not in str(refused):
                raise
            return
        if self.screen.status != 200:
            yield str(self.screen.status)
        yield from self.screen.faults
        self.screen.faults.clear()
        links = page.evaluate("[...document.querySelectorAll('a[href]')].map(link => link.href)")
        here = self.screen.server
        self.todo.extend(link.removeprefix(here).partition("#")[0] or "/" for link in links if link.startswith(here))
        yield from self._looks(closely=self._is_new(endpoint))

    def _looks(self, *, closely: bool) -> Iterator[str]:
        screen, page = self.screen, self.screen.page
        if screen.is_too_wide():
            yield "wider than the window"
        if closely:
            yield from map(str, screen.shuts_out())
            page.emulate_media(color_scheme="dark")
            yield from (f"dark: {fault}" for fault in screen.shuts_out(COLOURS))
            page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        if screen.is_too_wide():
            yield "wider than a telephone"
        if closely:
            yield from (f"narrow: {fault}" for fault in screen.shuts_out(SIZES))
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]

    def _most(self, endpoint: str) -> int:
        if endpoint == CASE:
            return CASE_VISITS
        return VISITS if endpoint not in self.known else 1

    def _is_new(self, endpoint: str) -> bool:
        new = endpoint == CASE or endpoint not in self.known
        self.known.add(endpoint)
        return new

    def _endpoint(self, path: str) -> str:
        try:
            return str(self.addresses.match(urlsplit(path).path, "GET")[0])
        except HTTPException as refused:
            return f"{path}: {refused}"


def test_every_page_that_links_lead_to_is_fit_for_its_reader(
    app: Flask, open_screen: Callable[..., Screen], house: House
) -> None:
    faults, known, reached = list[str](), set[str](), set[str]()
    for who in (house.mona, house.fay, house.rita, house.sue, house.arno, house.ada):
        starts = [house.href()] if who is house.mona else []  # Only the client sees the draft.
        walk = Walk(app, house.enter(who, open_screen()), known, who.name, *starts)
        walk.walk()
        faults += walk.faults
        reached |= set(walk.visits)
    assert faults == [], "\n".join(faults)
    assert reached >= {
        "administration.overview",
        "cases.offer_show",
        "cases.queue",
        "determinations.offer",
        "documents.offer_add",
        "imports.offer_bring",
        "jobs.listing",
        "notifications.listing",
        "processes.show",
        "record.search",
        "rules.listing",
        "rules.show",
        "rules_try.trying",
        "rules_use.listing",
        "tasks.offer_listing",
    }
