"""The demo's agreements: one ring between all, so that each sees the others, and one of each kind to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from jiangdun.alliance import actions as alliance
from jiangdun.alliance import templates
from jiangdun.alliance.agreements import Agreement, Terms
from jiangdun.alliance.drafting import EVERY, Draft
from jiangdun.core import vault
from jiangdun.core.journal import By
from jiangdun.core.labels import Label
from jiangdun.picture.units import POSITIONS, UNITS
from jiangdun.response.views import INCIDENTS
from jiangdun.watch.alerts import ALERTS

from . import cast

DAY: Final = timedelta(days=1)

SHARED: Final = frozenset(data.code for data in (UNITS, POSITIONS, ALERTS, INCIDENTS))
"""What the demo's agencies have to share: declared by the rooms that are read above."""


@dataclass(frozen=True)
class _Play:
    """One agreement of the demo: what it is called, between whom, for how long, and what its annexes say else."""

    template: str
    title_zh: str
    title_en: str
    parties: tuple[str, ...]
    days: int
    annexes: tuple[Mapping[str, Any], ...]


_SIGNERS: Final = {person.agency for person in cast.PEOPLE if "duty_commander" in person.roles}
"""Agencies with somebody who may sign for them."""
_RING: Final = _Play(
    "ring", "演示江城口岸单位联创联建协议", "Demo joint building agreement of the Rivertown agencies",
    tuple(agency.code for agency in cast.AGENCIES if agency.code in _SIGNERS), 365,
    tuple({**line, "label": Label.SENSITIVE} for line in templates.template("ring").annexes),
)  # fmt: skip
_ENDING: Final = _Play(
    "belt", "演示水上公安与海事协作机制", "Demo cooperation of water police and maritime safety",
    ("waterpolice", "msa"), 20, templates.template("belt").annexes[:2],
)  # fmt: skip
_STOPPED: Final = _Play(
    "ring", "演示港口数据共享协议", "Demo port data agreement",
    ("centre", "port"), 180, ({**templates.template("ring").annexes[3], "basis": "演示协议第三条"},),
)  # fmt: skip
_DORMANT: Final = _Play(
    "belt", "演示渔政应急支援机制", "Demo emergency support of fisheries enforcement",
    ("centre", "fishery"), 300, templates.template("belt").annexes[2:],
)  # fmt: skip


def sow(approvers: Mapping[str, str], now: datetime) -> None:
    """Draft and sign them all. `approvers` names, for each agency, the account that signs for it."""
    for play in (_RING, _ENDING, _DORMANT):
        _signed(play, approvers, now)
    stopped = _signed(_STOPPED, approvers, now)
    port = By(person=approvers["port"], agency="port")
    alliance.suspend(stopped.id, reason="演示：港口系统升级，暂停共享", by=port, now=now)


def _signed(play: _Play, approvers: Mapping[str, str], now: datetime) -> Agreement:
    drafter, ends = play.parties[0], now + play.days * DAY
    names = {agency.code: agency.name_zh for agency in cast.AGENCIES}
    text = templates.filled(
        templates.template(play.template).text,
        title=play.title_zh,
        parties="、".join(names[party] for party in play.parties),
        valid_from=f"{now:%Y-%m-%d}",
        valid_to=f"{ends:%Y-%m-%d}",
    )
    draft = Draft(
        title_zh=play.title_zh,
        title_en=play.title_en,
        scope=templates.template(play.template).scope_zh,
        text_sha256=vault.put(text.encode()).sha256,
        parties=play.parties,
        valid_from=now,
        valid_to=ends,
        annexes=tuple(_terms(line) for line in play.annexes),
    )
    by = By(person=approvers[drafter], agency=drafter)
    held = alliance.draft_agreement(play.template, draft, by=by, now=now)
    edition = held.editions[0]
    for party in play.parties:
        by = By(person=approvers[party], agency=party)
        held = alliance.sign_agreement(held.id, edition=1, digest=edition.digest, by=by, now=now)
    return held


def _terms(line: Mapping[str, Any]) -> Terms:
    assert line["data"] in SHARED
    said = {**line, "purposes": tuple(line["purposes"]), "acts": tuple(line.get("acts", ()))}
    return Terms(provider=EVERY, consumer=EVERY, fields=(EVERY,), **said)
