"""The verbs of response: the only place that writes its tables.

Each takes `by` (who) and `now`, and writes the change and its fact in one transaction. A step names the
`version` of the incident it saw; who was slower is refused with what has happened meanwhile.
"""

from __future__ import annotations

from jiangdun.response.actions.clockwork import TIMERS, explain_breach
from jiangdun.response.actions.desk import EvidenceRef, attach, dispose, note, review, set_secrecy, sign
from jiangdun.response.actions.field import accept, acknowledge_order, arrive, assign, decline, depart
from jiangdun.response.actions.intake import READS, promote, take_in_alert, take_in_revision
from jiangdun.response.actions.limits import set_limit
from jiangdun.response.actions.moves import Moved

__all__ = [
    "READS",
    "TIMERS",
    "EvidenceRef",
    "Moved",
    "accept",
    "acknowledge_order",
    "arrive",
    "assign",
    "attach",
    "decline",
    "depart",
    "dispose",
    "explain_breach",
    "note",
    "promote",
    "review",
    "set_limit",
    "set_secrecy",
    "sign",
    "take_in_alert",
    "take_in_revision",
]
