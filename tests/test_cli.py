"""What the command line says: before there is anybody, before it overwrites, after it checked, when it is stopped."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from compliance import cli
from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR
from compliance.cli_commands import STOPPED, Commands
from compliance.kernel.db import session
from compliance.people import directory
from tests import make

FIRST = "countersign people add you@example.com"


def audit(*arguments: str, app: Flask) -> Result:
    return CliRunner().invoke(cli.audit, list(arguments), obj=app)


def test_an_export_leaves_a_file_that_is_there_as_it_is(app: Flask, tmp_path: Path) -> None:
    out = tmp_path / "record.jsonl"
    out.write_text("precious", encoding="utf-8")
    refused = audit("export", str(out), app=app)
    assert refused.exit_code == 2
    assert "is there already. Choose another name, or say --overwrite." in refused.output
    assert out.read_text(encoding="utf-8") == "precious"
    assert audit("export", str(out), "--overwrite", app=app).exit_code == 0
    assert "precious" not in out.read_text(encoding="utf-8")


def test_an_export_to_where_nothing_can_be_written_is_refused(app: Flask, tmp_path: Path) -> None:
    refused = audit("export", str(tmp_path / "nowhere" / "record.jsonl"), app=app)
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output


def test_a_verification_says_how_much_it_looked_at(app: Flask) -> None:
    make.actor("Ada")
    for number in range(3):
        events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, subject={"number": number})
    session().commit()
    found = audit("verify", "--database", app=app)
    assert found.exit_code == 0, found.output
    told = re.search(
        r"Looked at (\d+) events in (\d+) streams; sealed values: (\d+) can be opened, (\d+) were erased\. "
        r"It took \d+\.\d seconds\.",
        found.output,
    )
    assert told is not None, found.output
    counts = [int(count) for count in told.groups()]
    assert counts[0] >= 3
    assert counts[1] >= 1
    assert counts[3] == 0


@pytest.mark.parametrize("form", ["csv", "jsonl", "disclosures"])
def test_an_exported_file_is_verified_and_one_that_was_cut_or_changed_is_not(
    app: Flask, tmp_path: Path, form: str
) -> None:
    for number in range(3):
        events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, subject={"number": number}, reason="Why not")
    session().commit()
    out = tmp_path / "record"
    assert audit("export", str(out), "--format", form, app=app).exit_code == 0
    found = audit("verify", str(out), app=app)
    assert (found.exit_code, found.output) == (0, "VERIFIED\n")
    whole = out.read_bytes()
    *lines, trailer = whole.splitlines(keepends=True)
    changed = b"".join(lines).replace(b"a", b"b", 1)
    before, after = (hashlib.sha256(text).hexdigest().encode() for text in (b"".join(lines), changed))
    for text, said in (
        (b"".join(lines), "it was cut"),
        (whole[:-1], "it was cut"),
        (b"", "it was cut"),
        (changed + trailer, "it was changed"),
        (b"".join(lines[1:]) + trailer, "it was changed"),
        (changed + trailer.replace(before, after), "names another content"),
    ):
        out.write_bytes(text)
        refused = audit("verify", str(out), app=app)
        assert refused.exit_code == 1
        assert said in refused.output
        assert "NOT VERIFIED" in refused.output


def test_a_verification_needs_one_thing_to_check(app: Flask, tmp_path: Path) -> None:
    out = tmp_path / "record"
    out.touch()
    assert audit("verify", app=app).exit_code == 2
    assert "Say --database to check the record" in audit("verify", str(out), "--database", app=app).output


def test_sealed_values_are_erased_by_command_and_the_record_stays_sound(app: Flask) -> None:
    said = events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, reason="Fay was ill")
    session().commit()
    erased = audit("erase", str(said.event_id), "--reason", "Fay asked for it.", app=app)
    assert erased.output == "1 sealed values erased; the record says so.\n"
    found = audit("verify", "--database", app=app)
    assert (found.exit_code, "1 were erased" in found.output) == (0, True), found.output
    again = audit("erase", str(said.event_id), "--reason", "Again.", app=app)
    assert again.exit_code == 1
    assert "Nothing is kept there" in again.output


@pytest.mark.parametrize("stopped", [KeyboardInterrupt(), click.Abort()])
def test_a_command_that_is_stopped_says_so_in_one_line(stopped: BaseException) -> None:
    group = Commands("words")

    @group.command()
    def wait() -> None:
        raise stopped

    result = CliRunner().invoke(group, ["wait"])
    assert (result.exit_code, result.output) == (STOPPED, "Stopped.\n")


def test_the_door_says_how_to_begin_only_while_there_is_nobody(app: Flask) -> None:
    client = app.test_client()
    assert FIRST in client.get("/login").text
    make.actor("Ada")
    session().commit()
    assert directory.has_people()
    assert FIRST not in client.get("/login").text


def test_the_desk_says_how_to_begin_and_stops_politely(tmp_path: Path) -> None:
    environment = {**os.environ, "COMPLIANCE_DATA_DIR": str(tmp_path), "COMPLIANCE_DATABASE_URL": ""}
    environment = {name: value for name, value in environment.items() if value}
    command = [sys.executable, "-m", "compliance.cli"]
    subprocess.run([*command, "db", "upgrade"], env=environment, check=True, capture_output=True)
    log = tmp_path / "said.txt"
    with log.open("wb") as out:
        running = subprocess.Popen([*command, "run", "--port", "0"], env=environment, stdout=out, stderr=out)
        until = time.monotonic() + 60
        while FIRST not in log.read_text(encoding="utf-8") and time.monotonic() < until:
            assert running.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
    said = log.read_text(encoding="utf-8")
    assert "Countersign stopped; what was begun is finished." in said
    assert "Traceback" not in said
