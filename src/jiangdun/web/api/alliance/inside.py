"""What members of an alliance say to one another: notes, minutes, words. Others see the work without them."""

from __future__ import annotations

from django.http import HttpRequest

from jiangdun.alliance import queries
from jiangdun.alliance.days import day_of
from jiangdun.core import access, clock
from jiangdun.web import asking, desk


async def members_of(alliance: str) -> tuple[str, ...]:
    """The codes of the agencies that sit in it today."""
    today = day_of(clock.now())
    return tuple(one.agency for one in await desk.read(lambda: queries.members(alliance, today)))


async def inside(request: HttpRequest, alliance: str) -> bool:
    """Whether the asker's agency sits in this alliance, or the asker keeps the ledger of every alliance."""
    asker = asking.asker_of(request)
    if asker.agency is not None and asker.agency in await members_of(alliance):
        return True
    return bool(access.judge(asker, "activities.change", {}))
