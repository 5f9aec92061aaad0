"""The register: who is a member."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.alliance import queries
from jiangdun.web import asking, desk

router = Router()


class AgencyEntry(Schema):
    """An agency in the register."""

    code: str
    name_zh: str
    name_en: str
    domain: str = Field(description="the field it works in: water, traffic, port, mine …")
    demo: bool
    version: int


@router.get("/alliance/agencies", response=list[AgencyEntry], **asking.needs("alliance.read"))
async def agencies(request: HttpRequest) -> list[queries.Agency]:
    """Every agency, by code."""
    return await desk.read(queries.agencies)
