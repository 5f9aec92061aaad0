"""What stops sharing and lets it go on: suspend, resume, leave, wake and sleep, forwarding, copies that are out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from jiangdun.alliance import actions, queries
from jiangdun.alliance.agreements import Agreement, State, state
from jiangdun.alliance.days import day_of
from jiangdun.alliance.drafting import EVERY, Draft
from jiangdun.alliance.readers import parties, seen_by
from jiangdun.core import access, timers
from jiangdun.core.trouble import BadInput, NotFound, NotYours, WrongState

from .conftest import AGENCIES, ANNEX, DAY, NOW, SECOND, SYSTEM, by, drafted, kinds, sees, sign, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_granted", "_timers")]
HOUR = timedelta(hours=1)
DURING = NOW + 10 * DAY
WHY = "数据用途有疑问"


@pytest.fixture
def ring(draft: Draft) -> Agreement:
    """police, msa and fishery show one another their boats."""
    parties = ("police", "msa", "fishery")
    held = drafted(draft, parties=parties, annexes=(replace(ANNEX, provider=EVERY, consumer=EVERY),))
    return sign(held, *parties)


@pytest.fixture
def dormant(draft: Draft) -> Agreement:
    """Between three parties; msa's annex to police sleeps, and either may wake it."""
    annexes = (
        replace(ANNEX, dormant=True, awakened_by="either"),
        replace(ANNEX, provider="fishery", consumer="msa"),
    )
    held = drafted(draft, parties=("police", "msa", "fishery"), annexes=annexes)
    return sign(held, "police", "msa", "fishery")


# -- suspend, resume


@pytest.mark.parametrize("who", ["police", "msa"])
def test_either_side_stops_it_with_one_call_and_only_that_side_lets_it_go_on(
    signed: Agreement, who: str
) -> None:
    other = "msa" if who == "police" else "police"
    held = actions.suspend(signed.id, reason=WHY, by=by(who), now=DURING)
    assert sees(DURING) == "suspended"
    assert state(held, DURING) is State.SUSPENDED
    with pytest.raises(WrongState) as refused:
        actions.resume(signed.id, by=by(other), now=DURING)
    assert refused.value.code == "not_suspended_by_you"
    actions.resume(signed.id, by=by(who, person="another"), now=DURING + HOUR)
    assert sees(DURING + HOUR) == "yes"
    assert kinds()[-2:] == ["AgreementSuspended", "AgreementResumed"]
    (kept,) = queries.agreement(signed.id).suspensions
    assert (kept.reason, kept.lifted_at, kept.lifted_by) == (WHY, DURING + HOUR, "another")


def test_two_sides_stop_it_and_it_goes_on_when_both_let_it(signed: Agreement) -> None:
    actions.suspend(signed.id, reason=WHY, by=by("police"), now=DURING)
    actions.suspend(signed.id, reason=WHY, by=by("msa"), now=DURING)
    actions.resume(signed.id, by=by("police"), now=DURING)
    assert sees(DURING) == "suspended"
    actions.resume(signed.id, by=by("msa"), now=DURING)
    assert sees(DURING) == "yes"


def test_one_annex_is_stopped_by_itself_and_stays_stopped_in_a_new_version(
    ring: Agreement, draft: Draft
) -> None:
    number = next(
        a.number
        for a in ring.editions[0].annexes
        if (a.terms.provider, a.terms.consumer) == ("msa", "police")
    )
    held = actions.suspend(ring.id, number, reason=WHY, by=by("msa"), now=DURING)
    assert [sees(DURING), sees(DURING, "fishery"), sees(DURING, "msa", "police")] == [
        "suspended",
        "yes",
        "yes",
    ]
    wider = replace(
        draft,
        parties=("police", "msa", "fishery"),
        annexes=(replace(ANNEX, provider=EVERY, consumer=EVERY, fields=("call_sign",)),),
    )
    held = actions.revise_agreement(ring.id, wider, version=held.version, by=by("police"), now=DURING)
    sign(held, "police", "msa", "fishery", now=DURING)
    assert [sees(DURING), sees(DURING, "fishery")] == ["suspended", "yes"]


