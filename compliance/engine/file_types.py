"""Which files a case takes, told by their content: a short list, and a look inside for each.

The name only says what somebody claims; the content decides. What is harmful to open by its mere size (pictures of a
few bytes that fill the memory, archives that unpack without end) is refused from its header, without being opened.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import puremagic

from compliance.kernel.file_names import ending_of

MAX_PIXELS: Final = 100_000_000
MAX_UNPACKED_BYTES: Final = 200_000_000
MAX_PARTS: Final = 5_000
_HEAD: Final = 4096
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_TELLING_PARTS: Final = frozenset({"[Content_Types].xml", "mimetype"})
_LARGEST_TELLING_PART: Final = 1_000_000
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument."
# Markers of a JPEG that carry its size: the frames, without the tables that share their range.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


class UnfitFileError(ValueError):
    """The file cannot be taken; the message is the sentence for whoever sent it."""


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file: how people call it, under which name it is served, what its content must be."""

    label: str
    media_type: str
    endings: tuple[str, ...]
    look: Callable[[Path], bool]


def _look_pdf(path: Path) -> bool:
    return _puremagic_says(path, "application/pdf")


def _look_png(path: Path) -> bool:
    head = _head(path)
    if not _puremagic_says(path, "image/png") or head[12:16] != b"IHDR":
        return False
    _refuse_pixels(*struct.unpack(">II", head[16:24]))
    return True


def _look_jpeg(path: Path) -> bool:
    if not _puremagic_says(path, "image/jpeg"):
        return False
    found = _jpeg_frame(path.read_bytes())
    if found is None:
        return False
    _refuse_pixels(*found)
    return True


def _look_docx(path: Path) -> bool:
    return _is_open_xml(path, "wordprocessingml.document.main+xml")


def _look_xlsx(path: Path) -> bool:
    return _is_open_xml(path, "spreadsheetml.sheet.main+xml")


def _look_odt(path: Path) -> bool:
    parts = _archive(path)
    return parts is not None and parts.get("mimetype", b"").strip() == b"application/vnd.oasis.opendocument.text"


def _look_text(path: Path) -> bool:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not _NOT_TEXT.search(text) and not text.startswith("%PDF-")


TYPES: Final = (
    FileType("PDF", "application/pdf", ("pdf",), _look_pdf),
    FileType("PNG", "image/png", ("png",), _look_png),
    FileType("JPEG", "image/jpeg", ("jpg", "jpeg"), _look_jpeg),
    FileType("Word (DOCX)", f"{_OPEN_XML}wordprocessingml.document", ("docx",), _look_docx),
    FileType("Excel (XLSX)", f"{_OPEN_XML}spreadsheetml.sheet", ("xlsx",), _look_xlsx),
    FileType("OpenDocument text (ODT)", "application/vnd.oasis.opendocument.text", ("odt",), _look_odt),
    FileType("plain text (TXT)", "text/plain", ("txt",), _look_text),
    FileType("CSV", "text/csv", ("csv",), _look_text),
)
LABELS: Final = f"{', '.join(kind.label for kind in TYPES[:-1])} or {TYPES[-1].label}"
ACCEPT: Final = ",".join(f".{ending}" for kind in TYPES for ending in kind.endings)


def type_of(name: str, path: Path) -> FileType:
    """Return what the file at *path* is; raises :class:`UnfitFileError` unless it is what *name* claims."""
    ending = ending_of(name)
    claimed = next((kind for kind in TYPES if ending in kind.endings), None)
    if claimed is None:
        raise UnfitFileError(f"The name must end like a file of a kind that is taken: {LABELS}.")
    if path.stat().st_size == 0:
        raise UnfitFileError("The file is empty. Choose another one.")
    if not claimed.look(path):
        raise UnfitFileError(
            f"The name says {claimed.label}, but the content is something else or damaged. Open the file, save it anew "
            "and send that."
        )
    return claimed


def _puremagic_says(path: Path, media_type: str) -> bool:
    try:
        found = puremagic.magic_string(_head(path))
    except (puremagic.PureError, ValueError):
        return False
    return any(match.mime_type == media_type for match in found)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _refuse_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnfitFileError(
            f"The picture has {width} by {height} points; at most {MAX_PIXELS // 1_000_000} million are taken. Make it "
            "smaller."
        )


def _jpeg_frame(content: bytes) -> tuple[int, int] | None:
    """Return width and height from the frame header of a JPEG, or ``None`` where there is none."""
    at = 2
    while at + 9 <= len(content):
        if content[at] != 0xFF:  # noqa: PLR2004 - every marker begins like that
            return None
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _is_open_xml(path: Path, main_part: str) -> bool:
    parts = _archive(path)
    # A part with macros is declared under another name, so that its document never passes for a plain one.
    return parts is not None and main_part.encode() in parts.get("[Content_Types].xml", b"")


def _archive(path: Path) -> dict[str, bytes] | None:
    """Return the parts of a zip archive that say what it is, or ``None`` when it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            listed = archive.infolist()
            _refuse_unpacking(listed)
            telling = [part for part in listed if part.filename in _TELLING_PARTS]
            small = [part for part in telling if part.file_size <= _LARGEST_TELLING_PART]
            return {part.filename: archive.read(part) for part in small}
    except UnfitFileError:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError):
        return None


def _refuse_unpacking(listed: list[zipfile.ZipInfo]) -> None:
    if len(listed) > MAX_PARTS or sum(part.file_size for part in listed) > MAX_UNPACKED_BYTES:
        raise UnfitFileError("The file unpacks to far more than its size. Save it as PDF and send that.")
    if any(part.filename.lower().endswith("vbaproject.bin") for part in listed):
        raise UnfitFileError("The file holds macros. Save it without them, or as PDF, and send that.")
