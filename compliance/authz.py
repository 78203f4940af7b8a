"""Who may: roles, actors, and the one predicate that narrows every query to what an actor may see.

Two gates, both here. Rows: :func:`visible_to` is applied to every query over scoped rows; what is out of sight answers
exactly like what does not exist. Actions: an :class:`Allow` stands in the definition of each action and is asked inside
the engine, never only in a page.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import sqlalchemy as sa


class Role(enum.StrEnum):
    """What a person may do, held in one organisation (client roles) or in the programme (staff roles)."""

    ACCOUNT_ADMIN = "account_admin"
    ADMINISTRATOR = "administrator"
    AGENCY_MEMBER = "agency_member"
    AGENCY_OWNER = "agency_owner"
    APPROVER = "approver"
    AUDITOR = "auditor"
    BILLING_SPECIALIST = "billing_specialist"
    COMPLIANCE_CONTACT = "compliance_contact"
    ESCROW_APPROVER = "escrow_approver"
    FINANCE_ADMIN = "finance_admin"
    FREELANCER = "freelancer"
    HIRING_MANAGER = "hiring_manager"
    PROGRAM_SUCCESS_MANAGER = "program_success_manager"
    RECRUITER = "recruiter"
    REVIEWER = "reviewer"
    SALES = "sales"
    SENIOR_REVIEWER = "senior_reviewer"
    SUPPORT_AGENT = "support_agent"
    SUPPORT_MANAGER = "support_manager"
    TEAM_LEAD = "team_lead"
    TEAM_VIEWER = "team_viewer"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        """The role in words."""
        return self.value.replace("_", " ").capitalize()


STAFF: Final = frozenset(
    {
        Role.ADMINISTRATOR,
        Role.AUDITOR,
        Role.BILLING_SPECIALIST,
        Role.ESCROW_APPROVER,
        Role.PROGRAM_SUCCESS_MANAGER,
        Role.REVIEWER,
        Role.SALES,
        Role.SENIOR_REVIEWER,
        Role.SUPPORT_AGENT,
        Role.SUPPORT_MANAGER,
        Role.TEAM_LEAD,
    }
)
CLIENT: Final = frozenset(
    {
        Role.ACCOUNT_ADMIN,
        Role.APPROVER,
        Role.COMPLIANCE_CONTACT,
        Role.FINANCE_ADMIN,
        Role.HIRING_MANAGER,
        Role.RECRUITER,
        Role.TEAM_VIEWER,
        Role.VIEWER,
    }
)
# Their privilege spans the company even when they belong to a team (money is the company's, not a team's).
COMPANY_WIDE: Final = frozenset({Role.ACCOUNT_ADMIN, Role.FINANCE_ADMIN, Role.VIEWER, Role.COMPLIANCE_CONTACT})
# Staff who see every organisation's cases. The administrator runs the installation, not the decisions.
SEES_ALL: Final = STAFF - {Role.ADMINISTRATOR, Role.SALES}
# They look, and take away; they write nothing.
ONLY_READS: Final = frozenset({Role.AUDITOR, Role.RECRUITER, Role.TEAM_VIEWER, Role.VIEWER})
# Staff decisions and records weigh enough to ask for a second factor at every sign-in.
NEEDS_SECOND_FACTOR: Final = STAFF | {Role.ACCOUNT_ADMIN}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and where it holds: everywhere (staff), in an organisation, or in some of its teams."""

    role: Role
    organisation_id: uuid.UUID | None = None
    team_ids: frozenset[uuid.UUID] | None = None

    def covers(self, organisation_id: uuid.UUID | None, team_id: uuid.UUID | None) -> bool:
        """Tell whether the grant holds for a row of that organisation and team."""
        if self.role in STAFF:
            return True
        if self.organisation_id != organisation_id:
            return False
        return self.team_ids is None or team_id in self.team_ids


