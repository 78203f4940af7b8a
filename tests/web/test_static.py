"""What is served beside the pages: vendored files as they were published, and light enough for a slow line."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "compliance" / "static"
LISTED: list[dict[str, str]] = json.loads((STATIC / "VENDOR.json").read_text(encoding="utf-8"))
MOST_GZIP_BYTES = 60 * 1024


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_published_one(entry: dict[str, str]) -> None:
    content = (STATIC / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["file"])
def test_a_vendored_file_names_its_origin_and_licence(entry: dict[str, str]) -> None:
    assert all(entry[name] for name in ("name", "version", "licence", "source", "source_file"))
    assert (STATIC / entry["licence_file"]).stat().st_size > 0


def test_every_file_in_the_vendor_folder_is_listed() -> None:
    named = {entry["file"] for entry in LISTED} | {entry["licence_file"] for entry in LISTED}
    assert {f"vendor/{path.name}" for path in (STATIC / "vendor").iterdir()} == named


def test_sheets_and_scripts_stay_within_their_weight() -> None:
    files = [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]
    weight = sum(len(gzip.compress(path.read_bytes())) for path in files)
    assert weight <= MOST_GZIP_BYTES


def test_the_sheet_fetches_nothing_that_is_not_served_beside_it() -> None:
    sheet = (STATIC / "desk.css").read_text(encoding="utf-8")
    addresses = re.findall(r"url\(\"?([^\")]+)\"?\)", sheet)
    assert addresses
    assert all((STATIC / address).is_file() for address in addresses)


def test_the_script_neither_evaluates_text_nor_writes_markup() -> None:
    script = (STATIC / "desk.js").read_text(encoding="utf-8")
    assert not re.search(r"\b(eval|Function|innerHTML|outerHTML|insertAdjacentHTML|alert|confirm)\b", script)
