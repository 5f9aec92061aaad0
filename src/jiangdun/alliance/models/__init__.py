"""The alliance's tables, one file a subject."""

from jiangdun.alliance.models.agreements import (
    Activation,
    Agreement,
    AgreementEdition,
    AgreementSignature,
    Annex,
    CopyOut,
    Departure,
    ForwardingConsent,
    Suspension,
)
from jiangdun.alliance.models.chiefs import Chief, Gap, Reach, River
from jiangdun.alliance.models.joint import Activity, Proposal
from jiangdun.alliance.models.people import (
    Membership,
)
from jiangdun.alliance.models.register import (
    Agency,
    Alliance,
    AllianceLink,
    Area,
    Mark,
    Power,
    Seat,
)
from jiangdun.alliance.models.structure import Desk, Office, Route, Sitting

__all__ = [
    "Activation",
    "Activity",
    "Agency",
    "Agreement",
    "AgreementEdition",
    "AgreementSignature",
    "Alliance",
    "AllianceLink",
    "Annex",
    "Area",
    "Chief",
    "CopyOut",
    "Departure",
    "Desk",
    "ForwardingConsent",
    "Gap",
    "Mark",
    "Membership",
    "Office",
    "Power",
    "Proposal",
    "Reach",
    "River",
    "Route",
    "Seat",
    "Sitting",
    "Suspension",
]
