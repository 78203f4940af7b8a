"""Files in the data directory, each under the SHA-256 of its bytes: written once, found again, never overwritten.

The folder may be shared by several machines. A file arrives under a name of its own beside the others, is written out
to the disk, and only then takes its place; whoever brings the same bytes a second time finds them there.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from flask import Flask, current_app

CHUNK: Final = 64 * 1024
SHA256: Final = re.compile(r"[0-9a-f]{64}")
STALE_SECONDS: Final = 24 * 60 * 60


class FileTooLargeError(ValueError):
    """More bytes arrived than the caller takes; nothing was kept."""


class FileMissingError(LookupError):
    """The folder does not hold what it should: it was restored from an older copy, or is another one."""


class Readable(Protocol):
    """What bytes arrive from."""

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that has arrived and is not kept yet."""

    path: Path
    size: int
    sha256: str


class Store:
    """A folder of files by their digests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._arriving = root / "arriving"

    @contextmanager
    def receive(self, stream: Readable, limit: int) -> Iterator[Arrived]:
        """Write *stream* out and give it to the block, which may :meth:`keep` it; it is gone afterwards if not.

        Raises :class:`FileTooLargeError` when it holds more than *limit* bytes.
        """
        self._arriving.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self._arriving)
        try:
            with os.fdopen(descriptor, "wb") as out:
                size, sha256 = _copy(stream, out, limit)
                out.flush()
                os.fsync(out.fileno())
            yield Arrived(Path(name), size, sha256)
        finally:
            Path(name).unlink(missing_ok=True)

    def keep(self, arrived: Arrived) -> None:
        """Give *arrived* its place for good; when the same bytes are there already they stay as they are."""
        place = self._place(arrived.sha256)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            os.link(arrived.path, place)
        except FileExistsError:
            return
        for folder in (place.parent, self.root):
            _sync(folder)

    def path(self, sha256: str) -> Path:
        """Return where the file with that digest lies; raises :class:`FileMissingError`."""
        place = self._place(sha256)
        if not place.is_file():
            raise FileMissingError(f"{self.root} holds no file {sha256}")
        return place

    def forget(self, sha256: str) -> None:
        """Delete a file that nothing refers to any more."""
        self._place(sha256).unlink(missing_ok=True)

    def older_than(self, age: dt.timedelta) -> Iterator[str]:
        """Yield the digest of each file that was kept longer ago than *age*."""
        before = time.time() - age.total_seconds()
        for place in self.root.glob("??/*"):
            if place.stat().st_mtime < before:
                yield place.parent.name + place.name

    def tidy(self) -> None:
        """Delete what arrived a day ago and was neither kept nor removed: its process died."""
        before = time.time() - STALE_SECONDS
        for left in self._arriving.glob("*"):
            if left.stat().st_mtime < before:
                left.unlink(missing_ok=True)

    def _place(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise FileMissingError(f"“{sha256[:80]}” is no SHA-256")
        return self.root / sha256[:2] / sha256[2:]


def install(app: Flask, data_dir: Path) -> None:
    """Give *app* its folders."""
    app.extensions["documents"] = Store(data_dir / "files")
    app.extensions["imports"] = Store(data_dir / "imports")


def documents() -> Store:
    """Return the folder of the documents of cases."""
    found: Store = current_app.extensions["documents"]
    return found


def imports() -> Store:
    """Return the folder of files that wait to be imported."""
    found: Store = current_app.extensions["imports"]
    return found


def _copy(stream: Readable, out: IO[bytes], limit: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLargeError(limit)
        digest.update(chunk)
        out.write(chunk)
    return size, digest.hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
