"""The alliance's tables, one file a subject."""

from jiangdun.alliance.models.people import Membership
from jiangdun.alliance.models.register import Agency

__all__ = ["Agency", "Membership"]
