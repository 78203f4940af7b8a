"""What the frame of every page shows of the desk: notices of what was just done, and the reader's wishes."""

from __future__ import annotations

from typing import Any, Final

from flask import flash, get_flashed_messages, redirect, request, session
from flask.typing import ResponseReturnValue

from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Tone
from compliance.engine.run import Outcome
from compliance.web.addresses import definition_of
from compliance.web.people import local_address

YEAR_SECONDS: Final = 31_536_000
# Of those that no page has shown yet. They wait in a cookie, and a browser keeps none that is large.
MOST_NOTICES: Final = 3


def every_page() -> dict[str, Any]:
    """Return what the frame shows: notices left by the request before, and whether keys are on."""
    return {
        "flashes": get_flashed_messages(with_categories=True),
        "keys": "off" if request.cookies.get("keys") == "off" else "on",
        "search_query": request.args.get("q", "") if request.endpoint == "cases.search" else "",
    }


def keys() -> ResponseReturnValue:
    """Keep in a cookie whether single keys do anything, so that the next page knows it from its first byte."""
    response = redirect(local_address(request.form.get("next")), 303)
    chosen = request.form.get("keys")
    if chosen in {"on", "off"}:
        response.set_cookie("keys", chosen, max_age=YEAR_SECONDS, samesite="Lax")
    return response


def tell_done(done: Outcome) -> None:
    """Leave a notice of what was *done* to a case."""
    if done.action is not None:
        flash(_done(done.case, done.action, done.before), Tone.GOOD.value)
        session["_flashes"] = session["_flashes"][-MOST_NOTICES:]


def _done(case: Case, action: Action, before: str) -> str:
    if case.state != before:
        return f"{case.reference} is now “{definition_of(case).stage(case.state).label}”."
    if action.holder is Holder.TAKE:
        return f"{case.reference} is yours now."
    if action.holder is Holder.RELEASE:
        return f"You no longer hold {case.reference}."
    return f"Done: {action.label}, {case.reference}."