def test_a_suspension_needs_a_reason_a_party_and_an_annex_that_is_there(signed: Agreement) -> None:
    for words in ("", "  ", "长" * 501):
        with pytest.raises(BadInput):
            actions.suspend(signed.id, reason=words, by=by("police"), now=DURING)
    with pytest.raises(NotYours):
        actions.suspend(signed.id, reason=WHY, by=by("fishery"), now=DURING)
    with pytest.raises(NotFound):
        actions.suspend(signed.id, 99, reason=WHY, by=by("police"), now=DURING)
    with pytest.raises(NotFound):
        actions.suspend(UUID(int=1), reason=WHY, by=by("police"), now=DURING)
    actions.suspend(signed.id, reason=WHY, by=by("police"), now=DURING)
    with pytest.raises(WrongState):
        actions.suspend(signed.id, reason=WHY, by=by("police"), now=DURING)


def test_what_people_wrote_is_not_in_the_journal(signed: Agreement) -> None:
    from jiangdun.core import journal

    actions.suspend(signed.id, reason=WHY, by=by("police"), now=DURING)
    journal.seal(DURING)
    assert all(WHY not in str(fact.body) for fact in journal.after(0))


# -- leave


def test_the_one_of_two_that_leaves_ends_it(signed: Agreement) -> None:
    held = actions.terminate(signed.id, reason=WHY, by=by("police"), now=DURING)
    assert sees(DURING) == "ended"
    assert state(held, DURING) is State.ENDED
    for act in (
        lambda: actions.resume(signed.id, by=by("police"), now=DURING),
        lambda: actions.suspend(signed.id, reason=WHY, by=by("msa"), now=DURING),
        lambda: actions.terminate(signed.id, reason=WHY, by=by("msa"), now=DURING),
    ):
        with pytest.raises(WrongState) as over:
            act()
        assert over.value.code == "agreement_over"
    assert kinds()[-2:] == ["AgreementLeft", "AgreementEnded"]


def test_the_one_of_three_that_leaves_ends_what_it_gave_and_got(ring: Agreement) -> None:
    held = actions.terminate(ring.id, reason=WHY, by=by("msa"), now=DURING)
    assert state(held, DURING) is State.IN_FORCE
    assert [sees(DURING), sees(DURING, "msa", "police"), sees(DURING, "fishery", "police")] == [
        "ended", "ended", "yes",
    ]  # fmt: skip
    with pytest.raises(NotYours):
        actions.suspend(ring.id, reason=WHY, by=by("msa"), now=DURING)


def test_who_leaves_while_a_new_version_waits_makes_that_one_void(ring: Agreement, draft: Draft) -> None:
    again = replace(
        draft,
        parties=("police", "msa", "fishery"),
        annexes=(replace(ANNEX, provider=EVERY, consumer=EVERY),),
    )
    held = actions.revise_agreement(ring.id, again, version=ring.version, by=by("msa"), now=DURING)
    sign(held, "police", now=DURING)
    held = actions.terminate(ring.id, reason=WHY, by=by("msa"), now=DURING)
    with pytest.raises(WrongState) as nothing:
        sign(held, "fishery", now=DURING)
    assert nothing.value.code == "nothing_to_sign"
    assert sees(DURING, "fishery", "police") == "yes"
    held = actions.revise_agreement(held.id, again, version=held.version, by=by("police"), now=DURING)
    sign(held, "police", "msa", "fishery", now=DURING)
    assert sees(DURING) == "yes", "a later version may name it again"


