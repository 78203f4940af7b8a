"""The command that publishes rule sets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from compliance import cli_rules
from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.rules import catalog, command, store
from compliance.rules.library import Library
from compliance.rules.rule_set import RuleSet


def publish(*arguments: str, app: Flask) -> Result:
    return CliRunner().invoke(cli_rules.rules, ["publish", *arguments], obj=app)


def test_publishing_twice_keeps_one_and_says_so(app: Flask) -> None:
    first, second = publish(app=app), publish("uk-cest-2.4", app=app)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "uk-cest-2.4 2.4 published, digest" in first.output
    assert "uk-cest-2.4 2.4 was published before" in second.output


def test_an_unknown_rule_set_is_refused_with_the_known_ones(app: Flask) -> None:
    refused = publish("nothing", app=app)
    assert refused.exit_code == 1
    assert "There is no rule set “nothing”. Known rule sets: au-contract" in refused.output


def test_changed_content_is_refused_with_what_to_do(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(app=app)
    changed = store.shipped("uk-cest-2.4")
    other = object.__new__(RuleSet)
    other.__dict__ = {**changed.__dict__, "digest": "0" * 64}
    monkeypatch.setattr(Library, "table", lambda _self, _key: other)
    refused = publish("uk-cest-2.4", app=app)
    assert refused.exit_code == 1
    assert "Give the changed rule set a new version." in refused.output


def test_without_a_key_everything_is_published_whatever_its_kind(app: Flask) -> None:
    done = publish(app=app)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert {line.split()[0] for line in lines} == set(command.known(store.packages()))
    assert all(" published, digest " in line for line in lines)


def listed(app: Flask) -> Result:
    return CliRunner().invoke(cli_rules.rules, ["list"], obj=app)


def test_the_list_says_what_is_published_since_when_and_what_is_only_on_disk(app: Flask) -> None:
    before = listed(app).output
    assert re.search(r"uk-cest-2\.4 +2\.4 .* only on disk +in force ", before)
    publish("uk-cest-2.4", app=app)
    after = listed(app).output
    assert re.search(rf"uk-cest-2\.4 +2\.4 .* published since {clock.now():%Y-%m-%d} +in force ", after)
    assert re.search(r"us-flsa .* only on disk +in force ", after)
    assert re.search(r"eu-platform .* not in force ", after)


def test_the_list_says_which_version_is_in_force_in_each_place(app: Flask) -> None:
    _, _, by_place = listed(app).output.partition("by place:\n")
    assert re.search(r"^  GB +uk-cest-2\.4 2\.4, ", by_place, flags=re.MULTILINE)
    assert re.search(r"^  EU +none$", by_place, flags=re.MULTILINE)


def test_the_list_names_what_is_kept_and_not_shipped_any_more(app: Flask) -> None:
    kept = store.shipped("uk-cest-2.4")
    row = {"key": "uk-old", "version": "1", "digest": kept.digest, "content": "{}", "by": "Ada"}
    session().execute(sa.insert(table(store.RuleSetVersion)), [{**row, "published_at": clock.now()}])
    session().commit()
    assert re.search(r"uk-old +1 .* no longer on disk", listed(app).output)


def test_a_broken_set_is_named_with_its_place_and_without_a_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "uk-cest-2.4"
    shutil.copytree(catalog.folders(("workflows",))["uk-cest-2.4"], broken)
    table = next(broken.rglob("exit.txt"))
    table.write_text(table.read_text().replace("INIR35", "INIR36"))
    monkeypatch.setattr(catalog, "folders", lambda _packages: {"uk-cest-2.4": broken})
    refused = listed(app)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: uk-cest-2.4, exit.txt, line ")
    assert "“INIR36” is no outcome here" in refused.output
