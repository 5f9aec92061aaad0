"""Who may do what, judged in one place, on values.

`alliance` makes the grants and reads the shares, the hall binds both. Nothing bound means no; a verb nobody was
granted means no; what belongs to another agency is seen by a share only, and then only the fields it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from jiangdun.core import shares
from jiangdun.core.labels import Label
from jiangdun.core.shares import Key, Share
from jiangdun.core.trouble import NotYours

Reach = Literal["any", "agency", "shared", "self"]


@dataclass(frozen=True)
class Asker:
    """Someone who asks: an account, the person id it stands for, the agency served, the roles held there."""

    account_id: UUID | None
    person: str | None
    agency: str | None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    """Of a program: the only verbs its key is good for. None: a person, who has all verbs of the roles."""


@dataclass(frozen=True)
class Grant:
    """What a role may do.

    `reach`: any thing; only things whose `agency` (or one of whose `agencies`) is the asker's; those and what
    a share lets the asker's agency see of others'; or only things whose `person` is the asker. `other` names a
    field of the thing holding who did the step before: it must be someone else. `fields` limits what is
    shown; None shows all.
    """

    verb: str
    reach: Reach = "any"
    other: str | None = None
    fields: frozenset[str] | None = None


@dataclass(frozen=True)
class Allowed:
    """Yes; `fields` are those that may be seen, None means all.

    `masks` says how a field is masked, `precision_m` to what its place is rounded; `by` are the annexes that
    let it be seen, empty where it is the asker's own.
    """

    fields: frozenset[str] | None = None
    masks: Mapping[str, str] = field(default_factory=dict)
    precision_m: int = 0
    by: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Denied:
    """No; `reason` is a code: unbound, nobody, verb, scope, label, agency, person, same_person, or one of
    `shares.REASONS`.
    """

    reason: str

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True)
class Visible:
    """Whose things are worth reading for somebody: everybody's, or those of `agencies`. Each is judged still."""

    everything: bool
    agencies: frozenset[str] = frozenset()
    own: str | None = None


Grants = Mapping[str, tuple[Grant, ...]]
"""Role → what it may do."""


@dataclass
class _Bound:
    grants: Grants | None = None
    clearances: Mapping[str, Label] = field(default_factory=dict)
    shares: Mapping[Key, tuple[Share, ...]] = field(default_factory=dict)
    giving: Mapping[Key, tuple[bool, ...]] = field(default_factory=dict)


_bound = _Bound()


def bind(grants: Grants | None, clearances: Mapping[str, Label] | None = None) -> None:
    """Let `grants` hold from now on in this process. None unbinds: everything is denied.

    `clearances`: up to which label a role sees; a role that is not there sees what is internal.
    """
    _bound.grants = grants
    _bound.clearances = dict(clearances or {})
    _bound.shares = {}


def bind_shares(given: Iterable[Share], now: datetime | None = None) -> frozenset[str]:
    """Let these shares, and no others, hold from now on in this process. Returns the agencies that see more or
    less than when shares were bound before; with `now` also where only the clock made it so.
    """
    before, after, held = _bound.shares, shares.table(given), _bound.giving
    _bound.shares = after
    _bound.giving = {} if now is None else shares.giving(after, now)
    return frozenset(
        key[0]
        for key in before.keys() | after.keys()
        if shares.differ(before.get(key), after.get(key)) or held.get(key) != _bound.giving.get(key)
    )


def judge(
    asker: Asker, verb: str, thing: Mapping[str, Any] | None = None, *, now: datetime | None = None
) -> Allowed | Denied:
    """Whether `asker` may do `verb` to `thing`.

    Of a thing are read: whose it is (`agency`, `agencies`, `person`, and fields named by a grant), its
    `label`, and for shares its `data` set, its moment `at` and its `place` (lon, lat). `now` must be told
    where shares may decide.

    Of several grants and shares the widest wins: all fields if one shows all, else the union; a field is
    masked where every share that shows it masks it. A grant that reaches only so far denies a thing that does
    not say where it belongs; without any thing (the verb as such) it allows.
    """
    if _bound.grants is None:
        return Denied("unbound")
    if not asker.roles:
        return Denied("nobody")
    if asker.scopes is not None and verb not in asker.scopes:
        return Denied("scope")
    grants = [g for role in asker.roles for g in _bound.grants.get(role, ()) if g.verb == verb]
    if not grants:
        return Denied("verb")
    if thing is not None and thing.get("label", Label.OPEN) > clearance(asker):
        return Denied("label")
    verdicts = [_by(grant, asker, thing, now) for grant in grants]
    allowed = [verdict for verdict in verdicts if isinstance(verdict, Allowed)]
    if not allowed:
        return Denied(min(verdict.reason for verdict in verdicts if isinstance(verdict, Denied)))
    return allowed[0] if len(allowed) == 1 else _widest(allowed)


