"""Files by their digests: kept once, whole or not at all, never overwritten."""

import hashlib
import io
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.kernel import file_names
from compliance.kernel.files import FileMissingError, FileTooLargeError, Store


def kept(store: Store, content: bytes) -> str:
    with store.receive(io.BytesIO(content), 1_000_000) as arrived:
        store.keep(arrived)
        return arrived.sha256


def test_a_kept_file_lies_under_its_digest_and_nothing_else_is_left(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = kept(store, b"hello" * 50_000)
    assert digest == hashlib.sha256(b"hello" * 50_000).hexdigest()
    assert store.path(digest) == tmp_path / digest[:2] / digest[2:]
    assert store.path(digest).read_bytes() == b"hello" * 50_000
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [digest[2:]]


def test_the_same_bytes_a_second_time_change_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    place = store.path(kept(store, b"once"))
    before = place.stat()
    kept(store, b"once")
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_is_not_kept_is_gone_afterwards(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.receive(io.BytesIO(b"x"), 1) as arrived:
        assert arrived.path.read_bytes() == b"x"
        assert arrived.path.stat().st_mode & 0o077 == 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    with pytest.raises(FileMissingError):
        store.path(arrived.sha256)


def test_a_file_above_the_limit_is_refused_while_it_arrives(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(FileTooLargeError), store.receive(io.BytesIO(b"12"), 1):
        pass
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "\0" * 64])
def test_what_is_no_digest_names_no_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(FileMissingError):
        Store(tmp_path).path(digest)


def test_what_a_dead_process_left_behind_is_tidied_away_after_a_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = kept(store, b"stays")
    old, young = tmp_path / "arriving" / "old", tmp_path / "arriving" / "young"
    for path in (old, young):
        path.touch()
    yesterday = time.time() - 25 * 60 * 60
    os.utime(old, (yesterday, yesterday))
    store.tidy()
    assert (old.exists(), young.exists()) == (False, True)
    assert store.path(digest).exists()


@pytest.mark.parametrize(
    "given_name,clean",
    [
        ("contract.pdf", "contract.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\fay\\proof.PDF", "proof.PDF"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("nul\0.pdf", "_nul.pdf"),
        ("con.txt", "_con.txt"),
        ("  . .hidden . ", "hidden"),
        ("", "document"),
        ("...", "document"),
        ("Ünïcode 文件.pdf", "Ünïcode 文件.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
    ],
)
def test_a_name_loses_what_could_fool_anybody(given_name: str, clean: str) -> None:
    assert file_names.clean(given_name) == clean


@given(st.text(st.characters(), max_size=300) | st.text("./\\:<>\u202e\u200b\0 conulpdf", max_size=30))
def test_whatever_the_name_the_clean_one_is_one_harmless_part(given_name: str) -> None:
    clean = file_names.clean(given_name)
    assert 1 <= len(clean) <= file_names.LONGEST
    assert clean == file_names.clean(clean)
    assert clean.isprintable()
    assert not set(clean) & set('/\\<>:"|?*\0\r\n\u202e')
    assert clean.strip(" .") == clean
    clean.encode()
