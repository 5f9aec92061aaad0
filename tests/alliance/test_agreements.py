"""Agreements: drafted, signed by each party, in force to the second, renewed, and refused where they are wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.alliance import actions, drafting, queries, templates
from jiangdun.alliance.agreements import Agreement, State, reminders, state
from jiangdun.alliance.drafting import EVERY, Draft
from jiangdun.core import access, timers
from jiangdun.core.trouble import (
    AlreadySigned,
    BadInput,
    NotFound,
    NotYours,
    OverLimit,
    StaleVersion,
    WrongState,
)

from .conftest import ANNEX, BOATS, DAY, NOW, SECOND, by, drafted, kinds, sees, sign, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_granted", "_timers")]


# -- the way from a draft to its end


def test_a_draft_gives_nothing_until_every_party_has_signed(draft: Draft) -> None:
    held = drafted(draft)
    assert state(held, NOW) is State.DRAFT
    assert sees(NOW + 2 * DAY) == "unsigned"
    held = sign(held, "police")
    assert state(held, NOW) is State.SIGNING
    assert sees(NOW + 2 * DAY) == "unsigned"
    held = sign(held, "msa")
    assert state(held, NOW) is State.NOT_YET
    assert state(held, NOW + 2 * DAY) is State.IN_FORCE
    assert sees(NOW + 2 * DAY) == "yes"
    assert sees(NOW + 2 * DAY, "msa", "police") == "not_shared"
    assert kinds() == ["AgreementDrafted", "AgreementSigned", "AgreementSigned", "AgreementInForce"]


def test_it_holds_from_its_first_second_to_before_its_last(signed: Agreement) -> None:
    begins, ends = NOW + DAY, NOW + 366 * DAY
    assert sees(begins - SECOND) == "not_yet"
    assert sees(begins) == "yes"
    assert sees(ends - SECOND) == "yes"
    assert sees(ends) == "expired"
    assert state(signed, ends - SECOND) is State.TO_RENEW
    assert state(signed, ends) is State.EXPIRED


def test_shares_bound_long_ago_end_on_the_second_all_the_same(signed: Agreement) -> None:
    access.bind_shares(queries.shares(NOW))
    ends = NOW + 366 * DAY
    assert told(ends - timedelta(microseconds=1)) == "yes"
    assert told(ends) == "expired"


def test_what_is_shown_is_masked_as_the_data_set_says_or_the_annex_otherwise(draft: Draft) -> None:
    fields = ("call_sign", "captain")
    sign(drafted(draft, annexes=(replace(ANNEX, fields=fields),)), "police", "msa")
    (usual,) = queries.shares(NOW)
    assert (usual.fields, usual.masks) == (frozenset(fields), {"captain": "name"})
    other = replace(ANNEX, fields=fields, masks={"captain": "none", "call_sign": "plate"})
    sign(drafted(draft, annexes=(other,)), "police", "msa")
    assert queries.shares(NOW)[1].masks == {"call_sign": "plate"}


def test_an_annex_has_its_own_term_delay_place_and_label(draft: Draft) -> None:
    annex = replace(
        ANNEX,
        valid_from=NOW + 10 * DAY,
        valid_to=NOW + 20 * DAY,
        delay_s=600,
        precision_m=500,
        label=2,
        area={"type": "Polygon", "coordinates": [[[116, 29], [117, 29], [117, 30], [116, 29]]]},
    )
    sign(drafted(draft, annexes=(annex,)), "police", "msa")
    (share,) = queries.shares(NOW)
    assert (share.valid_from, share.valid_to) == (NOW + 10 * DAY, NOW + 20 * DAY)
    assert (share.delay_s, share.precision_m, int(share.label)) == (600, 500, 2)
    assert share.area is not None
    assert share.area.bounds == (116, 29, 117, 30)


def test_a_late_last_signature_makes_it_begin_then(draft: Draft) -> None:
    held = sign(drafted(draft), "police")
    sign(held, "msa", now=NOW + 5 * DAY)
    assert queries.shares(NOW)[0].valid_from == NOW + 5 * DAY


def test_each_party_of_a_ring_shows_every_other(draft: Draft) -> None:
    parties = ("police", "msa", "fishery")
    held = drafted(draft, parties=parties, annexes=(replace(ANNEX, provider=EVERY, consumer=EVERY),))
    pairs = {(a.terms.provider, a.terms.consumer) for a in held.editions[0].annexes}
    assert pairs == {(p, c) for p in parties for c in parties if p != c}
    assert sorted(a.number for a in held.editions[0].annexes) == [1, 2, 3, 4, 5, 6]


# -- a change after a signature


def test_a_draft_nobody_signed_is_changed_in_place(draft: Draft) -> None:
    held = drafted(draft)
    changed = actions.revise_agreement(
        held.id, replace(draft, title_zh="新题目"), version=held.version, by=by("msa"), now=NOW
    )
    assert [(e.number, e.title_zh) for e in changed.editions] == [(1, "新题目")]
    assert kinds() == ["AgreementDrafted", "AgreementRevised"]


def test_a_change_after_a_signature_is_a_new_version_signed_anew_and_the_old_one_holds_until_then(
    draft: Draft, signed: Agreement
) -> None:
    wider = replace(draft, annexes=(replace(ANNEX, fields=("call_sign", "captain")),))
    held = actions.revise_agreement(
        signed.id, wider, version=signed.version, by=by("police"), now=NOW + 2 * DAY
    )
    assert [e.number for e in held.editions] == [1, 2]
    later = NOW + 3 * DAY
    sign(held, "police", now=later)
    shown = [s for s in queries.shares(later) if s.state == "active"]
    assert [s.fields for s in shown] == [frozenset(ANNEX.fields)]
    assert sees(later) == "yes"
    sign(held, "msa", now=later)
    after = later + SECOND
    assert [s.fields for s in queries.shares(after)] == [frozenset({"call_sign", "captain"})]
    numbers = [e.annexes[0].number for e in queries.agreement(signed.id).editions]
    assert numbers == [1, 1], "what shows the same to the same agency keeps its number"


def test_a_change_of_a_half_signed_version_leaves_nothing_to_sign_in_the_old_one(draft: Draft) -> None:
    held = sign(drafted(draft), "police")
    old = held.editions[0]
    held = actions.revise_agreement(held.id, draft, version=held.version, by=by("msa"), now=NOW)
    with pytest.raises(StaleVersion):
        actions.sign_agreement(held.id, edition=1, digest=old.digest, by=by("msa"), now=NOW)
    sign(held, "police", "msa")
    assert sees(NOW + 2 * DAY) == "yes"


def test_two_people_edit_one_agreement_and_the_second_reads_again(draft: Draft) -> None:
    held = drafted(draft)
    actions.revise_agreement(held.id, draft, version=held.version, by=by("police"), now=NOW)
    with pytest.raises(StaleVersion):
        actions.revise_agreement(held.id, draft, version=held.version, by=by("msa"), now=NOW)


def test_what_changed_since_it_was_read_is_not_signed(draft: Draft) -> None:
    held = drafted(draft)
    seen = held.editions[0]
    longer = replace(draft, valid_to=draft.valid_to + DAY)
    actions.revise_agreement(held.id, longer, version=held.version, by=by("msa"), now=NOW)
    with pytest.raises(StaleVersion):
        actions.sign_agreement(held.id, edition=1, digest=seen.digest, by=by("police"), now=NOW)


# -- who signs


def test_nobody_signs_for_another_agency_or_twice_or_for_two(draft: Draft) -> None:
    held = drafted(draft)
    with pytest.raises(NotYours) as refused:
        sign(held, "fishery")
    assert refused.value.values["reason"] == "not_a_party"
    sign(held, "police")
    with pytest.raises(AlreadySigned):
        sign(held, "police")
    edition = held.editions[0]
    with pytest.raises(WrongState) as twice:
        actions.sign_agreement(
            held.id, edition=1, digest=edition.digest, by=by("msa", person="p-police"), now=NOW
        )
    assert twice.value.code == "signs_twice"
    sign(held, "msa")
    with pytest.raises(WrongState) as nothing:
        sign(held, "msa")
    assert nothing.value.code == "nothing_to_sign"


def test_a_stranger_neither_drafts_nor_revises_nor_renews(draft: Draft, signed: Agreement) -> None:
    stranger = by("fishery")
    with pytest.raises(NotYours):
        actions.draft_agreement("ring", draft, by=stranger, now=NOW)
    with pytest.raises(NotYours):
        actions.revise_agreement(signed.id, draft, version=signed.version, by=stranger, now=NOW)
    with pytest.raises(NotYours):
        actions.renew_agreement(signed.id, NOW + 800 * DAY, version=signed.version, by=stranger, now=NOW)


# -- renewal


def test_it_is_said_sixty_and_thirty_days_before_and_at_the_end(signed: Agreement) -> None:
    ends = NOW + 366 * DAY
    assert timers.tick(ends - 60 * DAY - SECOND) == 0
    assert timers.tick(ends - 60 * DAY) == 1
    assert timers.tick(ends - 30 * DAY) == 1
    assert timers.tick(ends - SECOND) == 0
    assert timers.tick(ends) == 1
    assert kinds()[-3:] == ["AgreementRenewalDue", "AgreementRenewalDue", "AgreementExpired"]


def test_a_renewal_signed_in_time_follows_without_a_gap_and_nobody_is_reminded(signed: Agreement) -> None:
    ends = NOW + 366 * DAY
    soon = ends - 70 * DAY
    held = actions.renew_agreement(
        signed.id, ends + 365 * DAY, version=signed.version, by=by("msa"), now=soon
    )
    held = sign(held, "police", "msa", now=soon)
    assert timers.tick(ends - 60 * DAY) == 1
    assert timers.tick(ends + SECOND) == 2, "the second reminder and the end of the first edition"
    assert "AgreementRenewalDue" not in kinds()
    assert "AgreementExpired" not in kinds()
    assert [sees(ends - SECOND), sees(ends), sees(ends + 365 * DAY)] == ["yes", "yes", "expired"]
    assert state(held, ends - DAY) is State.IN_FORCE


def test_a_renewal_after_the_end_begins_with_its_last_signature(signed: Agreement) -> None:
    late = NOW + 380 * DAY
    held = actions.renew_agreement(
        signed.id, NOW + 700 * DAY, version=signed.version, by=by("police"), now=late
    )
    assert sees(late) == "expired"
    sign(held, "police", "msa", now=late + DAY)
    assert sees(late + DAY) == "yes"


def test_a_draft_is_not_renewed(draft: Draft) -> None:
    held = drafted(draft)
    with pytest.raises(WrongState) as refused:
        actions.renew_agreement(held.id, NOW + 800 * DAY, version=held.version, by=by("police"), now=NOW)
    assert refused.value.code == "nothing_to_renew"


@given(
    length_d=st.integers(1, 800),
    days=st.lists(st.integers(1, 365), min_size=1, max_size=6),
)
def test_reminders_lie_within_the_term_in_order_and_at_most_one_is_late(
    length_d: int, days: list[int]
) -> None:
    ends = NOW + length_d * DAY
    found = reminders(NOW, ends, days)
    moments = [at for _, at in found]
    assert moments == sorted(moments)
    assert len(set(moments)) == len(moments)
    assert all(NOW <= at < ends for at in moments)
    assert {day for day, at in found if at > NOW} == {day for day in days if day < length_d}
    assert sum(at == NOW for at in moments) == (max(days) >= length_d)


# -- what is refused


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"title_zh": " "}, "title_zh", "needed"),
        ({"title_zh": "长" * 121}, "title_zh", "too_long"),
        ({"title_en": "a\0b"}, "title_en", "characters"),
        ({"title_en": "\ud800"}, "title_en", "characters"),
        ({"scope": "长" * 1_001}, "scope", "too_long"),
        ({"text_sha256": ""}, "text", "needed"),
        ({"text_sha256": "../../etc/passwd"}, "text", "needed"),
        ({"parties": ("police",)}, "parties", "two_parties"),
        ({"parties": ("police", "police")}, "parties", "two_parties"),
        ({"valid_to": NOW + DAY}, "valid_to", "before_valid_from"),
        ({"valid_to": NOW}, "valid_to", "before_valid_from"),
        ({"valid_from": NOW - 9 * DAY, "valid_to": NOW}, "valid_to", "past"),
        ({"valid_to": NOW + 4_000 * DAY}, "valid_to", "term_too_long"),
    ],
)
def test_a_draft_that_is_wrong_is_refused_naming_the_field(
    draft: Draft, changes: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        drafted(draft, **changes)
    assert (refused.value.values["field"], refused.value.values["reason"]) == (field, reason)
    assert kinds() == []


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"data": "submarines"}, "data", "unknown_data"),
        ({"fields": ()}, "fields", "empty"),
        ({"fields": ("call_sign", "draught")}, "fields", "unknown_field"),
        ({"fields": ("id",)}, "fields", "unknown_field"),
        ({"consumer": "msa"}, "consumer", "to_oneself"),
        ({"consumer": "fishery"}, "consumer", "not_a_party"),
        ({"provider": "x" * 500}, "provider", "not_a_party"),
        ({"purposes": ()}, "purposes", "empty"),
        ({"purposes": ("curiosity",)}, "purposes", "one_of"),
        ({"basis": ""}, "basis", "needed"),
        ({"basis": "法" * 301}, "basis", "too_long"),
        ({"valid_to": NOW + 400 * DAY}, "valid_to", "outside_term"),
        ({"valid_from": NOW}, "valid_to", "outside_term"),
        ({"valid_from": NOW + 9 * DAY, "valid_to": NOW + 8 * DAY}, "valid_to", "before_valid_from"),
        ({"delay_s": -1}, "delay_s", "range"),
        ({"precision_m": 100_001}, "precision_m", "range"),
        ({"label": 4}, "label", "range"),
        ({"masks": {"captain": "name"}}, "masks", "mask"),
        ({"masks": {"call_sign": "black"}}, "masks", "mask"),
        ({"frequency": "often"}, "frequency", "one_of"),
        ({"awakened_by": "anybody"}, "awakened_by", "one_of"),
    ],
)
def test_an_annex_that_is_wrong_is_refused_naming_its_place(
    draft: Draft, changes: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        drafted(draft, annexes=(ANNEX, replace(ANNEX, **changes)))
    assert refused.value.values["field"] == f"annexes.2.{field}"
    assert refused.value.values["reason"] == reason


def test_an_agency_or_a_text_that_is_not_there_and_too_much_of_anything(draft: Draft) -> None:
    with pytest.raises(NotFound):
        drafted(draft, parties=("police", "msa", "nobody"))
    with pytest.raises(NotFound):
        drafted(draft, text_sha256="0" * 64)
    with pytest.raises(BadInput):
        actions.draft_agreement("sphere", draft, by=by("police"), now=NOW)
    with pytest.raises(OverLimit):
        drafted(draft, parties=tuple(f"a{n}" for n in range(61)))
    with pytest.raises(OverLimit):
        drafted(draft, annexes=(ANNEX,) * 2_001)


def test_agreements_have_a_limit(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "AGREEMENTS_MAX", 1)
    drafted(draft)
    with pytest.raises(OverLimit):
        drafted(draft)


def test_an_over_long_text_is_refused() -> None:
    assert drafting.text("一\r\n二") == "一\n二"
    with pytest.raises(BadInput):
        drafting.text("长" * 100_001)


@pytest.mark.parametrize(
    ("area", "reason"),
    [
        (
            {"type": "Polygon", "coordinates": [[[116, 29], [117, 30], [117, 29], [116, 30], [116, 29]]]},
            "self_crossing",
        ),
        ({"type": "Polygon", "coordinates": [[[116, 29], [117, 30], [117, 29]]]}, "not_closed"),
        ({"type": "Polygon", "coordinates": [[[29, 116], [30, 117], [29, 117], [29, 116]]]}, "swapped"),
        ({"type": "Point", "coordinates": [116, 29]}, "not_area"),
        ({"type": "Polygon", "coordinates": [[[116, 29]] * 2_001]}, "too_many_vertices"),
        ({}, "not_area"),
    ],
)
def test_an_area_without_a_clear_inside_is_refused(draft: Draft, area: Any, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        drafted(draft, annexes=(ANNEX, replace(ANNEX, area=area)))
    assert refused.value.code == "area_refused"
    assert (refused.value.values["field"], refused.value.values["reason"]) == ("annexes.2.area", reason)


# -- templates


def test_the_two_kinds_of_the_source_are_templates_whose_annexes_can_be_drafted(draft: Draft) -> None:
    assert set(templates.templates()) == {"ring", "belt"}
    for template in templates.templates().values():
        said = templates.filled(template.text, title="题", parties="甲、乙", valid_from="今", valid_to="明")
        assert "{" not in said
        for line in template.annexes:
            terms = replace(ANNEX, **{k: tuple(v) if k == "purposes" else v for k, v in line.items()})
            drafting.checked(replace(draft, annexes=(replace(terms, data=BOATS.code, acts=()),)), NOW)