def test_what_an_agency_stopped_goes_on_when_it_leaves(ring: Agreement) -> None:
    """Nobody else could let it go on."""
    number = next(
        a.number
        for a in ring.editions[0].annexes
        if (a.terms.provider, a.terms.consumer) == ("fishery", "police")
    )
    actions.suspend(ring.id, reason=WHY, by=by("msa"), now=DURING)
    actions.suspend(ring.id, number, reason=WHY, by=by("msa"), now=DURING)
    assert sees(DURING, "fishery", "police") == "suspended"
    held = actions.terminate(ring.id, reason=WHY, by=by("msa"), now=DURING + HOUR)
    assert sees(DURING + HOUR, "fishery", "police") == "yes"
    assert state(held, DURING + HOUR) is State.IN_FORCE
    assert {s.lifted_at for s in held.suspensions} == {DURING + HOUR}
    assert kinds()[-3:] == ["AgreementLeft", "AgreementResumed", "AgreementResumed"]


def test_a_suspension_of_one_that_is_no_party_any_more_stops_nothing(ring: Agreement, draft: Draft) -> None:
    held = actions.suspend(ring.id, reason=WHY, by=by("fishery"), now=DURING)
    assert sees(DURING) == "suspended"
    held = actions.revise_agreement(ring.id, draft, version=held.version, by=by("police"), now=DURING)
    held = sign(held, "police", "msa", now=DURING)
    assert (sees(DURING), state(held, DURING)) == ("yes", State.IN_FORCE)
    with pytest.raises(NotYours):
        actions.suspend(ring.id, reason=WHY, by=by("fishery"), now=DURING)


def test_who_is_only_named_in_a_draft_neither_stops_nor_reads_what_is_in_force(
    signed: Agreement, draft: Draft
) -> None:
    actions.suspend(signed.id, reason=WHY, by=by("police"), now=DURING)
    held = actions.resume(signed.id, by=by("police"), now=DURING)
    wider = replace(
        draft, parties=("police", "msa", "fishery"), annexes=(replace(ANNEX, provider=EVERY, consumer=EVERY),)
    )
    held = actions.revise_agreement(signed.id, wider, version=held.version, by=by("msa"), now=DURING)
    for act in (
        lambda: actions.suspend(signed.id, reason=WHY, by=by("fishery"), now=DURING),
        lambda: actions.suspend(signed.id, 1, reason=WHY, by=by("fishery"), now=DURING),
        lambda: actions.resume(signed.id, by=by("fishery"), now=DURING),
    ):
        with pytest.raises(NotYours):
            act()
    assert sees(DURING) == "yes"
    seen = seen_by(held, "fishery")
    assert ([e.number for e in seen.editions], seen.suspensions) == ([2], ())
    assert seen_by(held, "police") == held
    narrow = actions.revise_agreement(signed.id, draft, version=held.version, by=by("msa"), now=DURING)
    assert "fishery" not in parties(narrow), "it is named nowhere any more"
    held = actions.revise_agreement(signed.id, wider, version=narrow.version, by=by("msa"), now=DURING)
    sign(held, "police", "msa", "fishery", now=DURING)
    actions.suspend(signed.id, reason=WHY, by=by("fishery"), now=DURING)
    assert sees(DURING) == "suspended"


def test_a_draft_nobody_signed_is_dropped(draft: Draft) -> None:
    held = actions.terminate(drafted(draft).id, reason=WHY, by=by("police"), now=NOW)
    assert (state(held, NOW), held.ended_why) == (State.ENDED, "draft_dropped")


def test_an_agency_that_leaves_the_alliance_leaves_all_its_agreements(
    signed: Agreement, ring: Agreement, draft: Draft
) -> None:
    assert actions.leave_all("msa", by=SYSTEM, now=DURING) == 2
    assert [sees(DURING), sees(DURING, "fishery", "police")] == ["ended", "yes"]
    assert queries.agreement(signed.id).ended_why == "parties_left"
    assert queries.agreement(ring.id).ended_at is None
    assert actions.leave_all("port", by=SYSTEM, now=DURING) == 0


# -- wake, sleep


