"""What each process is, for everyone who is signed in: its definition in words and as a picture. It shows no case."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from compliance.authz import Actor
from compliance.door import actor
from compliance.engine import handbook, picture
from compliance.engine.definition import Workflow
from compliance.engine.errors import NotFoundError
from compliance.engine.registry import registry

blueprint = Blueprint("processes", __name__)


@blueprint.get("/processes")
def listing() -> ResponseReturnValue:
    """List every process."""
    actor()
    rows = [(workflow, url_for("processes.show", kind=workflow.kind)) for workflow in registry()]
    return render_template("processes/list.html", rows=rows)


@blueprint.get("/processes/<kind>")
def show(kind: str) -> ResponseReturnValue:
    """Show one process, newest or as asked; the parties read of the desk only that it decides."""
    at_desk = actor().is_staff
    workflow = _find(kind, request.args.get("version"))
    return render_template(
        "processes/show.html",
        workflow=workflow,
        picture=picture.shown(workflow, for_desk=at_desk),
        opening=handbook.fields(workflow.open_form),
        states=handbook.states(workflow),
        actions=handbook.actions(workflow, common=False, for_desk=at_desk),
        common=handbook.actions(workflow, common=True, for_desk=at_desk),
        permissions=handbook.permissions(workflow, for_desk=at_desk),
        at_desk=at_desk,
        versions=_versions(workflow),
        back=url_for("processes.listing"),
    )


def navigation(reader: Actor | None) -> list[dict[str, str]]:
    """Return the way to the processes, for the foot of every page."""
    return [{"label": "How each process works", "href": url_for("processes.listing")}] if reader else []


def _find(kind: str, version: str | None) -> Workflow:
    for workflow in registry().versions(kind):
        if version in {None, str(workflow.version)}:
            return workflow
    raise NotFoundError("There is no such process, or not in this version. Choose one from the list of processes.")


def _versions(shown: Workflow) -> list[dict[str, object]]:
    return [
        {
            "label": f"Version {workflow.version}",
            "href": url_for("processes.show", kind=workflow.kind, version=workflow.version),
            "current": workflow.version == shown.version,
        }
        for workflow in registry().versions(shown.kind)
    ]
