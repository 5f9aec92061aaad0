"""The adjustable values about people: who signs in how, for how long, from where."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import clock, networks, parameters
from jiangdun.core.trouble import BadInput, NotFound
from jiangdun.web import asking, desk
from jiangdun.web.sessions import ADMIN_NETWORKS

GROUPS: Final = ("emergency", "password", "people", "program", "session", "signin")
"""First words of the names that are set here; clocks and thresholds of other rooms have their own doors."""
router = Router()


class Parameter(Schema):
    """A value that holds now, and what holds where nobody has set one."""

    name: str
    value: Any
    default: Any


class NewValue(Schema):
    value: Any = Field(description="of the kind of the default")


@router.get("/parameters", response=list[Parameter], **asking.needs("parameters.read"))
async def listed(request: HttpRequest) -> list[dict[str, Any]]:
    """Every adjustable value about people, by name."""
    return await desk.read(lambda: [_shown(one) for one in parameters.known() if _ours(one.name)])


@router.put("/parameters/{parameter}", response=Parameter, **asking.needs("parameters.set", fresh=True))
async def change(request: HttpRequest, parameter: str, body: NewValue) -> dict[str, Any]:
    """Let another value hold from now on. Nobody shuts the door behind themselves."""
    held = {one.name: one for one in parameters.known() if _ours(one.name)}
    if parameter not in held:
        raise NotFound(what="parameter")
    by, now = asking.by_of(request), clock.now()
    fences = parameter == ADMIN_NETWORKS.name and networks.are_networks(body.value)
    if fences and not networks.within(asking.address_of(request), body.value):
        raise BadInput(field="value", reason="shuts_you_out")
    await desk.do(lambda: parameters.set_parameter(parameter, body.value, by=by, now=now))
    asking.forget()
    return await desk.read(lambda: _shown(held[parameter]))


def _ours(name: str) -> bool:
    return name.partition(".")[0] in GROUPS


def _shown(one: parameters.Parameter[Any]) -> dict[str, Any]:
    return {"name": one.name, "value": one.at(clock.now()), "default": one.default}