def test_a_dormant_annex_gives_nothing_until_it_is_woken_and_sleeps_again_by_itself(
    dormant: Agreement,
) -> None:
    assert sees(DURING) == "dormant"
    until = DURING + 4 * HOUR
    actions.activate(dormant.id, 1, until=until, reason="走私快艇", by=by("police"), now=DURING)
    assert sees(DURING) == "yes"
    assert told(until - SECOND) == "yes"
    assert told(until) == "expired", "on the second, before any timer has fired"
    assert sees(until) == "dormant"
    assert timers.tick(until) == 1
    assert sees(until) == "dormant"
    assert kinds()[-2:] == ["AnnexActivated", "AnnexDeactivated"]
    assert queries.agreement(dormant.id).activations[0].ended_why == "time"


def test_it_is_put_to_sleep_by_hand_and_the_timer_is_called_off(dormant: Agreement) -> None:
    until = DURING + 4 * HOUR
    actions.activate(dormant.id, 1, until=until, reason=WHY, by=by("msa"), now=DURING)
    with pytest.raises(WrongState):
        actions.activate(dormant.id, 1, until=until, reason=WHY, by=by("police"), now=DURING)
    with pytest.raises(NotYours):
        actions.deactivate(dormant.id, 1, by=by("fishery"), now=DURING)
    actions.deactivate(dormant.id, 1, by=by("police"), now=DURING + HOUR)
    assert sees(DURING + HOUR) == "dormant"
    assert timers.tick(until) == 0
    with pytest.raises(WrongState):
        actions.deactivate(dormant.id, 1, by=by("police"), now=DURING + HOUR)
    actions.activate(dormant.id, 1, until=until, reason=WHY, by=by("msa"), now=DURING + 2 * HOUR)
    assert sees(DURING + 2 * HOUR) == "yes"


def test_a_party_that_leaves_during_an_activation_ends_it(dormant: Agreement) -> None:
    until = DURING + 4 * HOUR
    actions.activate(dormant.id, 1, until=until, reason=WHY, by=by("police"), now=DURING)
    actions.terminate(dormant.id, reason=WHY, by=by("msa"), now=DURING + HOUR)
    assert sees(DURING + HOUR) == "ended"
    assert queries.agreement(dormant.id).activations[0].ended_why == "party_left"
    assert kinds()[-2:] == ["AgreementLeft", "AnnexDeactivated"]
    assert timers.tick(until) == 0


def test_the_end_of_the_agreement_during_an_activation_ends_what_it_gives(draft: Draft) -> None:
    held = sign(drafted(draft, annexes=(replace(ANNEX, dormant=True),)), "police", "msa")
    ends = draft.valid_to
    actions.activate(held.id, 1, until=ends + HOUR, reason=WHY, by=by("msa"), now=ends - HOUR)
    access.bind_shares(queries.shares(ends - HOUR))
    assert [told(ends - SECOND), told(ends)] == ["yes", "expired"]


@pytest.mark.parametrize("hours", [-1, 0, 73, 10_000])
def test_an_activation_is_for_a_time_box(dormant: Agreement, hours: int) -> None:
    with pytest.raises(BadInput) as refused:
        actions.activate(dormant.id, 1, until=DURING + hours * HOUR, reason=WHY, by=by("police"), now=DURING)
    assert refused.value.values == {"field": "until", "reason": "time_box", "most": 72}


def test_only_who_may_wakes_what_sleeps_while_it_is_in_force(dormant: Agreement, draft: Draft) -> None:
    until = DURING + HOUR
    with pytest.raises(NotYours):
        actions.activate(dormant.id, 1, until=until, reason=WHY, by=by("fishery"), now=DURING)
    with pytest.raises(WrongState) as awake:
        actions.activate(dormant.id, 2, until=until, reason=WHY, by=by("fishery"), now=DURING)
    assert awake.value.code == "annex_not_dormant"
    with pytest.raises(WrongState) as early:
        actions.activate(dormant.id, 1, until=NOW + HOUR, reason=WHY, by=by("police"), now=NOW)
    assert early.value.code == "agreement_not_in_force"
    actions.suspend(dormant.id, reason=WHY, by=by("fishery"), now=DURING)
    with pytest.raises(WrongState) as stopped:
        actions.activate(dormant.id, 1, until=until, reason=WHY, by=by("police"), now=DURING)
    assert stopped.value.code == "agreement_not_in_force"
    provider_only = sign(drafted(draft, annexes=(replace(ANNEX, dormant=True),)), "police", "msa")
    with pytest.raises(NotYours):
        actions.activate(provider_only.id, 1, until=until, reason=WHY, by=by("police"), now=DURING)


