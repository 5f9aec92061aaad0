"""The verbs that change the watch's tables: each writes its change and its fact in one transaction."""

from .alerts import acknowledge, dismiss, mark_promoted, refuse_line, take_event
from .rules import load_catalogue, propose_rule, release_rule, retire_rule

__all__ = [
    "acknowledge",
    "dismiss",
    "load_catalogue",
    "mark_promoted",
    "propose_rule",
    "refuse_line",
    "release_rule",
    "retire_rule",
    "take_event",
]
