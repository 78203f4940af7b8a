import dataclasses
import datetime as dt
import hashlib
import io
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from compliance import cli_demo
from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.demo import load, removal
from compliance.demo.load import SampleRefusedError
from compliance.engine import documents, run
from compliance.engine.case import Case, CaseComment, CaseDocument, SavedView
from compliance.engine.registry import registry
from compliance.kernel import clock, files
from compliance.kernel.db import engine, session
from compliance.kernel.ids import new_id
from compliance.messages.models import MailMessage
from compliance.people import directory, organisations, passwords
from compliance.people.models import Invitation, Organisation, Person, RoleGrant
from tests import make
from tests.offer.scene import TERMS, UNCHARTED, Desk

pytestmark = pytest.mark.usefixtures("app")
HANDWRITTEN, DECIDED_CASES, INTERVIEWS = 22, 110, 48
CONTENT = b"only of the sample"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
KEPT = {"person", "role_grant", "sign_in_session", "rule_set_version", "alembic_version"}


def rows(*, but: set[str]) -> dict[str, int]:
    """Return how many rows each table has that is not of the record, where it has any."""
    names = [name for name in sa.inspect(engine()).get_table_names() if name not in but and "audit_" not in name]
    counts = {name: session().scalar(sa.text(f'SELECT count(*) FROM "{name}"')) or 0 for name in names}  # noqa: S608 - names of our own tables
    session().rollback()
    return {name: count for name, count in counts.items() if count}


def sound() -> bool:
    session().rollback()
    with engine().connect() as connection:
        return not list(check.faults(connection, events.writer().key))


@pytest.mark.slow
def test_the_sample_shows_every_state_goes_in_one_step_and_comes_again_while_record_and_real_cases_stay() -> None:
    real = Desk()
    real.open()
    organisations.programme()  # It stays, as it is nobody's sample.
    session().commit()
    there, files_before = rows(but=KEPT), stored()
    refused = CliRunner().invoke(cli_demo.demo, ["load"])
    assert refused.exit_code == 1
    assert "--anyway" in refused.output
    assert "rita@desk.example" in CliRunner().invoke(cli_demo.demo, ["load", "--anyway"]).output
    signs_in = load.load()
    cases = session().scalars(sa.select(Case).where(Case.sample)).all()
    assert len([case for case in cases if case.kind == "offer"]) == HANDWRITTEN + DECIDED_CASES + INTERVIEWS
    for kind in {case.kind for case in cases}:
        shown = {case.state for case in cases if case.kind == kind}
        assert shown == {state.value for state in registry().process(kind).workflow.states}
    assert_papers_are_there(cases)
    assert min(case.created_at for case in cases) < clock.now() - dt.timedelta(days=100)
    assert sound()

    leave_traces()
    count = sa.select(sa.func.count()).select_from(AuditEvent)
    before = session().scalar(count) or 0
    assert removal.remove() == len(cases) + 1
    assert rows(but=KEPT) == there
    open_accounts = session().scalars(sa.select(Person.sample).where(Person.active)).all()
    assert open_accounts
    assert not any(open_accounts)
    theirs = sa.select(Person.id).where(Person.sample)
    held = sa.select(RoleGrant).where(RoleGrant.ended_at.is_(None), RoleGrant.person_id.in_(theirs))
    assert session().scalars(held).all() == []
    assert stored() == files_before
    assert session().scalar(count) == before + len(signs_in) + 2
    assert sound()

    assert load.load(anyway=True) == signs_in
    assert len(session().scalars(sa.select(Case).where(Case.sample)).all()) == len(cases)
    for email, role, password in signs_in:
        person = directory.find(email)
        assert person is not None
        assert person.active
        assert passwords.matches(person.password_hash, password)
        assert [grant.role.label for grant in directory.actor_for(person).grants] == [role][: role != "Freelancer"]
    assert sound()


def stored() -> set[str]:
    return {place.name for place in files.documents().root.glob("??/*")}


