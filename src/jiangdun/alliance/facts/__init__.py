"""What the alliance announces, one file a subject."""

from jiangdun.alliance.facts.agreements import (
    AgreementDrafted,
    AgreementEnded,
    AgreementExpired,
    AgreementInForce,
    AgreementLeft,
    AgreementRenewalDue,
    AgreementResumed,
    AgreementRevised,
    AgreementSigned,
    AgreementSuspended,
    AnnexActivated,
    AnnexDeactivated,
    CopiesFlagged,
    CopyLeft,
    ForwardingAllowed,
    ForwardingWithdrawn,
)
from jiangdun.alliance.facts.people import MemberJoined, MemberLeft, MemberRolesChanged
from jiangdun.alliance.facts.register import AgencyFounded

__all__ = [
    "AgencyFounded",
    "AgreementDrafted",
    "AgreementEnded",
    "AgreementExpired",
    "AgreementInForce",
    "AgreementLeft",
    "AgreementRenewalDue",
    "AgreementResumed",
    "AgreementRevised",
    "AgreementSigned",
    "AgreementSuspended",
    "AnnexActivated",
    "AnnexDeactivated",
    "CopiesFlagged",
    "CopyLeft",
    "ForwardingAllowed",
    "ForwardingWithdrawn",
    "MemberJoined",
    "MemberLeft",
    "MemberRolesChanged",
]
