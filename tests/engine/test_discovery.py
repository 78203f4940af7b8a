"""A process dropped into a package is found, and everything it declares is there with no further code."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compliance.authz import Allow
from compliance.engine.definition import AS_BEFORE, Action, DefinitionError, Workflow
from compliance.engine.registry import Registry
from tests.engine.processes import permit

PROCESS = Path(__file__).parent / "processes" / "enquiry.py"

WALK = """
import json, os
import sqlalchemy as sa
from compliance import create_app
from compliance.audit import vocabulary
from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Grant, Role
from compliance.engine import matrix, run
from compliance.engine.case import Case, CaseDeadline
from compliance.kernel import clock, db, migrations
from compliance.people.models import Organisation, Person

OWN = {"open", "answer", "lapse"}
SAID = ("Answered", "Within 1 business day", "5 business days")

def read(reader, address):
    app.extensions["current_actor"] = lambda: reader
    return app.test_client().get(address).text

app = create_app()
with app.app_context():
    migrations.upgrade(db.engine())
    from dropped_processes.enquiry import Enquiry
    Enquiry.__table__.create(db.engine())
    session = db.session()
    acme = Organisation(name="Acme", kind="client", created_at=clock.now())
    mona = Person(email="mona@example.com", name="Mona", created_at=clock.now())
    session.add_all([acme, mona])
    session.flush()
    client = Actor(mona.id, "Mona", frozenset({Grant(Role.HIRING_MANAGER, acme.id)}))
    desk = Actor(mona.id, "Rita", frozenset({Grant(Role.REVIEWER), Grant(Role.TEAM_LEAD)}))
    case = run.open_case("enquiry", client, {"topic": "Rates"}, organisation_id=acme.id).case
    session.commit()
    declared = app.extensions["workflows"].process("enquiry").workflow
    told = {
        "pages": sorted(str(rule) for rule in app.url_map.iter_rules() if str(rule).startswith("/enquiries")),
        "rest": sorted({str(rule) for rule in app.url_map.iter_rules() if str(rule).startswith("/api/v1/enquiries")}),
        "described": sorted(p for p in app.test_client().get("/api/v1/openapi.json").json["paths"] if "enquir" in p),
        "offered": [offer.action.name for offer in run.available(case, desk)],
        "deadlines": sorted(session.scalars(sa.select(CaseDeadline.what))),
        "words": [word for word in vocabulary.words() if word.startswith("enquiry.")],
        "queue": len(session.scalars(sa.select(Case).where(Case.desk)).all()),
        "rights": [f"{r.state} {r.action} {r.who}" for r in matrix.rights(declared) if r.action in OWN],
        "form": "Topic" in read(client, "/enquiries/new"),
        "process page": [words in read(client, "/processes/enquiry") for words in SAID],
        "picture": read(client, f"/enquiries/{case.reference}").count('class="node'),
    }
    told["offered"] = sorted(told["offered"], key=lambda name: (name == "answer", name))
    told["offered"].remove("release")
    told["state"] = run.fire("enquiry", case.reference, "answer", desk).case.state
    session.commit()
    told["record"] = list(session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.event_id)))
    print(json.dumps(told))
"""


def test_a_dropped_process_has_everything_that_a_process_has(tmp_path: Path) -> None:
    """It runs in an interpreter of its own: a mapped class cannot leave the one it was born in."""
    folder = tmp_path / "dropped_processes"
    folder.mkdir()
    (folder / "__init__.py").touch()
    shutil.copy(PROCESS, folder)
    (tmp_path / "walk.py").write_text(WALK)
    found = subprocess.run(
        [sys.executable, str(tmp_path / "walk.py")],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())]),
            "COMPLIANCE_ENV": "test",
            "COMPLIANCE_DATA_DIR": str(tmp_path / "data"),
            "COMPLIANCE_WORKFLOWS": "dropped_processes",
        },
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {
        "pages": [
            "/enquiries",
            "/enquiries/<reference>",
            "/enquiries/<reference>/<name>",
            "/enquiries/<reference>/changes",
            "/enquiries/import",
            "/enquiries/import/<batch>",
            "/enquiries/import/<batch>/faults.csv",
            "/enquiries/import/template.csv",
            "/enquiries/new",
        ],
        "rest": [
            "/api/v1/enquiries",
            "/api/v1/enquiries/<reference>",
            "/api/v1/enquiries/<reference>/actions/<name>",
            "/api/v1/enquiries/<reference>/events",
        ],
        "described": [
            "/api/v1/enquiries",
            "/api/v1/enquiries/{reference}",
            "/api/v1/enquiries/{reference}/actions/answer",
            "/api/v1/enquiries/{reference}/actions/assign",
            "/api/v1/enquiries/{reference}/actions/claim",
            "/api/v1/enquiries/{reference}/actions/comment",
            "/api/v1/enquiries/{reference}/actions/release",
            "/api/v1/enquiries/{reference}/events",
        ],
        "offered": ["assign", "claim", "comment", "answer"],
        "deadlines": ["act:lapse", "late"],
        "words": [
            "enquiry.answer",
            "enquiry.assign",
            "enquiry.claim",
            "enquiry.comment",
            "enquiry.lapse",
            "enquiry.late",
            "enquiry.move",
            "enquiry.open",
            "enquiry.release",
            "enquiry.remind",
        ],
        "state": "answered",
        "record": ["enquiry.open", "enquiry.answer"],
        "queue": 1,
        "rights": ["- open hiring_manager", "asked answer reviewer", "asked lapse system"],
        "form": True,
        "process page": [True, True, True],
        "picture": 3,
    }


def test_two_processes_of_one_name_are_refused() -> None:
    registry = Registry()
    registry.add(permit.workflow)
    with pytest.raises(DefinitionError, match="two processes"):
        registry.add(permit.workflow)


def test_an_action_that_nobody_may_do_cannot_be_declared() -> None:
    with pytest.raises(DefinitionError, match="say who may do it"):
        Action("x", "X", (permit.State.DRAFT,), None, Allow())


def test_a_state_that_nothing_leads_to_cannot_be_declared() -> None:
    with pytest.raises(DefinitionError, match="no action leads to"):
        Workflow(
            kind="broken",
            title="Broken",
            model=permit.Permit,
            states=permit.State,
            start=permit.State.DRAFT,
            actions=(),
            open_form=permit.Terms,
            may_open=permit.reviewer,
        )


@pytest.mark.parametrize("outcome", ["fit", AS_BEFORE])
def test_an_action_cannot_determine_what_its_process_gives_no_words_for(outcome: str) -> None:
    submit = Action("submit", "Submit", (permit.State.DRAFT,), None, permit.reviewer, determines=outcome)
    others = tuple(action for action in permit.workflow.actions if action.name != "submit")
    with pytest.raises(DefinitionError, match=f"say in deciding what “{outcome}” means"):
        dataclasses.replace(permit.workflow, actions=(submit, *others))
