"""What the alliance announces, one file a subject."""

from jiangdun.alliance.facts.people import MemberJoined, MemberLeft, MemberRolesChanged
from jiangdun.alliance.facts.register import AgencyFounded

__all__ = ["AgencyFounded", "MemberJoined", "MemberLeft", "MemberRolesChanged"]
