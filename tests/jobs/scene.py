"""Real processes of the product on the test's own database, and a sink that takes mail and can hold its breath."""

from __future__ import annotations

import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import sqlalchemy as sa

from compliance.kernel import db

PATIENCE = 60.0


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until *condition* holds, and fail when it does not come about in time."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        pause.wait(0.05)


def number(query: str) -> int:
    """Return the number that *query* finds, read beside whatever else goes on."""
    with db.engine().connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return int(connection.execute(sa.text(query)).scalar() or 0)


class House:
    """The processes of one installation."""

    def __init__(self, folder: Path, keys: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        shutil.copytree(keys, folder / "keys", dirs_exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_")},
            "PYTHONPATH": str(Path(__file__).parent.parent.parent),
            "COMPLIANCE_ENV": "test",
            "COMPLIANCE_BLIND_REVIEWS": "0",
            "COMPLIANCE_DATA_DIR": str(folder),
            "COMPLIANCE_DATABASE_URL": database_url,
            "COMPLIANCE_SECRET_KEY": "k" * 48,
            **settings,
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start ``countersign`` with *command* and wait for its first line."""
        said = self.folder / f"said-{len(self.running)}"
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "compliance.cli", *command],
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)
        until(lambda: "Countersign " in said.read_text() or process.poll() is not None, "the first line")
        assert process.poll() is None, said.read_text()
        self.said = said.read_text()
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End *process* as a power cut would."""
        process.kill()
        process.wait(PATIENCE)

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ask *process* to stop, and return how it ended."""
        process.send_signal(signal.SIGTERM)
        return process.wait(PATIENCE)

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                self.kill(process)

    def letters(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "mail").glob("*.eml"))


class Sink(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps what it takes. After ``holds_at`` letters it leaves the next one unanswered."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, holds_at: int | None = None, refuses: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.letters: list[bytes] = []
        self.holds_at = holds_at
        self.refuses = refuses
        self.holding = threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    @property
    def ids(self) -> list[str]:
        return [str(message_from_bytes(letter)["Message-ID"]) for letter in self.letters]

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    """One conversation, in as much SMTP as our sender speaks."""

    server: Sink

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self._say("354 go on")
                letter = self._letter()
                if len(self.server.letters) == self.server.holds_at:
                    self.server.holding.set()
                    self.rfile.read()  # Until the sender is gone.
                    return
                self.server.letters.append(letter)
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            elif word == b"RCPT" and self.server.refuses:
                self._say(self.server.refuses)
            else:
                self._say("250 sink")

    def _letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
