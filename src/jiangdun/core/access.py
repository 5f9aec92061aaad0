"""Who may do what, judged in one place, on values.

`alliance` makes the grants, the hall binds them once. Nothing bound means no; a verb nobody was granted
means no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from jiangdun.core.trouble import NotYours

Reach = Literal["any", "agency", "self"]


@dataclass(frozen=True)
class Asker:
    """Someone who asks: an account, the person id it stands for, the agency served, the roles held there."""

    account_id: UUID | None
    person: str | None
    agency: str | None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grant:
    """What a role may do.

    `reach`: any thing, only things whose `agency` (or one of whose `agencies`) is the asker's, or only
    things whose `person` is the asker. `other` names a field of the thing holding who did the step before:
    it must be someone else. `fields` limits what is shown; None shows all.
    """

    verb: str
    reach: Reach = "any"
    other: str | None = None
    fields: frozenset[str] | None = None


@dataclass(frozen=True)
class Allowed:
    """Yes; `fields` are those that may be seen, None means all."""

    fields: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Denied:
    """No; `reason` is a code: unbound, nobody, verb, agency, person, same_person."""

    reason: str

    def __bool__(self) -> bool:
        return False


Grants = Mapping[str, tuple[Grant, ...]]
"""Role → what it may do."""


@dataclass
class _Bound:
    grants: Grants | None = field(default=None)


_bound = _Bound()


def bind(grants: Grants | None) -> None:
    """Let `grants` hold from now on in this process. None unbinds: everything is denied."""
    _bound.grants = grants


def judge(asker: Asker, verb: str, thing: Mapping[str, Any] | None = None) -> Allowed | Denied:
    """Whether `asker` may do `verb` to `thing` (its `agency`, `agencies`, `person`, and fields named by a
    grant).

    Of several grants the widest wins: all fields if one shows all, else the union. A grant that reaches
    only so far denies a thing that does not say where it belongs; without any thing (the verb as such) it
    allows.
    """
    if _bound.grants is None:
        return Denied("unbound")
    if not asker.roles:
        return Denied("nobody")
    grants = [g for role in asker.roles for g in _bound.grants.get(role, ()) if g.verb == verb]
    if not grants:
        return Denied("verb")
    reasons = [_against(grant, asker, thing) for grant in grants]
    allowed = [grant for grant, reason in zip(grants, reasons, strict=True) if reason is None]
    if not allowed:
        return Denied(min(reason for reason in reasons if reason is not None))
    shown = [grant.fields for grant in allowed if grant.fields is not None]
    return Allowed(frozenset().union(*shown) if len(shown) == len(allowed) else None)


def require(asker: Asker, verb: str, thing: Mapping[str, Any] | None = None) -> Allowed:
    """Like `judge`, but a denial raises `NotYours(reason=…, verb=…)`."""
    verdict = judge(asker, verb, thing)
    if isinstance(verdict, Denied):
        raise NotYours(reason=verdict.reason, verb=verb)
    return verdict


def verbs(asker: Asker) -> frozenset[str]:
    """Every verb some role of `asker` has, however far it reaches: what a screen may offer."""
    grants = _bound.grants or {}
    return frozenset(g.verb for role in asker.roles for g in grants.get(role, ()))


def _against(grant: Grant, asker: Asker, thing: Mapping[str, Any] | None) -> str | None:
    """The reason code that speaks against this grant, or None."""
    if thing is None:
        return None
    if grant.reach == "agency":
        owners = {thing.get("agency"), *thing.get("agencies", ())} - {None}
        if asker.agency is None or asker.agency not in owners:
            return "agency"
    if grant.reach == "self" and (asker.person is None or thing.get("person") != asker.person):
        return "person"
    if grant.other is not None and (asker.person is None or thing.get(grant.other) == asker.person):
        return "same_person"
    return None
