import pytest
import sqlalchemy as sa

from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.demo import load
from compliance.engine.case import Case
from compliance.kernel.db import engine, session
from compliance.people import directory

pytestmark = pytest.mark.usefixtures("app")


def test_the_sample_is_loaded_once_shows_many_states_and_its_record_verifies() -> None:
    signs_in = load.load()
    assert load.load() == signs_in
    states = session().scalars(sa.select(Case.state).where(Case.sample)).all()
    assert len(states) == 16
    assert len(set(states)) >= 12
    session().rollback()
    with engine().connect() as connection:
        assert list(check.faults(connection, events.writer().key)) == []


def test_the_sample_goes_in_one_step_and_its_record_stays() -> None:
    load.load()
    before = session().scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0
    assert load.remove() == 16
    assert session().scalars(sa.select(Case)).all() == []
    person = directory.find("rita@desk.example")
    assert person is not None
    assert not person.active
    after = session().scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0
    assert after == before + 1
