"""What the demo's agencies have agreed on: a ring in which all of them show one another what they have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from jiangdun.alliance import actions as alliance
from jiangdun.alliance.agreements import Terms
from jiangdun.alliance.drafting import EVERY, Draft
from jiangdun.alliance.templates import template
from jiangdun.core import vault
from jiangdun.core.journal import By
from jiangdun.core.labels import Label

TERM: Final = timedelta(days=365)


def sign_ring(signers: Mapping[str, str], now: datetime) -> None:
    """The ring agreement after its template, signed by one person of each agency (agency → account id)."""
    ring = template("ring")
    text = ring.text.format(
        title="演示共建共享协议",
        parties="、".join(signers),
        valid_from=now.date(),
        valid_to=(now + TERM).date(),
    )
    drafter, *_ = signers
    draft = Draft(
        title_zh="演示共建共享协议",
        title_en="Demo ring agreement",
        scope=ring.scope_zh,
        text_sha256=vault.put(text.encode()).sha256,
        parties=tuple(signers),
        valid_from=now,
        valid_to=now + TERM,
        annexes=tuple(
            Terms(
                provider=EVERY,
                consumer=EVERY,
                data=annex["data"],
                fields=(EVERY,),
                purposes=tuple(annex["purposes"]),
                basis=annex["basis"],
                label=Label.SENSITIVE,
                frequency=annex["frequency"],
            )
            for annex in ring.annexes
        ),
    )
    held = alliance.draft_agreement("ring", draft, by=By(person=signers[drafter], agency=drafter), now=now)
    for agency, person in signers.items():
        waiting = held.editions[-1]
        held = alliance.sign_agreement(
            held.id,
            edition=waiting.number,
            digest=waiting.digest,
            by=By(person=person, agency=agency),
            now=now,
        )
