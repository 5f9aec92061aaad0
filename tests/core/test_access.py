"""Access: judged on values, and no unless somebody said yes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from jiangdun.core import access
from jiangdun.core.access import Allowed, Asker, Denied, Grant
from jiangdun.core.trouble import NotYours

WANG = Asker(UUID(int=1), "wang", "police", frozenset({"desk"}))
GRANTS = {
    "desk": (Grant("board.view"), Grant("incident.sign", "agency"), Grant("note.edit", "self")),
    "reviewer": (
        Grant("incident.review", other="disposed_by"),
        Grant("person.read", fields=frozenset({"a"})),
    ),
    "chief": (Grant("person.read", fields=frozenset({"b"})), Grant("incident.sign")),
    "all": (Grant("person.read"),),
}


@pytest.fixture(autouse=True)
def _bound() -> Iterator[None]:
    held = access._bound.grants
    access.bind(GRANTS)
    yield
    access.bind(held)


def asker(*roles: str) -> Asker:
    return Asker(WANG.account_id, "wang", "police", frozenset(roles))


def test_without_a_binding_everything_is_denied() -> None:
    access.bind(None)
    assert access.judge(WANG, "board.view") == Denied("unbound")
    assert access.verbs(WANG) == frozenset()


def test_nobody_and_unknown_verbs_and_roles_are_denied() -> None:
    assert access.judge(asker(), "board.view") == Denied("nobody")
    assert access.judge(WANG, "board.repaint") == Denied("verb")
    assert access.judge(asker("pirate"), "board.view") == Denied("verb")
    assert access.judge(WANG, "board.view") == Allowed(None)
    assert access.judge(WANG, "board.view")
    assert not access.judge(asker(), "board.view")


def test_a_grant_of_the_own_agency_stops_at_its_border() -> None:
    assert access.judge(WANG, "incident.sign", {"agency": "police"})
    assert access.judge(WANG, "incident.sign", {"agency": "msa", "agencies": ["police"]})
    assert access.judge(WANG, "incident.sign", {"agency": "msa"}) == Denied("agency")
    assert access.judge(WANG, "incident.sign", {}) == Denied("agency")
    homeless = Asker(WANG.account_id, "wang", None, frozenset({"desk"}))
    assert access.judge(homeless, "incident.sign", {"agency": None}) == Denied("agency")
    assert access.judge(asker("desk", "chief"), "incident.sign", {"agency": "msa"})


def test_a_grant_of_ones_own_things_stops_at_others() -> None:
    assert access.judge(WANG, "note.edit", {"person": "wang"})
    assert access.judge(WANG, "note.edit", {"person": "li"}) == Denied("person")
    nameless = Asker(None, None, "police", frozenset({"desk"}))
    assert access.judge(nameless, "note.edit", {"person": None}) == Denied("person")


def test_whoever_did_the_step_before_may_not_do_the_next() -> None:
    reviewer = asker("reviewer")
    assert access.judge(reviewer, "incident.review", {"disposed_by": "li"})
    assert access.judge(reviewer, "incident.review", {"disposed_by": "wang"}) == Denied("same_person")


def test_fields_of_several_roles_add_up_and_one_without_limit_shows_all() -> None:
    assert access.judge(asker("reviewer"), "person.read") == Allowed(frozenset({"a"}))
    assert access.judge(asker("reviewer", "chief"), "person.read") == Allowed(frozenset({"a", "b"}))
    assert access.judge(asker("reviewer", "all"), "person.read") == Allowed(None)


def test_require_raises_with_the_reason() -> None:
    with pytest.raises(NotYours) as denied:
        access.require(WANG, "incident.review")
    assert denied.value.values == {"reason": "verb", "verb": "incident.review"}
    assert access.require(WANG, "board.view") == Allowed(None)
