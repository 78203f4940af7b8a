"""What a file is, is told by its content; what would hurt whoever opens it is refused by its header."""

import contextlib
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.engine.file_types import MAX_PARTS, TYPES, UnfitFileError, type_of
from tests import papers


def looked_at(folder: Path, name: str, content: bytes) -> str:
    path = folder / "arrived"
    path.write_bytes(content)
    return type_of(name, path).media_type


@pytest.mark.parametrize("name", papers.GOOD)
def test_a_file_of_each_kind_is_taken(tmp_path: Path, name: str) -> None:
    found = looked_at(tmp_path, name, papers.GOOD[name])
    ending = name.rpartition(".")[2].lower()
    assert next(kind for kind in TYPES if kind.media_type == found).endings.count(ending) == 1


PAIRS = [
    (name, other)
    for name in papers.GOOD
    for other in papers.GOOD
    if name != other and {name[-3:], other[-3:]} != {"txt", "csv"}
]


@pytest.mark.parametrize("name,other", PAIRS)
def test_a_file_under_the_name_of_another_kind_is_refused(tmp_path: Path, name: str, other: str) -> None:
    with pytest.raises(UnfitFileError, match="content is something else"):
        looked_at(tmp_path, name, papers.GOOD[other])


@pytest.mark.parametrize("name", [*papers.GOOD, "x.jpeg"])
def test_a_program_is_taken_under_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnfitFileError, match="content is something else"):
        looked_at(tmp_path, name, papers.EXE)


@pytest.mark.parametrize("name", ["run.exe", "page.html", "picture.svg", "nothing", "pdf", "letter.docm", "x.pdf.exe"])
def test_a_name_of_another_kind_is_refused_with_the_kinds_that_are_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnfitFileError, match="PDF, PNG"):
        looked_at(tmp_path, name, papers.PDF)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnfitFileError, match="empty"):
        looked_at(tmp_path, "a.txt", b"")


@pytest.mark.parametrize(
    "name,content", [("a.png", papers.png(60_000, 60_000)), ("a.jpg", papers.jpeg(65_000, 65_000))]
)
def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header(
    tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(UnfitFileError, match="million"):
        looked_at(tmp_path, name, content)


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    bomb = papers.open_xml("wordprocessingml.document", **{f"{n}.xml": bytes(30_000_000) for n in range(7)})
    assert len(bomb) < 1_000_000
    with pytest.raises(UnfitFileError, match="unpacks"):
        looked_at(tmp_path, "a.docx", bomb)


def test_an_archive_of_too_many_parts_is_refused(tmp_path: Path) -> None:
    many = papers.archive_of({str(number): b"" for number in range(MAX_PARTS + 1)})
    with pytest.raises(UnfitFileError, match="unpacks"):
        looked_at(tmp_path, "a.odt", many)


def test_a_file_with_macros_is_refused(tmp_path: Path) -> None:
    content = papers.open_xml("wordprocessingml.document", **{"word/vbaProject.bin": b"x"})
    with pytest.raises(UnfitFileError, match="macros"):
        looked_at(tmp_path, "a.docx", content)


def test_a_list_of_parts_that_is_itself_huge_says_nothing(tmp_path: Path) -> None:
    content = papers.archive_of({"[Content_Types].xml": b"wordprocessingml.document.main+xml" + bytes(2_000_000)})
    with pytest.raises(UnfitFileError, match="something else"):
        looked_at(tmp_path, "a.docx", content)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    damaged = bytearray(papers.DOCX)
    damaged[40:60] = b"\xff" * 20
    with pytest.raises(UnfitFileError, match="something else"):
        looked_at(tmp_path, "a.docx", bytes(damaged))


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO(papers.ODT)
    with zipfile.ZipFile(out) as made:
        at = made.getinfo("mimetype").header_offset
    content = bytearray(papers.ODT)
    content[at + 6] |= 1
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(b"PK\x01\x02"))
    content[directory + 8] |= 1
    with pytest.raises(UnfitFileError, match="something else"):
        looked_at(tmp_path, "a.odt", bytes(content))


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0\x00\x10JFIF\0", b"\xff\xd8\xff\xdb\x00\x00" * 50, b"\xff\xd8\xff\xe0ab\0" * 9]
)
def test_a_jpeg_without_a_frame_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnfitFileError, match="something else"):
        looked_at(tmp_path, "a.jpg", content)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a\0b", b"a\x1bb", "ä".encode("latin-1"), papers.PDF])
def test_what_is_no_plain_text_is_refused_as_text(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnfitFileError, match="something else"):
        looked_at(tmp_path, "a.txt", content)


@given(
    content=st.binary(min_size=1, max_size=400),
    head=st.sampled_from([b"", b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"PK\x03\x04"]),
)
def test_no_bytes_break_anything(tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes) -> None:
    folder = tmp_path_factory.mktemp("odd")
    for name in papers.GOOD:
        with contextlib.suppress(UnfitFileError):
            looked_at(folder, name, head + content)
