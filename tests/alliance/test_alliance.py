"""Agencies, and who serves in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from jiangdun.alliance import actions, queries
from jiangdun.alliance.grants import ADMIN_ROLES, GRANTS, ROLES
from jiangdun.core import access, accounts, journal
from jiangdun.core.access import Asker, Denied
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion

NOW = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)
BY = By(system="test")
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def police(db: None) -> queries.Agency:
    return actions.found_agency(
        "demo-police", "演示水警", "Demo River Police", "public_security", by=BY, now=NOW
    )


@pytest.fixture
def li(db: None) -> UUID:
    return accounts.create("li", "three boats at dawn", name_zh="李", by=BY, now=NOW).id


def kinds() -> list[str]:
    journal.seal(NOW)
    return [f.kind for f in journal.after(0) if f.kind.startswith("alliance.")]


def test_an_agency_is_founded_once_and_found_by_its_code(police: queries.Agency) -> None:
    assert queries.agency("demo-police") == police
    assert queries.agencies() == [police]
    with pytest.raises(AlreadyThere):
        actions.found_agency("demo-police", "a", "b", "c", by=BY, now=NOW)
    with pytest.raises(NotFound):
        queries.agency("nobody")
    assert kinds() == ["alliance.AgencyFounded"]


@pytest.mark.parametrize(
    ("code", "zh", "en", "domain", "field"),
    [
        ("Police", "a", "b", "c", "code"),
        ("p", "a", "b", "c", "code"),
        ("p/../q", "a", "b", "c", "code"),
        ("police", " ", "b", "c", "name_zh"),
        ("police", "a", "b" * 121, "c", "name_en"),
        ("police", "a", "b", "", "domain"),
    ],
)
def test_a_bad_agency_is_refused_naming_the_field(
    code: str, zh: str, en: str, domain: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        actions.found_agency(code, zh, en, domain, by=BY, now=NOW)
    assert refused.value.values["field"] == field


def test_agencies_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jiangdun.alliance.queries.register.AGENCIES_MAX", 1)
    actions.found_agency("one", "a", "b", "c", by=BY, now=NOW)
    with pytest.raises(OverLimit):
        actions.found_agency("two", "a", "b", "c", by=BY, now=NOW)


def test_a_member_asks_with_the_roles_of_the_agency(police: queries.Agency, li: UUID) -> None:
    actions.join(li, "demo-police", ["desk", "reviewer"], by=BY, now=NOW)
    asker = queries.asker(li, NOW)
    assert asker == Asker(li, str(li), "demo-police", frozenset({"desk", "reviewer"}))
    assert queries.asker(li, NOW - DAY) == Asker(li, str(li), None)
    assert queries.asker(li, NOW, agency="other").roles == frozenset()


def test_somebody_of_two_agencies_asks_for_one_of_them(police: queries.Agency, li: UUID) -> None:
    actions.found_agency("msa", "海事", "Maritime", "maritime", by=BY, now=NOW)
    actions.join(li, "demo-police", ["desk"], by=BY, now=NOW)
    actions.join(li, "msa", ["reviewer"], by=BY, now=NOW)
    assert queries.asker(li, NOW).agency == "demo-police"
    assert queries.asker(li, NOW, agency="msa").roles == {"reviewer"}


def test_roles_change_under_a_version_and_a_member_may_leave_and_come_back(
    police: queries.Agency, li: UUID
) -> None:
    held = actions.join(li, "demo-police", ["desk"], by=BY, now=NOW)
    changed = actions.change_roles(held.id, ["field"], version=held.version, by=BY, now=NOW)
    assert changed.roles == {"field"}
    with pytest.raises(StaleVersion):
        actions.change_roles(held.id, ["desk"], version=held.version, by=BY, now=NOW)
    with pytest.raises(StaleVersion):
        actions.leave(held.id, version=held.version, by=BY, now=NOW)
    actions.leave(held.id, version=changed.version, by=BY, now=NOW + DAY)
    assert queries.asker(li, NOW).roles == {"field"}
    assert queries.asker(li, NOW + DAY).roles == frozenset()
    with pytest.raises(NotFound):
        actions.change_roles(held.id, ["desk"], version=3, by=BY, now=NOW + DAY)
    back = actions.join(li, "demo-police", ["desk"], by=BY, now=NOW + 2 * DAY)
    assert (back.id, back.roles, back.valid_to) == (held.id, {"desk"}, None)
    assert kinds() == [
        "alliance.AgencyFounded",
        "alliance.MemberJoined",
        "alliance.MemberRolesChanged",
        "alliance.MemberLeft",
        "alliance.MemberJoined",
    ]


def test_nobody_joins_twice_or_without_a_role_or_with_an_unknown_one(
    police: queries.Agency, li: UUID
) -> None:
    with pytest.raises(BadInput):
        actions.join(li, "demo-police", [], by=BY, now=NOW)
    with pytest.raises(BadInput):
        actions.join(li, "demo-police", ["admiral"], by=BY, now=NOW)
    with pytest.raises(NotFound):
        actions.join(li, "nobody", ["desk"], by=BY, now=NOW)
    actions.join(li, "demo-police", ["desk"], by=BY, now=NOW)
    with pytest.raises(AlreadyThere):
        actions.join(li, "demo-police", ["desk"], by=BY, now=NOW)


@pytest.mark.parametrize(
    "roles", [["admin_system", "admin_audit"], ["admin_system", "admin_security"], ["admin_audit", "desk"]]
)
def test_the_three_administrators_are_three_people(
    police: queries.Agency, li: UUID, roles: list[str]
) -> None:
    with pytest.raises(BadInput) as refused:
        actions.join(li, "demo-police", roles, by=BY, now=NOW)
    assert refused.value.values["reason"] == "admin_roles_are_separated"


def test_two_agencies_do_not_make_two_administrators_of_one_person(police: queries.Agency, li: UUID) -> None:
    actions.found_agency("msa", "海事", "Maritime", "maritime", by=BY, now=NOW)
    actions.join(li, "demo-police", ["admin_system"], by=BY, now=NOW)
    with pytest.raises(BadInput):
        actions.join(li, "msa", ["admin_audit"], by=BY, now=NOW)


@pytest.fixture
def _granted() -> Iterator[None]:
    held = access._bound.grants
    access.bind(GRANTS)
    yield
    access.bind(held)


def someone(*roles: str, agency: str = "demo-police") -> Asker:
    return Asker(UUID(int=1), "p-1", agency, frozenset(roles))


@pytest.mark.usefixtures("_granted")
def test_a_desk_signs_for_its_own_agency_and_may_not_review_or_release() -> None:
    desk, ours = someone("desk"), {"agency": "demo-police", "disposed_by": "p-2"}
    assert access.judge(desk, "incident.sign", ours)
    assert access.judge(desk, "incident.sign", {"agency": "msa"}) == Denied("agency")
    assert access.judge(desk, "incident.review", ours) == Denied("verb")
    assert access.judge(desk, "rules.release") == Denied("verb")


@pytest.mark.usefixtures("_granted")
@pytest.mark.parametrize("role", ["duty_commander", "reviewer"])
def test_commander_and_reviewer_review_what_another_person_disposed_of(role: str) -> None:
    assert access.judge(someone(role), "incident.review", {"agency": "demo-police", "disposed_by": "p-2"})
    own = {"agency": "demo-police", "disposed_by": "p-1"}
    assert access.judge(someone(role), "incident.review", own) == Denied("same_person")


@pytest.mark.usefixtures("_granted")
def test_a_rule_is_released_by_another_analyst_than_the_one_who_proposed_it() -> None:
    assert access.judge(someone("analyst"), "rules.release", {"proposed_by": "p-2"})
    assert access.judge(someone("analyst"), "rules.release", {"proposed_by": "p-1"}) == Denied("same_person")


@pytest.mark.usefixtures("_granted")
def test_administrators_touch_no_incident_and_share_no_changing_verb() -> None:
    held = {role: access.verbs(someone(role)) for role in sorted(ADMIN_ROLES)}
    for verbs in held.values():
        assert not {verb for verb in verbs if verb.startswith(("incident.", "alert.", "board."))}
    shared = (held["admin_system"] & held["admin_security"]) | (held["admin_audit"] & held["admin_system"])
    # Either of two may stop a program's key; to let one speak takes both.
    assert all(verb.endswith(".read") for verb in shared - {"programs.revoke"})
    # The auditor changes nothing of the work: one of two who open a sealed account, and rows leave by two like others'.
    acts = {verb for verb in held["admin_audit"] if not verb.endswith((".read", ".verify"))}
    assert acts == {"emergency.open", "exports.ask", "exports.approve"}


@pytest.mark.usefixtures("_granted")
def test_a_wall_only_looks() -> None:
    assert all(verb.endswith((".read", ".view")) for verb in access.verbs(someone("wall")))


def test_every_role_of_the_table_may_do_something() -> None:
    assert all(GRANTS[role] for role in ROLES)
    assert ADMIN_ROLES < ROLES