class Channel(enum.StrEnum):
    """Through which door an actor came."""

    BROWSER = "browser"
    API = "api"
    COMMAND = "command"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a person, a service with a token, or the system itself.

    ``stands_for`` is the absent person whose delegation is being used; both then count for segregation of duties.
    ``scopes`` is ``None`` for a person in the browser and the token's scopes otherwise. ``batch`` is what acts done in
    one go have in common. ``blind_to`` are the cases that both look at a second time without knowing how they were
    decided.
    """

    id: uuid.UUID | None
    name: str
    grants: frozenset[Grant] = frozenset()
    type: str = "user"
    channel: Channel = Channel.BROWSER
    stands_for: uuid.UUID | None = None
    stands_for_name: str | None = None
    conflicts: frozenset[uuid.UUID] = frozenset()
    scopes: frozenset[str] | None = None
    ip: str | None = None
    request_id: str | None = None
    batch: str | None = None
    blind_to: frozenset[uuid.UUID] = frozenset()

    @property
    def identities(self) -> frozenset[uuid.UUID]:
        """Everyone who counts as having acted when this actor acts."""
        return frozenset(person for person in (self.id, self.stands_for) if person is not None)

    @property
    def roles(self) -> frozenset[Role]:
        """All roles held anywhere."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def full_name(self) -> str:
        """The name, with that of the absent person the actor stands in for."""
        return f"{self.name} for {self.stands_for_name}" if self.stands_for_name else self.name

    @property
    def is_staff(self) -> bool:
        """Tell whether the actor works for the programme rather than for a client or as a freelancer."""
        return bool(self.roles & STAFF)

    def holds(self, role: Role, organisation_id: uuid.UUID | None = None, team_id: uuid.UUID | None = None) -> bool:
        """Tell whether the actor holds *role* there."""
        return any(grant.role == role and grant.covers(organisation_id, team_id) for grant in self.grants)

    def through(self, channel: Channel, *, ip: str | None = None, request_id: str | None = None) -> Actor:
        """Return the same actor as seen through *channel*."""
        return replace(self, channel=channel, ip=ip, request_id=request_id)

    @property
    def sight(self) -> Actor:
        """The same actor with nothing but what :func:`visible_to` looks at, whichever way and whenever they come."""
        return Actor(self.id, "", self.grants, self.type, conflicts=self.conflicts, blind_to=self.blind_to)

    def together(self, batch: str) -> Actor:
        """Return the same actor doing several things in one go: the record shows *batch* with each of them."""
        return replace(self, batch=batch)


SYSTEM_ACTOR: Final = Actor(None, "Countersign", type="system", channel=Channel.JOB)


class Scoped(Protocol):
    """A row that belongs to an organisation and may be seen by some: what both gates need to know of it."""

    organisation_id: Any
    team_id: Any
    worker_id: Any
    worker_organisation_id: Any
    holder_id: Any
    staff_sees: Any
    worker_sees: Any


@dataclass(frozen=True, slots=True)
class Allow:
    """Who may do an action. Built with :func:`any_of`, :data:`WORKER`, :data:`SYSTEM`, and joined with ``|``."""

    roles: frozenset[Role] = frozenset()
    worker: bool = False
    system: bool = False
    anybody: bool = field(default=False, repr=False)

    def __or__(self, other: Allow) -> Allow:
        """Return the permission of either."""
        return Allow(
            self.roles | other.roles,
            self.worker or other.worker,
            self.system or other.system,
            self.anybody or other.anybody,
        )

    def permits(self, actor: Actor, row: Scoped) -> bool:
        """Tell whether *actor* may, on *row*."""
        return self.capacity(actor, row) is not None

    def capacity(self, actor: Actor, row: Scoped) -> str | None:
        """Return in which capacity *actor* may act on *row* (a role, ``worker``, ``system``), or ``None``."""
        if actor.type == "system":
            return "system" if self.system else None
        for role in sorted(self.roles - STAFF if is_close_to_worker(actor, row) else self.roles):
            if actor.holds(role, row.organisation_id, row.team_id):
                return role.value
        if (self.worker or self.anybody) and is_worker(actor, row):
            return "worker"
        if self.anybody:
            return _any_capacity(actor, row)
        return None

    def permits_in(self, actor: Actor, organisation_id: uuid.UUID | None, team_id: uuid.UUID | None) -> bool:
        """Tell whether *actor* may where no row exists yet: opening a case for that organisation and team."""
        if actor.type == "system":
            return self.system
        return any(actor.holds(role, organisation_id, team_id) for role in self.roles)

    def places(self, actor: Actor) -> set[tuple[uuid.UUID, uuid.UUID | None]]:
        """Return each organisation, with the team where a role is bound to one, in which *actor* may."""
        return {
            (grant.organisation_id, team)
            for grant in actor.grants
            if grant.organisation_id is not None and grant.role in self.roles
            for team in (grant.team_ids or (None,))
        }

    def __str__(self) -> str:
        """Return the permission in words."""
        parts = [role.label for role in sorted(self.roles)]
        parts += ["Freelancer on this case"] * self.worker + ["Everyone who sees it"] * self.anybody
        parts += ["Countersign itself"] * self.system
        return ", ".join(parts)


