"""The verbs that change the alliance, one file a subject."""

from jiangdun.alliance.actions.agreement_times import TIMERS
from jiangdun.alliance.actions.agreements import (
    draft_agreement,
    renew_agreement,
    revise_agreement,
    sign_agreement,
)
from jiangdun.alliance.actions.copies import note_copy
from jiangdun.alliance.actions.people import change_roles, join, leave
from jiangdun.alliance.actions.register import found_agency
from jiangdun.alliance.actions.sharing import (
    activate,
    allow_forwarding,
    deactivate,
    leave_all,
    resume,
    suspend,
    terminate,
    withdraw_forwarding,
)

__all__ = [
    "TIMERS",
    "activate",
    "allow_forwarding",
    "change_roles",
    "deactivate",
    "draft_agreement",
    "found_agency",
    "join",
    "leave",
    "leave_all",
    "note_copy",
    "renew_agreement",
    "resume",
    "revise_agreement",
    "sign_agreement",
    "suspend",
    "terminate",
    "withdraw_forwarding",
]