def assert_papers_are_there(cases: Sequence[Case]) -> None:
    """Find documents of each side, one that runs out, one for the desk alone, and comments that are and are not."""
    mine = [case.id for case in cases]
    papers = session().scalars(sa.select(CaseDocument).where(CaseDocument.case_id.in_(mine))).all()
    assert {paper.party for paper in papers} == {"client", "freelancer", "desk"}
    assert {paper.internal for paper in papers} == {True, False}
    assert any(paper.expires_on for paper in papers)
    assert all(files.documents().path(paper.sha256).is_file() for paper in papers)
    remarks = session().scalars(sa.select(CaseComment).where(CaseComment.case_id.in_(mine))).all()
    assert {remark.internal for remark in remarks} == {True, False}
    written = sa.select(AuditEvent.action).where(AuditEvent.action.in_(["offer.add_document", "offer.comment"]))
    assert len(session().scalars(written).all()) == len(papers) + len(remarks)


def leave_traces() -> None:
    """Do by hand what people do who try the desk out."""
    mona = directory.find("mona@acme.example")
    assert mona is not None
    actor = directory.actor_for(mona)
    (grant,) = actor.grants
    assert grant.organisation_id is not None
    soon = clock.now().date() + dt.timedelta(days=30)
    days = {"starts_on": soon.isoformat(), "ends_on": (soon + dt.timedelta(days=60)).isoformat()}
    terms = {**TERMS, **days, **UNCHARTED, "freelancer_email": "stranger@example.com"}
    opened = run.open_case("offer", actor, terms, organisation_id=grant.organisation_id)
    run.fire("offer", opened.case.reference, "submit", actor)
    session().commit()
    stranger = directory.find("stranger@example.com")
    assert stranger is not None
    assert stranger.sample
    with files.documents().receive(io.BytesIO(CONTENT), documents.MAX_BYTES) as arrived:
        files.documents().keep(arrived)
    session().add(
        CaseDocument(
            case_id=opened.case.id, name="a.txt", media_type="text/plain", size=len(CONTENT), sha256=DIGEST,
            party="client", added_by_id=mona.id, added_at=clock.now(),
        )
    )  # fmt: skip
    session().add(SavedView(person_id=mona.id, page="offers", name="Mine", query="", made_at=clock.now()))
    written = {"subject": "Changed", "text": "Changed", "made_at": clock.now(), "due_at": clock.now()}
    session().add(MailMessage(address=mona.email, **written))
    session().add(
        Invitation(
            token_hash=new_id().bytes, email="nell@example.com", name="Nell", roles=["viewer"],
            organisation_id=grant.organisation_id, invited_by_id=mona.id, made_at=clock.now(), expires_at=clock.now(),
        )
    )  # fmt: skip
    session().commit()


def test_an_organisation_of_the_sample_in_which_somebody_real_has_a_role_stays() -> None:
    for name in ("Empty", "Kept"):
        make.organisation(name, sample=True)
    make.actor("Real", Role.VIEWER, at=session().scalars(sa.select(Organisation).filter_by(name="Kept")).one())
    removal.remove()
    assert session().scalars(sa.select(Organisation.name)).all() == ["Kept"]


@pytest.mark.parametrize("flags", [[], ["--anyway"]])
def test_the_sample_is_refused_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch, flags: list[str]) -> None:
    live = dataclasses.replace(app.config["SETTINGS"], environment="production")
    monkeypatch.setitem(app.config, "SETTINGS", live)
    refused = CliRunner().invoke(cli_demo.demo, ["load", *flags])
    assert refused.exit_code == 1
    assert "COMPLIANCE_ENV is production" in refused.output
    assert session().scalars(sa.select(Person)).all() == []


def test_an_organisation_alone_that_is_real_refuses_the_sample_too() -> None:
    make.organisation("Real")
    with pytest.raises(SampleRefusedError, match="no sample"):
        load.load()
    assert session().scalars(sa.select(Person)).all() == []


def test_a_real_organisation_or_person_with_a_name_of_the_sample_is_never_touched() -> None:
    acme = make.organisation("Acme Instruments", approval_steps=1)
    with pytest.raises(SampleRefusedError, match="“Acme Instruments” is no sample"):
        load.load(anyway=True)
    session().refresh(acme)
    assert (acme.sample, acme.approval_steps, acme.calendar) == (False, 1, "utc")
    session().add(Person(email="rita@desk.example", name="Rita", created_at=clock.now()))
    session().commit()
    with pytest.raises(SampleRefusedError, match=r"“rita@desk\.example” is no sample"):
        load.load(anyway=True)