def any_of(*roles: Role) -> Allow:
    """Allow whoever holds one of *roles* where the row belongs."""
    return Allow(roles=frozenset(roles))


WORKER: Final = Allow(worker=True)
SYSTEM: Final = Allow(system=True)
EVERYBODY: Final = Allow(anybody=True)


def is_worker(actor: Actor, row: Scoped) -> bool:
    """Tell whether *actor* is the freelancer (or an agency's owner or member) on *row*."""
    if actor.id is not None and row.worker_id == actor.id:
        return True
    agency = row.worker_organisation_id
    return agency is not None and any(actor.holds(role, agency) for role in (Role.AGENCY_OWNER, Role.AGENCY_MEMBER))


def is_close_to_worker(actor: Actor, row: Scoped) -> bool:
    """Tell whether *actor* is, or stands in for, the freelancer on *row*: whatever the role, not of the desk there."""
    return is_worker(actor, row) or row.worker_id in actor.identities


def is_at_desk(actor: Actor, row: Scoped) -> bool:
    """Tell whether *actor* is one of the desk on *row*: whoever is a party to it, or close to one, is not."""
    near = bool({row.organisation_id, row.worker_id, row.worker_organisation_id} & actor.conflicts)
    return actor.is_staff and not near and not is_close_to_worker(actor, row)


def _any_capacity(actor: Actor, row: Scoped) -> str | None:
    for grant in sorted(actor.grants, key=lambda grant: grant.role):
        if grant.role != Role.FREELANCER and grant.covers(row.organisation_id, row.team_id):
            return grant.role.value
    return None


def visible_to(actor: Actor, rows: type[Any]) -> sa.ColumnElement[bool]:
    """Return the condition under which *actor* may see a row of *rows* (a :class:`Scoped` mapped class)."""
    if actor.type == "system":
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = []
    if actor.roles & SEES_ALL:
        ways.append(_staff_sees(actor, rows))
    ways.extend(_client_sees(grant, rows) for grant in actor.grants if grant.role in CLIENT)
    agencies = [g.organisation_id for g in actor.grants if g.role in {Role.AGENCY_OWNER, Role.AGENCY_MEMBER}]
    if agencies:
        ways.append(sa.and_(rows.worker_organisation_id.in_(agencies), rows.worker_sees))
    if actor.id is not None:
        ways.append(sa.and_(rows.worker_id == actor.id, rows.worker_sees))
    return sa.or_(sa.false(), *ways)


def _staff_sees(actor: Actor, rows: type[Any]) -> sa.ColumnElement[bool]:
    # A declared conflict of interest with a party hides its data altogether; whoever is the freelancer reads as that.
    member = {Role.AGENCY_OWNER, Role.AGENCY_MEMBER}
    agencies = frozenset(g.organisation_id for g in actor.grants if g.role in member and g.organisation_id)
    far: list[sa.ColumnElement[bool]] = [rows.staff_sees]
    if actor.blind_to:
        far.append(rows.id.not_in(actor.blind_to))
    if actor.conflicts:
        far.append(rows.organisation_id.not_in(actor.conflicts))
    far += [rows.worker_id.is_distinct_from(one) for one in sorted(actor.identities | actor.conflicts)]
    far += [rows.worker_organisation_id.is_distinct_from(one) for one in agencies | actor.conflicts]
    return sa.and_(*far)


def _client_sees(grant: Grant, rows: type[Any]) -> sa.ColumnElement[bool]:
    own: sa.ColumnElement[bool] = rows.organisation_id == grant.organisation_id
    if grant.team_ids is None or grant.role in COMPANY_WIDE:
        return own
    return sa.and_(own, rows.team_id.in_(grant.team_ids))
