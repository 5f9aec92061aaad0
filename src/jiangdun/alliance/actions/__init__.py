"""The verbs that change the alliance, one file a subject."""

from jiangdun.alliance.actions.people import change_roles, join, leave
from jiangdun.alliance.actions.register import found_agency

__all__ = ["change_roles", "found_agency", "join", "leave"]
