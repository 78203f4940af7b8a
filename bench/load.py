"""Several clients at once, each with a connection of its own, and what they measured."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class Measured:
    """Requests that were answered, how long each took, and what went wrong."""

    seconds: float = 0.0
    processor: float = 0.0
    database: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def add(self, other: Measured) -> None:
        """Add what *other* measured."""
        self.seconds += other.seconds
        self.processor += other.processor
        self.database += other.database
        self.latencies += other.latencies
        self.errors += other.errors

    @property
    def work(self) -> float:
        """Milliseconds of a processor for each answer, those of the server and of the database together."""
        return 1000 * (self.processor + self.database) / len(self.latencies)

    def percentile(self, share: int) -> float:
        """Return the latency in milliseconds that *share* percent of the answers did not exceed."""
        return 1000 * percentile(self.latencies, share)


def percentile(values: Sequence[float], share: int) -> float:
    """Return the value that *share* percent of *values* do not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else values[0]


def together(jobs: Sequence[Callable[[], list[tuple[float, str | None]]]]) -> Measured:
    """Run *jobs* at once, one thread each; a job returns the seconds of each answer and, where one failed, why."""
    found = Measured()
    gate, lock = threading.Barrier(len(jobs) + 1), threading.Lock()

    def work(job: Callable[[], list[tuple[float, str | None]]]) -> None:
        gate.wait()
        answers = job()
        with lock:
            found.latencies += [taken for taken, _ in answers]
            found.errors += [fault for _, fault in answers if fault]

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - began
    return found