def require(
    asker: Asker, verb: str, thing: Mapping[str, Any] | None = None, *, now: datetime | None = None
) -> Allowed:
    """Like `judge`, but a denial raises `NotYours(reason=…, verb=…)`."""
    verdict = judge(asker, verb, thing, now=now)
    if isinstance(verdict, Denied):
        raise NotYours(reason=verdict.reason, verb=verb)
    return verdict


def visible(asker: Asker, verb: str, data: str, now: datetime) -> Visible:
    """Whose things of a data set a list should read for `asker`, so that it need not read everybody's."""
    if not judge(asker, verb):
        return Visible(False)
    reaches = {g.reach for role in asker.roles for g in (_bound.grants or {}).get(role, ()) if g.verb == verb}
    if "any" in reaches:
        return Visible(True, own=asker.agency)
    owners = {asker.agency} - {None}
    if "shared" in reaches:
        owners |= {
            provider
            for (consumer, provider, which), several in _bound.shares.items()
            if consumer == asker.agency
            and which == data
            and any(shares.in_force(share, now) is None for share in several)
        }
    return Visible(False, frozenset(owner for owner in owners if owner is not None), asker.agency)


def purposes(annexes: Iterable[str]) -> frozenset[str]:
    """What things shown by these annexes may be used for; empty where none of them says."""
    wanted = frozenset(annexes)
    given = [share.purposes for several in _bound.shares.values() for share in several if share.id in wanted]
    return frozenset[str]().union(*given)


def verbs(asker: Asker) -> frozenset[str]:
    """Every verb some role of `asker` has, however far it reaches: what a screen may offer."""
    grants = _bound.grants or {}
    held = frozenset(g.verb for role in asker.roles for g in grants.get(role, ()))
    return held if asker.scopes is None else held & asker.scopes


def clearance(asker: Asker) -> Label:
    """Up to which label `asker` sees."""
    return max((_bound.clearances.get(role, Label.INTERNAL) for role in asker.roles), default=Label.OPEN)


def _by(
    grant: Grant, asker: Asker, thing: Mapping[str, Any] | None, now: datetime | None
) -> Allowed | Denied:
    """What one grant says."""
    if thing is None:
        return Allowed(grant.fields)
    if grant.other is not None and (asker.person is None or thing.get(grant.other) == asker.person):
        return Denied("same_person")
    if grant.reach == "any":
        return Allowed(grant.fields)
    if grant.reach == "self":
        mine = asker.person is not None and thing.get("person") == asker.person
        return Allowed(grant.fields) if mine else Denied("person")
    if asker.agency is not None and (
        thing.get("agency") == asker.agency or asker.agency in thing.get("agencies", ())
    ):
        return Allowed(grant.fields)
    return _by_share(asker, grant.verb, thing, now) if grant.reach == "shared" else Denied("agency")


def _by_share(asker: Asker, verb: str, thing: Mapping[str, Any], now: datetime | None) -> Allowed | Denied:
    """What the agreements of the asker's agency with the thing's owner say."""
    key = (asker.agency or "", thing.get("agency") or "", thing.get("data") or "")
    several = _bound.shares.get(key, ())
    if not several:
        return Denied("not_shared")
    assert now is not None, "shares are judged at a moment: tell `now`"
    reasons = [shares.against(share, thing, now) for share in several]
    helping = [share for share, reason in zip(several, reasons, strict=True) if reason is None]
    if not helping:
        return Denied(shares.nearest(reason for reason in reasons if reason is not None))
    helping = [share for share in helping if shares.lets(share, verb)]
    if not helping:
        return Denied("only_seen")
    seen = [Allowed(s.fields, s.masks or {}, s.precision_m, (s.id,)) for s in helping]
    return seen[0] if len(seen) == 1 else _widest(seen)


def _widest(allowed: list[Allowed]) -> Allowed:
    """All that any of them shows, as clearly as the clearest shows it."""
    whole = [one for one in allowed if one.fields is None]
    if whole:
        return whole[0]
    fields = frozenset[str]().union(*(one.fields or () for one in allowed))
    masks = {
        name: next(one.masks[name] for one in showing)
        for name in fields
        if (showing := [one for one in allowed if name in (one.fields or ())])
        and all(name in one.masks for one in showing)
    }
    by = tuple(annex for one in allowed for annex in one.by)
    return Allowed(fields, masks, min(one.precision_m for one in allowed), by)
