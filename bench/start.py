"""How long the application takes to start, and how much memory a web worker holds after a hundred requests."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from typing import Final

from bench import many, offers
from bench.scratch import scratch
from bench.server import memory, serve
from bench.visitor import Visitor
from compliance.authz import SYSTEM_ACTOR, Role
from compliance.kernel import db
from compliance.people import directory

REQUESTS: Final = 100
# Imports are part of a start: a process of its own is timed from before the first of them.
MAKE: Final = """
import time
began, spent = time.perf_counter(), time.process_time()
from compliance import create_app
create_app()
print(time.perf_counter() - began, time.process_time() - spent)
"""


def main() -> None:
    """Print the figures, each the median of several starts."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=5)
    chosen = asked.parse_args()
    with scratch() as place:
        (reviewer,) = offers.people(Role.REVIEWER, 1)
        home = directory.organisation("Acme", SYSTEM_ACTOR).id
        person = directory.find(reviewer)
        db.session().commit()
        many.fill(place, 1_000, organisations=[home], holders=[person.id] if person else [])
        made = [_made(place.environ) for _ in range(chosen.runs)]
        clock, processor = ([run[part] for run in made] for part in (0, 1))
        print(
            f"create_app with its imports {statistics.median(clock):.2f} s (best {min(clock):.2f}), "
            f"of the processor {statistics.median(processor):.2f} s"
        )
        ready = []
        for _ in range(chosen.runs):
            with serve("wsgi:app", place.environ) as desk:
                ready.append(desk.ready_after)
        print(f"start of gunicorn to the first answer {statistics.median(ready):.2f} s (best {min(ready):.2f})")
        with serve("wsgi:app", place.environ, workers=1) as desk:
            visitor = Visitor(desk.port)
            visitor.sign_in(reviewer, offers.PASSWORD)
            for number in range(REQUESTS):
                visitor.get(("/queue", "/queue?view=all", "/offers", "/account")[number % 4])
            for pid in desk.workers():
                resident, proportional = memory(pid)
                print(f"worker after {REQUESTS} requests: RSS {resident:.0f} MB, PSS {proportional:.0f} MB")


def _made(environ: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", MAKE], env=environ, check=True, capture_output=True, text=True)
    clock, processor = done.stdout.split()
    return float(clock), float(processor)


if __name__ == "__main__":
    main()
