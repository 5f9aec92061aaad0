"""News of agreements. What people wrote stands in the tables; a fact holds codes and digests.

`annex` is an annex's number within its agreement; None is the agreement as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.AgreementDrafted")
@dataclass(frozen=True)
class AgreementDrafted:
    """An edition was written that waits for signatures; `digest` is the SHA-256 of all it says."""

    agreement: UUID
    edition: int
    template: str
    alliance: str
    parties: list[str]
    annexes: int
    valid_from: datetime
    valid_to: datetime
    digest: str


@fact("alliance.AgreementRevised")
@dataclass(frozen=True)
class AgreementRevised:
    """An edition nobody had signed was written anew."""

    agreement: UUID
    edition: int
    parties: list[str]
    annexes: int
    valid_from: datetime
    valid_to: datetime
    digest: str


@fact("alliance.AgreementSigned")
@dataclass(frozen=True)
class AgreementSigned:
    """A party's approver signed what has this digest; `missing` must still sign."""

    agreement: UUID
    edition: int
    agency: str
    digest: str
    missing: list[str]


@fact("alliance.AgreementInForce")
@dataclass(frozen=True)
class AgreementInForce:
    """All have signed: the edition holds from `begins_at` to before `valid_to`; `replaces` is 0 for a first one."""

    agreement: UUID
    edition: int
    parties: list[str]
    begins_at: datetime
    valid_to: datetime
    replaces: int


@fact("alliance.AgreementRenewalDue")
@dataclass(frozen=True)
class AgreementRenewalDue:
    """The agreement ends in `days` days or less and nothing signed follows it."""

    agreement: UUID
    edition: int
    parties: list[str]
    days: int
    valid_to: datetime


@fact("alliance.AgreementExpired")
@dataclass(frozen=True)
class AgreementExpired:
    """The term is over: what its annexes gave has stopped."""

    agreement: UUID
    edition: int
    parties: list[str]
    valid_to: datetime


@fact("alliance.AgreementSuspended")
@dataclass(frozen=True)
class AgreementSuspended:
    """A party stopped the agreement or one annex. `reason` is a digest."""

    agreement: UUID
    annex: int | None
    agency: str
    reason: str


@fact("alliance.AgreementResumed")
@dataclass(frozen=True)
class AgreementResumed:
    """The party that stopped it lets it go on."""

    agreement: UUID
    annex: int | None
    agency: str


@fact("alliance.AgreementLeft")
@dataclass(frozen=True)
class AgreementLeft:
    """A party left: what it gave and got has ended. `remain` are the parties that stay; `reason` is a digest."""

    agreement: UUID
    agency: str
    remain: list[str]
    reason: str


@fact("alliance.AgreementEnded")
@dataclass(frozen=True)
class AgreementEnded:
    """The agreement is over for good. `why`: parties_left, draft_dropped, alliance_ended."""

    agreement: UUID
    why: str


@fact("alliance.AnnexActivated")
@dataclass(frozen=True)
class AnnexActivated:
    """A dormant annex gives what it says until `until`. `reason` is a digest."""

    agreement: UUID
    annex: int
    activation: UUID
    agency: str
    provider: str
    consumer: str
    until: datetime
    reason: str


@fact("alliance.AnnexDeactivated")
@dataclass(frozen=True)
class AnnexDeactivated:
    """It sleeps again. `why`: time, by_hand, party_left, ended."""

    agreement: UUID
    annex: int
    activation: UUID
    why: str


@fact("alliance.ForwardingAllowed")
@dataclass(frozen=True)
class ForwardingAllowed:
    """The provider lets the consumer pass the annex's data on to one agency. `reason` is a digest."""

    agreement: UUID
    annex: int
    consent: UUID
    to: str
    reason: str


@fact("alliance.ForwardingWithdrawn")
@dataclass(frozen=True)
class ForwardingWithdrawn:
    """The provider takes that consent back."""

    agreement: UUID
    annex: int
    consent: UUID
    to: str


@fact("alliance.CopyLeft")
@dataclass(frozen=True)
class CopyLeft:
    """An export took data out under an annex; `annex_id` is the annex of the edition then in force."""

    agreement: UUID
    annex: int
    annex_id: UUID
    export: str
    consumer: str
    rows: int
    sha256: str


@fact("alliance.CopiesFlagged")
@dataclass(frozen=True)
class CopiesFlagged:
    """What an annex gave was revoked: these exports hold copies of it. `why`: suspended, ended, expired."""

    agreement: UUID
    annex: int
    exports: list[str]
    why: str
