"""What the security of this installation rests on, for its administrators."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.web import asking
from jiangdun.web.controls import controls

router = Router()


class Control(Schema):
    """A control of GB/T 22239-2019 level 3 and how far the product carries it."""

    number: int
    name_zh: str
    name_en: str
    state: str = Field(description="carried, partly, site: the operator of the site must do it")
    gap_zh: str
    gap_en: str
    tests: list[str] = Field(description="file::function of the tests that show it")


@router.get("/security/controls", response=list[Control], **asking.needs("health.read"))
async def every_control(request: HttpRequest) -> list[Any]:
    """The 38 controls, each with its state and its proof."""
    return list(controls())
