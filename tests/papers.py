"""Small files of every kind that a case takes, made by hand, and some that only claim to be one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TEXT = "Insurance cover: £2,000,000.\n".encode()
CSV = b"name;sum\nFay;100\n"
EXE = b"MZ\x90\x00" + b"\x00" * 200


def png(width: int = 3, height: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0" * 12


def jpeg(width: int = 3, height: int = 2) -> bytes:
    table = b"\xff\xdb" + struct.pack(">H", 67) + bytes(65)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01" + bytes(7) + table + b"\xff" + frame + b"\xff\xd9"


def archive_of(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def open_xml(main_part: str, **more: bytes) -> bytes:
    kind = f"application/vnd.openxmlformats-officedocument.{main_part}.main+xml"
    types = f'<Types><Override PartName="/a.xml" ContentType="{kind}"/></Types>'.encode()
    return archive_of({"[Content_Types].xml": types, "a.xml": b"<a/>", **more})


DOCX = open_xml("wordprocessingml.document")
XLSX = open_xml("spreadsheetml.sheet")
ODT = archive_of({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"})
GOOD = {
    "contract.pdf": PDF,
    "scan.png": png(),
    "Photo.JPG": jpeg(),
    "letter.docx": DOCX,
    "sums.xlsx": XLSX,
    "letter.odt": ODT,
    "note.txt": TEXT,
    "list.csv": CSV,
}
