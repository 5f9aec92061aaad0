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
    "Agency",
    "Agreement",
    "AgreementEdition",
    "AgreementSignature",
    "Alliance",
    "AllianceLink",
    "Annex",
    "Area",
    "CopyOut",
    "Departure",
    "Desk",
    "ForwardingConsent",
    "Mark",
    "Membership",
    "Office",
    "Power",
    "Route",
    "Seat",
    "Sitting",
    "Suspension",
]
