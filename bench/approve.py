"""Approvals a second over HTTP on PostgreSQL, against a floor that fires the same SQL by hand in a bare Flask view.

Both run on the same kind of server over the same database, in turn; what counts is the ratio of each pair. Where other
work keeps the machine busy, the time that processors spent on an answer says more than the time it took.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from functools import partial

from bench import offers
from bench.load import Measured, together
from bench.scratch import backends, scratch
from bench.server import Server, processor, serve
from bench.visitor import Visitor
from compliance.authz import Role

Ready = list[tuple[str, str]]


def main() -> None:
    """Print rates, latencies and ratios for one client and for eight."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pairs", type=int, default=7)
    asked.add_argument("--offers", type=int, default=160, help="approvals in each half of a pair")
    asked.add_argument("--clients", type=int, nargs="*", default=[1, 8])
    chosen = asked.parse_args()
    most = max(chosen.clients)
    with scratch() as place:
        (client,), reviewers = offers.people(Role.HIRING_MANAGER, 1, at="Acme"), offers.people(Role.REVIEWER, most)
        with serve("wsgi:app", place.environ) as desk, serve("bench.floor:app", place.environ) as floor:
            visitors = []
            for email in reviewers:
                visitors.append(Visitor(desk.port))
                visitors[-1].sign_in(email, offers.PASSWORD)
            for count in chosen.clients:
                pools = []
                for email in reviewers[:count]:
                    needed = (2 * chosen.pairs + 2) * (chosen.offers // count)
                    ready = offers.claimed(place, offers.actor(client), offers.actor(email), needed)
                    pools.append(iter(ready))
                _compare(chosen, visitors[:count], pools, (desk, floor), place.url)


def _compare(
    chosen: argparse.Namespace,
    visitors: list[Visitor],
    pools: list[Iterator[tuple[str, str]]],
    servers: tuple[Server, Server],
    url: str,
) -> None:
    desk, floor, count = Measured(), Measured(), len(visitors)
    ratios = []
    for number in range(chosen.pairs + 1):
        halves = []
        for server in servers:
            before = processor(server.workers()), processor(backends(url))
            jobs = [
                partial(_approve, visitor.at(server.port), [next(pool) for _ in range(chosen.offers // count)])
                for visitor, pool in zip(visitors, pools, strict=True)
            ]
            halves.append(together(jobs))
            halves[-1].processor = _spent(before[0], processor(server.workers()))
            halves[-1].database = _spent(before[1], processor(backends(url)))
        if number == 0:
            continue  # The first of each warms caches and prepares statements.
        ratios.append(halves[0].rate / halves[1].rate)
        for total, half in zip((desk, floor), halves, strict=True):
            total.add(half)
    print(f"{count} client{'s' if count > 1 else ''}:")
    for name, found in (("desk", desk), ("floor", floor)):
        print(
            f"  {name:5} {found.rate:7.1f} approvals/s   p50 {found.percentile(50):6.1f} ms   "
            f"p95 {found.percentile(95):6.1f} ms   errors {len(found.errors)}   processor {found.work:5.2f} ms, "
            f"of which the database {1000 * found.database / len(found.latencies):4.2f}"
        )
        for fault in found.errors[:3]:
            print(f"        {fault}")
    spread = f"median of {chosen.pairs} pairs; {min(ratios):.2f} to {max(ratios):.2f}"
    print(f"  ratio {statistics.median(ratios):.2f} ({spread}), by the processor's time {floor.work / desk.work:.2f}")


def _spent(before: dict[int, float], now: dict[int, float]) -> float:
    return sum(seconds - before.get(pid, 0) for pid, seconds in now.items())


def _approve(visitor: Visitor, ready: Ready) -> list[tuple[float, str | None]]:
    answers: list[tuple[float, str | None]] = []
    visitor.connection.connect()
    for reference, seen in ready:
        began = time.perf_counter()
        answer = visitor.post(f"/offers/{reference}/approve", {**offers.APPROVAL, "seen": seen})
        fault = None if answer.status == 303 else f"{answer.status}: {answer.text[-300:]}"  # noqa: PLR2004 - HTTP's own number
        answers.append((time.perf_counter() - began, fault))
    return answers


if __name__ == "__main__":
    main()
