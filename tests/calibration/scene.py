"""A desk that looks at some of its determinations a second time."""

from __future__ import annotations

import sqlalchemy as sa

from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.engine import run
from compliance.engine.blind import SecondLook
from compliance.engine.case import Case
from compliance.engine.determination import Determination
from compliance.engine.errors import EngineError, NotFoundError
from compliance.kernel.db import session
from compliance.people import directory
from compliance.people.models import Person
from tests import make
from tests.offer.scene import Desk

FOUND = {"outcome": "independent_contractor", "grounds": "A business of its own, as I read it."}
OTHER = {"outcome": "employee", "grounds": "Directed daily, as I read it."}


class TwoLooks(Desk):
    """The people of an offer, with two reviewers who had no part in it."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.rob = make.actor("Rob", Role.REVIEWER)
        self.una = make.actor("Una", Role.REVIEWER)
        self.look = ""

    def now(self, who: Actor) -> Actor:
        """Return *who* as they come in now, with all that they must not see."""
        person = session().get_one(Person, who.id)
        return directory.actor_for(person)

    def drawn(self, **terms: str) -> str:
        """Have an offer approved, and its determination drawn for a second look."""
        self.approved(**terms)
        return self.draw()

    def draw(self) -> str:
        newest = sa.select(Determination.id).order_by(Determination.id.desc()).limit(1)
        of = {"determination": str(session().scalars(newest).one())}
        opened = run.open_case("blind_review", SYSTEM_ACTOR, of, organisation_id=self.client.id)
        self.look = opened.case.reference
        session().commit()
        return self.look

    def taken(self, **terms: str) -> None:
        self.drawn(**terms)
        self.do(self.rob, "claim")

    def do(self, who: Actor, action: str, **data: str) -> str:
        """Do something to the blind review."""
        actor = self.now(who)
        case = run.find("blind_review", self.look, actor)
        try:
            done = run.fire("blind_review", self.look, action, actor, data, seen=case.content_digest)
        except EngineError:
            session().rollback()
            raise
        session().commit()
        return str(done.case.state)

    def of_look(self) -> Case:
        session().expire_all()
        return run.find("blind_review", self.look, SYSTEM_ACTOR)

    def drawn_for(self) -> int:
        return session().scalar(sa.select(sa.func.count()).select_from(SecondLook)) or 0

    def offer_is_hidden_from(self, who: Actor) -> bool:
        session().rollback()
        try:
            run.find("offer", self.reference, self.now(who))
        except NotFoundError:
            return True
        return False