# -- forwarding


def test_data_is_passed_on_with_the_providers_consent_only(signed: Agreement) -> None:
    with pytest.raises(NotYours) as refused:
        actions.allow_forwarding(signed.id, 1, "fishery", reason=WHY, by=by("police"), now=DURING)
    assert refused.value.values["reason"] == "not_provider"
    held = actions.allow_forwarding(signed.id, 1, "fishery", reason=WHY, by=by("msa"), now=DURING)
    assert [(c.to, c.withdrawn_at) for c in held.consents] == [("fishery", None)]
    with pytest.raises(WrongState):
        actions.allow_forwarding(signed.id, 1, "fishery", reason=WHY, by=by("msa"), now=DURING)
    held = actions.withdraw_forwarding(signed.id, 1, "fishery", by=by("msa"), now=DURING + HOUR)
    assert held.consents[0].withdrawn_at == DURING + HOUR
    with pytest.raises(NotFound):
        actions.withdraw_forwarding(signed.id, 1, "fishery", by=by("msa"), now=DURING + HOUR)
    with pytest.raises(NotFound):
        actions.allow_forwarding(signed.id, 1, "nobody", reason=WHY, by=by("msa"), now=DURING)
    with pytest.raises(BadInput):
        actions.allow_forwarding(signed.id, 1, "police", reason=WHY, by=by("msa"), now=DURING)


# -- copies


def test_copies_out_under_an_annex_are_flagged_when_it_is_revoked(signed: Agreement) -> None:
    annex_id = signed.editions[0].annexes[0].id
    for _ in range(2):
        actions.note_copy([annex_id], "EX-1", rows=12, sha256="a" * 64, by=by("police"), now=DURING)
    (copy,) = queries.copies_out(signed, 1, DURING)
    assert (copy.export, copy.consumer, copy.rows, copy.flag) == ("EX-1", "police", 12, "")
    held = actions.suspend(signed.id, reason=WHY, by=by("msa"), now=DURING)
    assert [c.flag for c in queries.copies_out(held, 1, DURING)] == ["suspended"]
    held = actions.resume(signed.id, by=by("msa"), now=DURING)
    assert [c.flag for c in queries.copies_out(held, 1, DURING)] == [""]
    assert [c.flag for c in queries.copies_out(held, 1, NOW + 400 * DAY)] == ["expired"]
    held = actions.terminate(signed.id, reason=WHY, by=by("police"), now=DURING)
    assert [c.flag for c in queries.copies_out(held, 1, DURING)] == ["ended"]
    assert [kind for kind in kinds() if kind.startswith("Cop")] == [
        "CopyLeft",
        "CopiesFlagged",
        "CopiesFlagged",
    ]
    with pytest.raises(NotFound):
        actions.note_copy([UUID(int=3)], "EX-2", rows=1, sha256="a" * 64, by=by("police"), now=DURING)


def test_copies_are_flagged_at_the_end_of_the_term(signed: Agreement) -> None:
    annex_id = signed.editions[0].annexes[0].id
    actions.note_copy([annex_id], "EX-1", rows=1, sha256="a" * 64, by=by("police"), now=DURING)
    timers.tick(NOW + 366 * DAY)
    assert kinds()[-2:] == ["AgreementExpired", "CopiesFlagged"]


def test_an_annex_is_found_by_its_id_with_what_it_stands_for(signed: Agreement) -> None:
    annex_id = signed.editions[0].annexes[0].id
    found = queries.annex(annex_id, DURING)
    assert (found.agreement, found.annex, found.terms.provider, found.state) == (
        signed.id,
        1,
        "msa",
        "active",
    )
    assert queries.annex(annex_id, NOW).state == "not_yet"
    with pytest.raises(NotFound):
        queries.annex(UUID(int=3), DURING)


