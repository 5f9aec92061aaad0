"""A few agencies, a data set and an agreement to try things on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from jiangdun.alliance import actions, queries
from jiangdun.alliance.agreements import Agreement, Terms
from jiangdun.alliance.drafting import Draft
from jiangdun.core import access, datasets, journal, timers, vault
from jiangdun.core.access import Asker, Denied, Grant
from jiangdun.core.datasets import DataSet
from jiangdun.core.journal import By

NOW = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SYSTEM = By(system="test")
AGENCIES = ("police", "msa", "fishery", "port")
BOATS = DataSet(
    "boats",
    "艇",
    "boats",
    always=frozenset({"id", "agency"}),
    fields=frozenset({"call_sign", "lon", "lat", "captain"}),
    masks={"captain": "name"},
)
ANNEX = Terms("msa", "police", "boats", ("call_sign", "lon", "lat"), ("command",), "条例第八条")


def by(agency: str, person: str | None = None) -> By:
    """Somebody of an agency; another person for each."""
    return By(person=person or f"p-{agency}", agency=agency)


@pytest.fixture
def boats(monkeypatch: pytest.MonkeyPatch) -> DataSet:
    monkeypatch.setattr(datasets, "_known", {**datasets._known, "boats": BOATS})
    return BOATS


@pytest.fixture
def house(db: None, boats: DataSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    for code in AGENCIES:
        actions.found_agency(code, f"演示{code}", f"Demo {code}", "water", by=SYSTEM, now=NOW - 90 * DAY)


@pytest.fixture
def draft(house: None) -> Draft:
    """police and msa: msa shows police its boats for a year from tomorrow."""
    text = vault.put("一、共建内容。".encode()).sha256
    return Draft(
        title_zh="联创联建协议",
        title_en="Joint building agreement",
        scope="辖区水域",
        text_sha256=text,
        parties=("police", "msa"),
        valid_from=NOW + DAY,
        valid_to=NOW + 366 * DAY,
        annexes=(ANNEX,),
    )


def drafted(draft: Draft, now: datetime = NOW, **changes: Any) -> Agreement:
    draft = replace(draft, **changes)
    return actions.draft_agreement("ring", draft, by=by("police"), now=now)


def sign(held: Agreement, *agencies: str, now: datetime = NOW) -> Agreement:
    """Let agencies sign the newest edition."""
    edition = held.editions[-1]
    for agency in agencies:
        held = actions.sign_agreement(
            held.id, edition=edition.number, digest=edition.digest, by=by(agency), now=now
        )
    return held


@pytest.fixture
def signed(draft: Draft) -> Agreement:
    return sign(drafted(draft), "police", "msa")


def kinds(now: datetime = NOW) -> list[str]:
    """The facts about agreements so far, in order."""
    journal.seal(now)
    return [
        fact.kind.removeprefix("alliance.")
        for fact in journal.after(0)
        if fact.subject.startswith("agreement:")
    ]


@pytest.fixture
def _timers() -> None:
    for kind, handler in actions.TIMERS.items():
        timers.register(kind, handler)


WANG = Asker(UUID(int=1), "p-police", "police", frozenset({"desk"}))


@pytest.fixture
def _granted() -> Iterator[None]:
    held = access._bound.grants, access._bound.clearances
    access.bind({"desk": (Grant("boats.read", "shared"),)})
    yield
    access.bind(*held)


def sees(now: datetime, agency: str = "police", owner: str = "msa") -> str:
    """What a desk of `agency` is told of a boat of `owner`: yes, or the reason against it."""
    access.bind_shares(queries.shares(now))
    return told(now, agency, owner)


def told(now: datetime, agency: str = "police", owner: str = "msa") -> str:
    """The same by the shares that are bound already."""
    verdict = access.judge(
        replace(WANG, agency=agency), "boats.read", {"data": "boats", "agency": owner}, now=now
    )
    return verdict.reason if isinstance(verdict, Denied) else "yes"
