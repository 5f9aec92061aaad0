"""What may be asked of the alliance, one file a subject."""

from jiangdun.alliance.queries.agreements import (
    ACTIVE_HOURS_MAX,
    AGREEMENTS_MAX,
    REMIND_DAYS,
    Granted,
    agreement,
    agreements,
    annex,
    annex_state,
    parties_of,
    shares,
)
from jiangdun.alliance.queries.copies import Copy, copies_out
from jiangdun.alliance.queries.people import Membership, asker, memberships
from jiangdun.alliance.queries.register import AGENCIES_MAX, Agency, agencies, agency

__all__ = [
    "ACTIVE_HOURS_MAX",
    "AGENCIES_MAX",
    "AGREEMENTS_MAX",
    "REMIND_DAYS",
    "Agency",
    "Copy",
    "Granted",
    "Membership",
    "agencies",
    "agency",
    "agreement",
    "agreements",
    "annex",
    "annex_state",
    "asker",
    "copies_out",
    "memberships",
    "parties_of",
    "shares",
]
