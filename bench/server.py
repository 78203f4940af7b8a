"""Servers under measurement: the product's or the floor's application in gunicorn, as ``deploy/`` sets it up."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 30.0
# The log's library loads “rich” where it finds it: among the developers' tools, but not where the desk is installed.
AS_INSTALLED: Final = 'import sys; sys.modules["rich"] = None; from gunicorn.app.wsgiapp import run; run()'


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, the process that leads it, and how long it took to its first answer."""

    port: int
    pid: int
    ready_after: float

    def workers(self) -> list[int]:
        """Return the ids of the processes that answer."""
        return [int(text) for text in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


@contextmanager
def serve(application: str, environ: dict[str, str], *, workers: int = 2, threads: int = 4) -> Iterator[Server]:
    """Serve *application* (``module:name``) on a free port until the block ends."""
    port = _free_port()
    command = [sys.executable, "-c", AS_INSTALLED, application, "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", str(threads)]
    command += ["--log-level", "warning"]
    began = time.perf_counter()
    # The log has a line for every request; whoever looks for a fault takes this away.
    quiet = {**os.environ, "PYTHONPATH": str(ROOT), "MALLOC_ARENA_MAX": "2", **environ}
    process = subprocess.Popen(command, env=quiet, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def processor(pids: Iterable[int]) -> dict[int, float]:
    """Return the seconds of a processor that each of these processes has used so far."""
    found = {}
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        found[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def memory(pid: int) -> tuple[float, float]:
    """Return resident and proportional memory of a process in MB (1,000,000 bytes)."""
    kilobytes = {"Rss": 0.0, "Pss": 0.0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in kilobytes:
            kilobytes[name] = float(rest.split()[0])
    return kilobytes["Rss"] * 1024 / 1e6, kilobytes["Pss"] * 1024 / 1e6


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.01)
        else:
            connection.close()
            return
    raise TimeoutError(f"nothing answered on port {port}")
