"""The hall binds the shares: a revocation that was answered is in force, and where they cannot be read none holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from jiangdun.alliance import actions, queries
from jiangdun.alliance.agreements import Terms
from jiangdun.alliance.drafting import Draft
from jiangdun.core import access, clock, datasets, journal, kinds, vault
from jiangdun.core.access import Asker, Denied, Grant
from jiangdun.core.datasets import DataSet
from jiangdun.core.journal import By, Sealed
from jiangdun.core.writer import Writer
from jiangdun.hall.sharing import CHANGES, Sharing

DATA = DataSet("boats", "艇", "boats", frozenset({"id"}), frozenset({"call_sign"}))
POLICE, MSA = By(person="wang", agency="police"), By(person="zhao", agency="msa")
BOAT = {"data": "boats", "agency": "msa"}


@pytest.fixture
def sharing(transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sharing]:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    monkeypatch.setattr(datasets, "_known", {**datasets._known, "boats": DATA})
    held = access._bound.grants, access._bound.clearances
    access.bind({"desk": (Grant("boats.read", "shared"),)})
    yield Sharing()
    access.bind(*held)


def told() -> str:
    asker = Asker(None, "wang", "police", frozenset({"desk"}))
    verdict = access.judge(asker, "boats.read", BOAT, now=clock.now())
    return verdict.reason if isinstance(verdict, Denied) else "yes"


def agreed() -> Draft:
    now = clock.now()
    terms = Terms("msa", "police", "boats", ("call_sign",), ("command",), "条例")
    text = vault.put("协议".encode()).sha256
    return Draft("协议", "", "", text, ("msa", "police"), now, now + timedelta(days=30), (terms,))


def test_what_was_answered_is_in_force_before_the_answer(sharing: Sharing) -> None:
    writer = Writer(on_sealed=sharing.heard)

    async def story() -> list[str]:
        seen = []
        for code in ("police", "msa"):
            await writer.do(
                lambda code=code: actions.found_agency(code, code, code, "water", by=POLICE, now=clock.now())
            )
        seen.append(told())
        held = await writer.do(lambda: actions.draft_agreement("ring", agreed(), by=POLICE, now=clock.now()))
        digest = held.editions[0].digest
        for by in (POLICE, MSA):
            await writer.do(
                lambda by=by: actions.sign_agreement(
                    held.id, edition=1, digest=digest, by=by, now=clock.now()
                )
            )
            seen.append(told())
        await writer.do(lambda: actions.suspend(held.id, reason="查", by=MSA, now=clock.now()))
        seen.append(told())
        await writer.do(lambda: actions.resume(held.id, by=MSA, now=clock.now()))
        seen.append(told())
        await writer.do(lambda: actions.leave_all("msa", by=MSA, now=clock.now()))
        seen.append(told())
        return seen

    writer.start()
    try:
        assert asyncio.run(story()) == ["not_shared", "unsigned", "yes", "suspended", "yes", "ended"]
    finally:
        writer.stop()


def test_where_the_shares_cannot_be_read_none_holds_until_they_can(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("police", "msa"):
        actions.found_agency(code, code, code, "water", by=POLICE, now=clock.now())
    held = actions.draft_agreement("ring", agreed(), by=POLICE, now=clock.now())
    for by in (POLICE, MSA):
        actions.sign_agreement(held.id, edition=1, digest=held.editions[0].digest, by=by, now=clock.now())
    sharing.bind()
    assert (told(), sharing.owed) == ("yes", False)
    with monkeypatch.context() as broken:
        broken.setattr(queries, "shares", lambda now: 1 / 0)
        sharing.bind()
    assert (told(), sharing.owed) == ("not_shared", True)
    sharing.bind()
    assert (told(), sharing.owed) == ("yes", False)


def test_sitting_down_and_standing_up_binds_nothing(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does so in a loop would have every agreement read in the writer."""
    bound: list[str] = []
    monkeypatch.setattr(sharing, "bind", lambda: bound.append("anew"))
    fact = Sealed(1, 1, "alliance.DeskTaken", 1, clock.now(), POLICE, None, "desk:1", {}, False, "")
    sharing.heard([fact])
    assert bound == []
    sharing.heard([fact, replace(fact, kind="alliance.AgreementSuspended")])
    assert bound == ["anew"]


def test_every_fact_of_agreements_and_annexes_binds_but_those_that_change_no_share() -> None:
    known = {kind for kind in kinds.known() if kind.startswith(("alliance.Agreement", "alliance.Annex"))}
    assert known - CHANGES == {"alliance.AgreementRenewalDue"}
    assert set(kinds.known()) >= CHANGES


def test_a_suspension_is_in_force_before_its_answer_though_sealing_fails(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("police", "msa"):
        actions.found_agency(code, code, code, "water", by=POLICE, now=clock.now())
    held = actions.draft_agreement("ring", agreed(), by=POLICE, now=clock.now())
    for by in (POLICE, MSA):
        actions.sign_agreement(held.id, edition=1, digest=held.editions[0].digest, by=by, now=clock.now())
    journal.seal(clock.now())
    sharing.bind()
    writer = Writer(on_sealed=sharing.heard, on_lag=sharing.lagging)

    async def story() -> str:
        await writer.do(lambda: actions.suspend(held.id, reason="查", by=MSA, now=clock.now()))
        return told()

    monkeypatch.setattr(journal, "seal_facts", lambda *_: 1 / 0)
    writer.start()
    try:
        assert (asyncio.run(story()), sharing.owed) == ("suspended", False)
    finally:
        writer.stop()
