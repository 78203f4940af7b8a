"""The people of the journeys, each with a way in: the people of an offer, and those who look after the desk."""

from __future__ import annotations

import functools

from compliance.authz import Actor, Role
from compliance.kernel.db import session
from compliance.people import passwords
from compliance.people.models import Person
from tests import make
from tests.browser.screen import Screen
from tests.offer.scene import Desk
from tests.people.scene import PASSWORD

# Terms whose dates no test outlives.
AHEAD = {"starts_on": "2099-04-01", "ends_on": "2099-07-31"}


class House(Desk):
    """Everybody of a desk; whoever is let in has a password."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.lea = make.actor("Lea", Role.TEAM_LEAD)
        self.arno = make.actor("Arno", Role.AUDITOR)
        self.ada = make.actor("Ada", Role.ADMINISTRATOR)

    def enter(self, who: Actor, screen: Screen) -> Screen:
        """Let *who* sign in at *screen*."""
        person = session().get_one(Person, who.id)
        person.password_hash = _hashed()
        email = person.email
        session().commit()
        screen.sign_in(email, PASSWORD)
        return screen

    def open(self, **terms: str) -> str:
        """Open an offer whose dates lie ahead."""
        return super().open(**{**AHEAD, **terms})

    def href(self) -> str:
        """Return the address of the offer in hand."""
        return f"/offers/{self.reference}"

    def state(self) -> str:
        """Return where the offer in hand stands now."""
        session().expire_all()
        found = str(self.offer(self.mona).state)
        session().commit()  # An open transaction of the test would hold up the next request.
        return found


@functools.cache
def _hashed() -> str:
    return passwords.hashed(PASSWORD)
