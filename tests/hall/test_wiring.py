"""The list by which news travels: every name in it is a fact there is, and every reader is fed."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from jiangdun.alliance import facts as _alliance  # noqa: F401  (its facts are known once it is read)
from jiangdun.core import kinds, timers
from jiangdun.feeds import facts as _feeds  # noqa: F401
from jiangdun.hall import gathering, wiring
from jiangdun.picture import facts as _picture  # noqa: F401

CHANGES = {
    # What ears must know, and every fact that changes it.
    "rules": {"watch.RuleReleased", "watch.RuleRetired"},
    "zones": {"picture.ZoneDrawn"},
    "devices": {"feeds.DeviceAdmitted", "feeds.DeviceChanged", "feeds.DeviceBlocked"},
    "units": {"picture.UnitAdded"},
    "agencies": {"alliance.AgencyFounded"},
}
NO_NEWS_FOR_EARS = {
    # Facts of the same rooms that change none of it.
    "watch.RuleProposed", "picture.UnitStateSet", "picture.ZonesImported", "alliance.MemberJoined",
    "alliance.MemberRolesChanged", "alliance.MemberLeft", "watch.SpoolLineRefused",
    # the register, the alliances and the joint house are read at the desk only
    "alliance.ActivityMoved", "alliance.ActivityPlanned", "alliance.AgencyChanged", "alliance.AgencyJoined",
    "alliance.AgencyLeft", "alliance.AgencyRoleChanged", "alliance.AllianceChanged",
    "alliance.AllianceEnded", "alliance.AllianceFounded", "alliance.AlliancePutUnder",
    "alliance.AllianceTakenOut", "alliance.AreaDrawn", "alliance.AreaEnded", "alliance.ChiefAppointed",
    "alliance.ChiefFound", "alliance.ChiefMissing", "alliance.ChiefResigned", "alliance.ChiefsImported",
    "alliance.DeskAttended", "alliance.DeskChanged", "alliance.DeskClosed", "alliance.DeskLeft",
    "alliance.DeskOpened", "alliance.DeskTaken", "alliance.DeskUnattended", "alliance.OfficeChanged",
    "alliance.OfficeClosed", "alliance.OfficeOpened", "alliance.PowerEnded", "alliance.PowerGiven",
    "alliance.ProposalMoved", "alliance.ProposalRaised", "alliance.ReachDrawn", "alliance.ReachEnded",
    "alliance.RiverNamed", "alliance.RouteEnded", "alliance.RouteSet",
    # what one agency shows another is judged where boards are served
    "alliance.AgreementDrafted", "alliance.AgreementRevised", "alliance.AgreementSigned",
    "alliance.AgreementInForce", "alliance.AgreementRenewalDue", "alliance.AgreementExpired",
    "alliance.AgreementSuspended", "alliance.AgreementResumed", "alliance.AgreementLeft",
    "alliance.AgreementEnded", "alliance.AnnexActivated", "alliance.AnnexDeactivated",
    "alliance.ForwardingAllowed", "alliance.ForwardingWithdrawn", "alliance.CopyLeft", "alliance.CopiesFlagged",
}  # fmt: skip


def test_every_fact_named_in_the_wiring_exists() -> None:
    named = {kind for reader in wiring.READERS for kind in reader.handlers} | set(wiring.TELLS_EARS)
    assert named - kinds.known().keys() == set()


def test_every_fact_that_changes_what_ears_must_know_tells_them() -> None:
    assert {k: w for w, facts in CHANGES.items() for k in facts} == wiring.TELLS_EARS
    assert set(CHANGES) == set(gathering.KINDS)


def test_a_new_fact_of_these_rooms_must_be_decided_upon() -> None:
    rooms = ("feeds.", "picture.", "alliance.", "watch.Rule", "watch.Spool")
    found = {kind for kind in kinds.known() if kind.startswith(rooms)}
    assert found == set(wiring.TELLS_EARS) | NO_NEWS_FOR_EARS


def test_readers_have_names_of_their_own() -> None:
    names = [reader.name for reader in wiring.READERS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("reader", wiring.READERS, ids=lambda reader: reader.name)
def test_handlers_take_one_sealed_fact(reader: Any) -> None:
    for handler in reader.handlers.values():
        inspect.signature(handler).bind(object())


def test_every_deadline_somebody_sets_has_somebody_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: dict[str, Any] = {}
    monkeypatch.setattr(timers, "register", lambda kind, handler: registered.setdefault(kind, handler))
    wiring.register_timers()
    assert registered
    assert all(callable(handler) for handler in registered.values())
