"""How fast a file of many offers is looked at and opened: ``python bench/import_cases.py [ROWS]``.

Uses the database of ``COMPLIANCE_DATABASE_URL``, which must be empty, or a SQLite file in a scratch directory.
"""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from compliance import create_app
from compliance.authz import Role
from compliance.engine import importing, run
from compliance.kernel import db, migrations
from tests import make
from tests.offer.scene import TERMS

BAD = {"amount": "lots"}
AHEAD = {"starts_on": "2099-01-01", "ends_on": "2099-06-01"}


def content(count: int, bad: frozenset[int]) -> io.BytesIO:
    """Return a file of *count* offers, those whose number is in *bad* with something wrong."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, TERMS)
    writer.writeheader()
    for number in range(count):
        own = {"title": f"Work {number}", "freelancer_email": f"freelancer{number}@example.com"}
        writer.writerow({**TERMS, **AHEAD, **own, **(BAD if number in bad else {})})
    return io.BytesIO(out.getvalue().encode())


def timed(what: str, count: int, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    """Do *work* and print how long it took, by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what}: {count:,} rows, {wall:.1f} s ({count / wall:,.0f}/s), processor {cpu:.1f} s ({count / cpu:,.0f}/s)")
    return done


def main(count: int) -> None:
    """Look at a file with three bad rows, then at a good one, and open that."""
    migrations.upgrade(db.engine())
    client = make.organisation()
    mona = make.actor("Mona", Role.HIRING_MANAGER, at=client)
    where = run.Opening(client.id)
    with importing.arriving(content(count, frozenset({7, count // 2, count - 1}))) as arrived:
        checked = timed("look", count, lambda: importing.check("offer", mona, arrived, "offers.csv", where))
        print("bad lines:", [fault.line for fault in checked.faults])
    with importing.arriving(content(count, frozenset())) as arrived:
        good = importing.check("offer", mona, arrived, "offers.csv", where)
        batch = importing.stage(good, mona, arrived)
    db.session().commit()

    def carry_out() -> None:
        importing.carry_out(importing.find("offer", str(batch.id), mona, lock=True), mona)
        db.session().commit()

    timed("open", count, carry_out)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"COMPLIANCE_DATA_DIR": scratch, "COMPLIANCE_ENV": "test"}
        with create_app().app_context():
            main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
