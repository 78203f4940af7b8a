"""Sixteen at once on one offer, over HTTP against two workers: exactly one may win, and the others must hear who did.

Each round is two races. First sixteen senior reviewers claim an offer's second review; then whoever got it decides in
sixteen windows at the same moment, half of them for approving and half for rejecting. It is the second review because
there alone both are open to one person: a first review decides as the questionnaire found, or passes the offer on.
"""

from __future__ import annotations

import argparse
import collections
import re
import threading
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa

from bench import offers
from bench.scratch import scratch
from bench.server import serve
from bench.visitor import Answer, Visitor
from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.engine.case import Case
from compliance.kernel import db

MOVED: Final = 303
REFUSED: Final = 409
WHO_AND_WHEN: Final = re.compile(
    r"(since Senior reviewer \d+ acted on|Senior reviewer \d+ holds it since) \d\d \w+ \d{4} at \d\d:\d\d UTC"
)
AGAINST: Final = {
    "behavioural_control": "Works as the client's team lead directs, day by day.",
    "financial_control": "Bears neither cost nor risk.",
    "relationship_of_parties": "No other client, and no end agreed.",
    "reason_codes": "CTRL_METHOD",
    "what_would_change_it": "Leave the method free.",
    "reason": "Directed daily.",
}


def main() -> None:
    """Print how many rounds were clean, and what the losers were told."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=100)
    asked.add_argument("--racers", type=int, default=16)
    chosen = asked.parse_args()
    with scratch() as place:
        (client,), (first,), names = (
            offers.people(Role.HIRING_MANAGER, 1, at="Acme"),
            offers.people(Role.REVIEWER, 1),
            offers.people(Role.SENIOR_REVIEWER, chosen.racers),
        )
        ready = offers.passed_on(place, offers.actor(client), offers.actor(first), chosen.rounds)
        with serve("wsgi:app", place.environ, threads=chosen.racers) as desk:
            visitors = [Visitor(desk.port) for _ in names]
            for visitor, email in zip(visitors, names, strict=True):
                visitor.sign_in(email, offers.PASSWORD)
            told: collections.Counter[str] = collections.Counter()
            clean = sum(_round(reference, visitors, told) for reference in ready)
        twice = _decided_twice()
        with db.engine().connect() as connection:
            faults = list(check.faults(connection, events.writer().key))
    print(f"{clean} of {chosen.rounds} rounds clean with {chosen.racers} at once; offers decided twice: {twice}")
    for words, times in told.most_common():
        print(f"{times:6}  {words}")
    print(f"the record: {'VERIFIED' if not faults else faults[:3]}")


def _round(reference: str, visitors: Sequence[Visitor], told: collections.Counter[str]) -> bool:
    address = f"/offers/{reference}"
    claims = _at_once([_sender(visitor, f"{address}/take_second", {}) for visitor in visitors])
    winners = [visitor for visitor, answer in zip(visitors, claims, strict=True) if answer.status == MOVED]
    if not _one_won(claims, told) or len(winners) != 1:
        return False
    seen = re.search(r'name="seen" value="([^"]*)"', winners[0].get(f"{address}/approve").text)
    windows = [winners[0].at(winners[0].connection.port) for _ in visitors]
    shown = {"seen": seen[1] if seen else ""}
    decisions = _at_once(
        [
            _sender(window, f"{address}/{name}", {**fields, **shown})
            for window, (name, fields) in zip(
                windows, [("approve", offers.APPROVAL), ("reject", AGAINST)] * (len(windows) // 2), strict=True
            )
        ]
    )
    return _one_won(decisions, told)


def _one_won(answers: Sequence[Answer], told: collections.Counter[str]) -> bool:
    losers = [answer for answer in answers if answer.status != MOVED]
    for answer in losers:
        named = WHO_AND_WHEN.search(answer.text) is not None
        told[f"{answer.status}, {'with' if named else 'WITHOUT'} who and when"] += 1
    told[f"{MOVED}, won"] += len(answers) - len(losers)
    return len(answers) - len(losers) == 1 and all(
        answer.status == REFUSED and WHO_AND_WHEN.search(answer.text) for answer in losers
    )


def _sender(visitor: Visitor, address: str, fields: dict[str, str]) -> Callable[[], Answer]:
    return lambda: visitor.post(address, fields)


def _at_once(jobs: Sequence[Callable[[], Answer]]) -> list[Answer]:
    gate = threading.Barrier(len(jobs))
    answers: dict[int, Answer] = {}

    def work(number: int) -> None:
        gate.wait()
        answers[number] = jobs[number]()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(jobs))]


def _decided_twice() -> int:
    """Count the offers with more than one decision in the record: the record is asked, not the answers."""
    decided = (
        sa.select(Case.id)
        .join(AuditEvent, AuditEvent.stream == Case.stream)
        .where(AuditEvent.action.in_(["offer.approve", "offer.reject"]))
        .group_by(Case.id)
        .having(sa.func.count() > 1)
    )
    return len(db.session().scalars(decided).all())


if __name__ == "__main__":
    main()
