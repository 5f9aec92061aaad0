"""What may be asked of the alliance, one file a subject."""

from jiangdun.alliance.queries.people import Membership, asker, memberships
from jiangdun.alliance.queries.register import AGENCIES_MAX, Agency, agencies, agency

__all__ = ["AGENCIES_MAX", "Agency", "Membership", "agencies", "agency", "asker", "memberships"]