# -- the alliance among whose members it is


@pytest.fixture
def circle(house: None) -> str:
    """An alliance in which all four sit."""
    founded = day_of(NOW - 60 * DAY)
    actions.found_alliance("circle", "演示圈", "Demo ring", "ring", founded, by=SYSTEM, now=NOW)
    for code in AGENCIES:
        actions.take_in("circle", code, "founder", founded, by=SYSTEM, now=NOW)
    return "circle"


def let_go(agency: str, alliance: str, now: datetime = DURING) -> None:
    member = next(m for m in queries.members(alliance, day_of(now)) if m.agency == agency)
    actions.let_go(member.seat, day_of(now), "划转", version=member.version, by=SYSTEM, now=now)


def test_who_leaves_the_alliance_leaves_its_agreements_at_once(draft: Draft, circle: str) -> None:
    parties = ("police", "msa", "fishery")
    annexes = (replace(ANNEX, provider=EVERY, consumer=EVERY, dormant=True, awakened_by="either"),)
    wide = replace(draft, parties=parties, annexes=annexes)
    held = actions.draft_agreement("ring", wide, alliance=circle, by=by("police"), now=NOW)
    held = sign(held, *parties)
    number = next(
        a.number
        for a in held.editions[0].annexes
        if (a.terms.provider, a.terms.consumer) == ("msa", "police")
    )
    actions.activate(held.id, number, until=DURING + HOUR, reason=WHY, by=by("police"), now=DURING)
    assert sees(DURING) == "yes"
    let_go("msa", circle)
    assert [sees(DURING), sees(DURING, "fishery", "police")] == ["ended", "dormant"]
    assert kinds()[-2:] == ["AgreementLeft", "AnnexDeactivated"]
    assert queries.agreement(held.id).activations[0].ended_why == "party_left"


def test_an_agreement_of_another_alliance_stands_until_one_sits_in_none(
    draft: Draft, circle: str, signed: Agreement
) -> None:
    founded = day_of(NOW - 60 * DAY)
    actions.found_alliance("belt", "演示带", "Demo belt", "belt", founded, by=SYSTEM, now=NOW)
    for code in ("police", "msa"):
        actions.take_in("belt", code, "founder", founded, by=SYSTEM, now=NOW)
    of_belt = actions.draft_agreement("belt", draft, alliance="belt", by=by("police"), now=NOW)
    of_belt = sign(of_belt, "police", "msa")
    let_go("msa", circle)
    assert [state(queries.agreement(one.id), DURING) for one in (of_belt, signed)] == [State.IN_FORCE] * 2
    let_go("msa", "belt", DURING + DAY)
    assert [state(queries.agreement(one.id), DURING) for one in (of_belt, signed)] == [State.ENDED] * 2
    assert sees(DURING + DAY) == "ended"


def test_an_alliance_that_ends_takes_its_agreements_with_it(draft: Draft, circle: str) -> None:
    held = sign(
        actions.draft_agreement("ring", draft, alliance=circle, by=by("police"), now=NOW), "police", "msa"
    )
    alliance = queries.alliance(circle)
    actions.end_alliance(circle, day_of(DURING), version=alliance.version, by=SYSTEM, now=DURING)
    held = queries.agreement(held.id)
    assert (held.ended_why, sees(DURING)) == ("alliance_ended", "ended")


def test_the_parties_of_an_agreement_of_an_alliance_sit_in_it(draft: Draft, circle: str) -> None:
    let_go("msa", circle, NOW)
    with pytest.raises(BadInput) as refused:
        actions.draft_agreement("ring", draft, alliance=circle, by=by("police"), now=NOW)
    assert refused.value.values["reason"] == "not_in_alliance"
    with pytest.raises(NotFound):
        actions.draft_agreement("ring", draft, alliance="nowhere", by=by("police"), now=NOW)
