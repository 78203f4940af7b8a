"""The library of rules: which there are, what each says, and how one version differs from another.

Rules are public, so whoever is signed in may read them; what was decided under them only the desk sees.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form, SelectField

from compliance.authz import Actor
from compliance.door import actor
from compliance.engine.errors import NotFoundError
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.rules import shelf, store
from compliance.rules.errors import UnknownRuleSetError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.rule_set import RuleSet
from compliance.rules.shelf import Edition
from compliance.rules.told import book, table
from compliance.rules.told.parts import span
from compliance.web import rule_changes
from compliance.web.choices import choices_of

PAGE_SIZE: Final = 25
MOST_DIFFERENCES: Final = 200
_NUMBER: Final = re.compile(r"[0-9]{1,6}")

blueprint = Blueprint("rules", __name__)


class Narrowing(Form):
    """Which rule sets to list."""

    place = SelectField("Place", default="")
    kind = SelectField("Kind", choices=choices_of(book.KINDS.items(), "All kinds"), default="")


@blueprint.get("/rules")
def listing() -> ResponseReturnValue:
    """List every rule set by place, as far as the address narrows them."""
    reader, today = actor(), clock.now().date()
    kept = [(shelf.current(found, today), len(found)) for found in shelf.shelf(session()).values()]
    form = Narrowing(request.args)
    there = sorted({_place(one) for one, _ in kept}, key=_title)
    form.place.choices = choices_of(((place, _title(place)) for place in there), "All places")
    fine = form.validate()
    shown = [(one, count) for one, count in kept if fine and _meets(one, form.place.data, form.kind.data)]
    page = render_template(
        "rules/list.html",
        form=form,
        groups=_groups(shown),
        active=_active(form) if fine else [],
        today=today,
        tries=reader.is_staff,
    )
    return page, 200 if fine else 422


@blueprint.get("/rules/<key>")
def show(key: str) -> ResponseReturnValue:
    """Show what a rule set says in one of its versions."""
    reader, found = actor(), _editions(key)
    edition = _asked(found, key, request.args.get("version"))
    rules, today = edition.rules, clock.now().date()
    where = {"key": key, "version": edition.version}
    return render_template(
        "rules/show.html",
        rules=rules,
        kind=book.KINDS[book.kind_of(rules)],
        chapters=book.chapters(rules),
        tables=_tables(edition),
        facts=_facts(edition),
        in_force=edition.in_force(today),
        span=span(rules.about.effective_from, rules.about.effective_to),
        proposals=[one for one in rules.variants if not one.in_use] if isinstance(rules, LegalTest) else [],
        versions=[_version(one, edition) for one in reversed(found)],
        where=where,
        for_desk=reader.is_staff,
        proposing=rule_changes.proposing(reader, key),
        origin=rule_changes.origin(edition, reader),
        back=url_for("rules.listing"),
    )


@blueprint.get("/rules/<key>/content")
def content(key: str) -> ResponseReturnValue:
    """Show the files of a version as they are kept."""
    actor()
    edition = _asked(_editions(key), key, request.args.get("version"))
    return render_template(
        "rules/content.html",
        rules=edition.rules,
        files=shelf.content(session(), edition),
        proposals=book.proposals(edition.rules),
        back=url_for("rules.show", key=key, version=edition.version),
    )


@blueprint.get("/rules/<key>/tables/<section>")
def rows(key: str, section: str) -> ResponseReturnValue:
    """Show the rows of one decision table, page by page."""
    actor()
    edition = _asked(_editions(key), key, request.args.get("version"))
    found = table.tables(edition.rules) if isinstance(edition.rules, RuleSet) else {}
    if section not in found:
        raise NotFoundError("There is no such table. Choose one on the page of the rule set.")
    title, decisions = found[section]
    after = request.args.get("after", "0")
    if not _NUMBER.fullmatch(after):
        raise NotFoundError("There is no such page of the table. Go back to its first rows.")
    shown = [row for row in decisions.rows if row.number > int(after)][: PAGE_SIZE + 1]
    here = partial(url_for, "rules.rows", key=key, section=section, version=edition.version)
    more = len(shown) > PAGE_SIZE
    return render_template(
        "rules/rows.html",
        rules=edition.rules,
        title=title,
        total=len(decisions.rows),
        rows=[(row, table.row_told(decisions, row)) for row in shown[:PAGE_SIZE]],
        next_href=here(after=shown[PAGE_SIZE - 1].number) if more else None,
        first_href=here() if int(after) else None,
        back=url_for("rules.show", key=key, version=edition.version),
    )


@blueprint.get("/rules/<key>/changes")
def changes(key: str) -> ResponseReturnValue:
    """Show how two versions differ: the newest two, or those in the address."""
    actor()
    found = _editions(key)
    last = _named(found, key, request.args.get("to")) or found[-1]
    first = _named(found, key, request.args.get("from")) or found[max(found.index(last) - 1, 0)]
    differences = book.differences(first.rules, last.rules)
    return render_template(
        "rules/changes.html",
        rules=last.rules,
        first=first.rules,
        last=last.rules,
        differences=differences[:MOST_DIFFERENCES],
        left_off=max(len(differences) - MOST_DIFFERENCES, 0),
        versions=[one.version for one in found],
        back=url_for("rules.show", key=key, version=last.version),
    )


def navigation(reader: Actor | None, *, at_foot: bool = False) -> list[dict[str, Any]]:
    """Return the way to the rules: above every page for the desk, at its foot for the parties."""
    if reader is None or reader.is_staff is at_foot:
        return []
    href = url_for("rules.listing")
    return [{"label": "Rules", "href": href, "current": request.path.startswith(href)}]


def edition_of(key: str, version: str | None) -> Edition:
    """Return the version that an address asks for, or the one in force; raises :class:`NotFoundError`."""
    return _asked(_editions(key), key, version)


def _editions(key: str) -> list[Edition]:
    try:
        return shelf.editions(session(), key)
    except UnknownRuleSetError:
        raise NotFoundError("There is no such rule set. Choose one from the list of rules.") from None


def _asked(found: list[Edition], key: str, version: str | None) -> Edition:
    return _named(found, key, version) or shelf.current(found, clock.now().date())


def _named(found: list[Edition], key: str, version: str | None) -> Edition | None:
    if not version:
        return None
    one = next((one for one in found if one.version == version), None)
    if one is None:
        listed = ", ".join(one.version for one in found)
        raise NotFoundError(f"There is no such version of {key}. Known versions: {listed}.")
    return one


def _place(edition: Edition) -> str:
    return edition.rules.about.jurisdiction


def _groups(shown: list[tuple[Edition, int]]) -> list[dict[str, Any]]:
    """Return what is shown by place: a country, then its parts."""
    titles = {place: _title(place) for place in {_place(one) for one, _ in shown}}
    return [
        {"title": titles[place], "rows": [_row(one, count) for one, count in shown if _place(one) == place]}
        for place in sorted(titles, key=titles.__getitem__)
    ]


def _title(place: str) -> str:
    names = store.library().places
    return ": ".join(dict.fromkeys((names.name(place.partition("-")[0]), names.name(place))))


def _meets(edition: Edition, place: str, kind: str) -> bool:
    """Tell whether a rule set is of that kind, and holds in that place or in a part of it."""
    around = store.library().places.around(place) if place else ()
    own = {_place(edition), *book.places_of(edition.rules)}
    there = not place or any(one in around or one.startswith(f"{place}-") for one in own)
    return there and (not kind or book.kind_of(edition.rules) == kind)


def _row(edition: Edition, count: int) -> dict[str, Any]:
    rules, today = edition.rules, clock.now().date()
    return {
        "key": rules.key,
        "title": rules.title,
        "href": url_for("rules.show", key=rules.key),
        "kind": book.KINDS[book.kind_of(rules)],
        "in_short": book.in_short(rules),
        "version": rules.version,
        "others": count - 1,
        "in_force": edition.in_force(today),
        "span": span(rules.about.effective_from, rules.about.effective_to),
        "published_at": edition.published_at,
        "checked": book.checked(rules),
        "proposals": book.proposals(rules),
    }


def _active(form: Narrowing) -> list[dict[str, str]]:
    """Return what the list is narrowed by, each with the address without it."""
    given = {field.short_name: str(field.data) for field in form if field.data}
    words = {"place": _title, "kind": book.KINDS.__getitem__}
    return [
        {
            "label": form[name].label.text,
            "value": words[name](value),
            "remove_href": url_for("rules.listing", **{k: v for k, v in given.items() if k != name}),  # type: ignore[arg-type]
        }
        for name, value in given.items()
    ]


def _facts(edition: Edition) -> list[dict[str, Any]]:
    rules, at = edition.rules, edition.published_at
    if at is None:
        kept = "Only on disk; it is published when answers to it are first sent"
    else:
        kept = f"Since {at:%d %B %Y}"
        if edition.origin is not None:
            kept += ", by a change of the rules"
        elif not edition.on_disk:
            kept += ", no longer on disk as it was"
    rows = [
        ("Key", rules.key),
        ("Version", rules.version),
        ("Published", kept),
        ("Sources", book.checked(rules)),
        ("Digest", rules.digest),
    ]
    return [{"label": label, "value": value} for label, value in rows]


def _version(one: Edition, shown: Edition) -> dict[str, Any]:
    return {
        "label": f"Version {one.version}",
        "href": url_for("rules.show", key=one.rules.key, version=one.version),
        "current": one is shown,
    }


def _tables(edition: Edition) -> list[dict[str, Any]]:
    rules = edition.rules
    if not isinstance(rules, RuleSet):
        return []
    here = partial(url_for, "rules.rows", key=rules.key, version=rules.version)
    return [
        {"title": title, "count": len(found.rows), "href": here(section=section)}
        for section, (title, found) in table.tables(rules).items()
    ]
