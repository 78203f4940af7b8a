"""The queue's first page with a hundred thousand offers against a thousand, over HTTP, and how it is found."""

from __future__ import annotations

import argparse
import base64
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from bench import many, offers
from bench.load import percentile
from bench.scratch import Scratch, scratch
from bench.server import serve
from bench.statements import in_this_process
from bench.visitor import Visitor
from compliance.authz import SYSTEM_ACTOR, Role
from compliance.engine.case import Case
from compliance.kernel import db
from compliance.people import directory

CLIENTS: Final = 20
PAGES: Final = {
    "queue, mine": "/queue",
    "queue, not claimed": "/queue?view=open",
    "queue, everything": "/queue?view=all",
}


def main() -> None:
    """Print latencies of each page at both sizes, their ratio, and what the databases plan."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sizes", type=int, nargs=2, default=[1_000, 100_000])
    asked.add_argument("--times", type=int, default=200)
    asked.add_argument("--sqlite", action="store_true", help="measure on SQLite instead of PostgreSQL")
    chosen = asked.parse_args()
    with (
        _installed(chosen.sizes[0], sqlite=chosen.sqlite) as small,
        _installed(chosen.sizes[1], sqlite=chosen.sqlite) as large,
    ):
        _print_plans(large.place, large.pages)
        print(f"{'page':30} {'p50':>7} {'p95':>7} {'p50':>7} {'p95':>7}   p95 ratio   weight")
        for name in large.pages:
            first, last, weight = _in_turn(name, small, large, chosen.times)
            cells = [1000 * percentile(values, share) for values in (first, last) for share in (50, 95)]
            shown = " ".join(f"{cell:7.1f}" for cell in cells)
            print(f"{name:30} {shown}   {cells[3] / cells[1]:9.2f}   {weight / 1000:5.0f} KB")


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation with so many offers: its pages, each with somebody signed in who reads it."""

    place: Scratch
    pages: dict[str, tuple[Visitor, str]]


@contextmanager
def _installed(size: int, *, sqlite: bool) -> Iterator[Installed]:
    with scratch(sqlite=sqlite) as place:
        # So many that each holds more than a page: the same rows are drawn at both sizes, and the finding is compared.
        reviewers = offers.people(Role.REVIEWER, max(2, min(20, size // 5_000)))
        (client,) = offers.people(Role.ACCOUNT_ADMIN, 1, at="Client 0")
        clients = [directory.organisation(f"Client {number}", SYSTEM_ACTOR).id for number in range(CLIENTS)]
        holders = [person.id for email in reviewers if (person := directory.find(email))]
        db.session().commit()
        began = time.perf_counter()
        many.fill(place, size, organisations=clients, holders=holders)
        print(f"{size:,} offers written in {time.perf_counter() - began:.0f} s")
        addresses = {**PAGES, **_further()}
        db.session().commit()
        with serve("wsgi:app", place.environ) as desk:
            reviewer, owner = Visitor(desk.port), Visitor(desk.port)
            reviewer.sign_in(reviewers[0], offers.PASSWORD)
            owner.sign_in(client, offers.PASSWORD)
            pages = {name: (reviewer, address) for name, address in addresses.items()}
            yield Installed(place, {**pages, "the client's own offers": (owner, "/offers")})


def _in_turn(name: str, small: Installed, large: Installed, times: int) -> tuple[list[float], list[float], int]:
    """Read the page of each in turn, so that whatever else this machine does meets both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    weight = 0
    for installed in (small, large):
        visitor, _ = installed.pages[name]
        visitor.connection.connect()
    for number in range(times + 10):
        for found, installed in zip(taken, (small, large), strict=True):
            visitor, address = installed.pages[name]
            began = time.perf_counter()
            answer = visitor.get(address)
            if number >= 10:  # noqa: PLR2004 - the first warm caches
                found.append(time.perf_counter() - began)
            if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
                raise RuntimeError(f"{address} answered {answer.status}: {answer.text[:300]}")
            weight = len(answer.text.encode())
    return *taken, weight


def _further() -> dict[str, str]:
    """Return the addresses of a page far down the queue, and of lists narrowed by a state."""
    after = sa.select(Case).where(Case.desk).order_by(Case.urgent_at.desc(), Case.id.desc()).limit(20)
    last = db.session().scalars(after).all()[-1]
    cursor = base64.urlsafe_b64encode(f"{last.urgent_at.isoformat()}|{last.id}".encode()).decode()
    return {
        "queue, everything, last page": f"/queue?view=all&after={cursor}",
        "offers": "/offers",
        "offers in review": "/offers?state=classification_review",
        "offers rejected": "/offers?state=rejected",
        "one offer": f"/offers/{last.reference}",
    }


def _print_plans(place: Scratch, pages: dict[str, tuple[Visitor, str]]) -> None:
    """Print how the database finds the cases of each page: the statements are those that the pages really send."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: Any) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        if re.search(r"FROM cases\b", statement) and "LIMIT" in statement:
            heard.append((statement, parameters))

    with in_this_process(place.app) as port:
        for name, (visitor, address) in pages.items():
            heard.clear()
            sa.event.listen(db.engine(), "before_cursor_execute", hear)
            visitor.at(port).get(address)
            sa.event.remove(db.engine(), "before_cursor_execute", hear)
            for statement, parameters in heard:
                print("\n".join([f"--- {name}", *_plan(statement, parameters)]))


def _plan(statement: str, parameters: Any) -> Sequence[str]:  # noqa: ANN401 - as the driver takes them
    explain = "EXPLAIN QUERY PLAN" if db.is_sqlite() else "EXPLAIN (ANALYZE, COSTS OFF, SUMMARY OFF)"
    with db.engine().connect() as connection:
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return [f"    {row[-1]}" for row in rows]


if __name__ == "__main__":
    main()
