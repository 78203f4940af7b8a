import datetime as dt

import pytest
import sqlalchemy as sa

from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.demo import load
from compliance.engine.case import Case
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import engine, session
from compliance.people import directory

pytestmark = pytest.mark.usefixtures("app")
HANDWRITTEN, DECIDED_CASES, INTERVIEWS = 22, 110, 48


def test_the_sample_shows_every_state_and_goes_in_one_step_while_its_record_stays() -> None:
    signs_in = load.load()
    assert load.load() == signs_in
    cases = session().scalars(sa.select(Case).where(Case.sample)).all()
    assert len(cases) == HANDWRITTEN + DECIDED_CASES + INTERVIEWS
    for kind in {case.kind for case in cases}:
        shown = {case.state for case in cases if case.kind == kind}
        assert shown == {state.value for state in registry().process(kind).workflow.states}
    assert min(case.created_at for case in cases) < clock.now() - dt.timedelta(days=100)
    session().rollback()
    with engine().connect() as connection:
        assert list(check.faults(connection, events.writer().key)) == []

    count = sa.select(sa.func.count()).select_from(AuditEvent)
    before = session().scalar(count) or 0
    assert load.remove() == len(cases)
    assert session().scalars(sa.select(Case)).all() == []
    person = directory.find("rita@desk.example")
    assert person is not None
    assert not person.active
    assert session().scalar(count) == before + 1
