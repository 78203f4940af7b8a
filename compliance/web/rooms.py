"""Who looks after whom: the programme's people for administrators, one client's for its own administrators.

Pages of one organisation lie below ``/organisation/<id>``, whoever opens them; those of the whole programme below
``/admin``. A role that includes no such page is refused with 403; an organisation of others does not exist (404).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import request, url_for

from compliance.authz import CLIENT, STAFF, Actor, Channel, Role
from compliance.engine.errors import NotAllowedError, NotFoundError
from compliance.kernel.db import session as database
from compliance.kernel.ids import as_id
from compliance.people import session
from compliance.people.directory import AGENCY
from compliance.people.models import Organisation
from compliance.people.organisations import OF_PROGRAMME
from compliance.web.people import complete_visitor, must_be_fresh

NOTHING_THERE: Final = "There is nothing here that you can see."
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.ACCOUNT_ADMIN})
# They set clients up and bring their people in; whom a client keeps and disables is the client's business.
HELPERS: Final = KEEPERS | {Role.PROGRAM_SUCCESS_MANAGER}


@dataclass(frozen=True)
class Room:
    """One organisation, or the programme itself, and whoever looks after its people now."""

    visitor: session.Visitor
    actor: Actor
    organisation: Organisation | None

    @property
    def key(self) -> str | None:
        """The organisation as it stands in addresses."""
        return str(self.organisation.id) if self.organisation else None

    @property
    def title(self) -> str:
        """What the pages of the room are called."""
        return self.organisation.name if self.organisation else "Administration"

    @property
    def keeps(self) -> bool:
        """Tell whether the people here are the actor's to keep, not only to bring in."""
        if self.actor.holds(Role.ADMINISTRATOR):
            return True
        return self.organisation is not None and self.actor.holds(Role.ACCOUNT_ADMIN, self.organisation.id)

    @property
    def roles(self) -> list[Role]:
        """The roles that belong here, in the order of their names."""
        if self.organisation is None:
            return sorted(STAFF)
        if self.organisation.kind == OF_PROGRAMME:
            return []  # Its people are the staff, and hold their roles everywhere.
        return sorted(AGENCY if self.organisation.kind == "agency" else CLIENT)

    def href(self, endpoint: str, **values: Any) -> str:  # noqa: ANN401 - as url_for takes them
        """Return the address of a page of this room."""
        if not endpoint.startswith("administration."):
            values["organisation"] = self.key
        return url_for(endpoint, **values)

    def tabs(self) -> list[dict[str, Any]]:
        """Return the pages of the room."""
        items = [
            ("administration.overview", "Overview"),
            ("administration.listing", "Organisations"),
            ("persons.listing", "People"),
            ("inviting.listing", "Invitations"),
            ("inviting.confirming", "To confirm"),
        ]
        if self.organisation is not None:
            items[:2] = [("organisations.show", "Settings"), ("organisations.teams", "Teams")]
        if not self.keeps:
            items = [(end, label) for end, label in items if label in {"Settings", "Invitations"}]
        return [
            {"label": label, "href": self.href(end), "current": request.path == self.href(end)} for end, label in items
        ]


def enter(organisation: str | None, *, roles: frozenset[Role] = KEEPERS, fresh: bool = False) -> Room:
    """Return the room under that address for whoever may enter it.

    Raises :class:`NotAllowedError`, :class:`NotFoundError`, and what sends to sign in, or to confirm where *fresh* asks
    for a password typed lately.
    """
    visitor = complete_visitor()
    actor = visitor.actor.through(Channel.BROWSER, ip=request.remote_addr)
    everywhere = bool(actor.roles & (roles & STAFF))
    if not everywhere and (organisation is None or not actor.roles & roles):
        raise NotAllowedError("This page is for those who administer people.")
    if organisation is None and not actor.holds(Role.ADMINISTRATOR):
        raise NotAllowedError("This page is for the programme's administrators.")
    found = _organisation(organisation)
    if found is None and organisation is not None:
        raise NotFoundError(NOTHING_THERE)
    if found is not None and not everywhere and not actor.holds(Role.ACCOUNT_ADMIN, found.id):
        raise NotFoundError(NOTHING_THERE)
    if fresh:
        must_be_fresh(visitor)
    return Room(visitor, actor, found)


def _organisation(text: str | None) -> Organisation | None:
    found = as_id(text)
    return database().get(Organisation, found) if found else None
