"""Keys for programs of other systems: made by the system administrator, shown once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.alliance import queries
from jiangdun.alliance.grants import GRANTS
from jiangdun.core import clock, programs
from jiangdun.core.trouble import BadInput
from jiangdun.web import asking, desk
from jiangdun.web import programs as door

router = Router()


class Program(Schema):
    """A program and what its key is good for. The key itself is kept nowhere."""

    program_id: UUID
    name: str
    agency: str
    verbs: list[str]
    networks: list[str]
    rate_per_min: int
    made_at: datetime
    released_at: datetime | None = Field(description="opens nothing before")
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


class NewProgram(Schema):
    name: str = Field(min_length=2, max_length=32)
    agency: str = Field(min_length=1, max_length=32)
    verbs: list[str] = Field(min_length=1, max_length=40)
    networks: list[str] = Field([], max_length=64, description="from where; empty: from anywhere")
    days: int = Field(180, ge=1, le=programs.DAYS_MAX)
    rate_per_min: int = Field(120, ge=1, le=programs.RATE_MAX)


class NewKey(Program):
    """Both shown this once: the `key` goes with every request, the `signing_secret` never travels."""

    key: str
    signing_secret: str


@router.get("/programs", response=list[Program], **asking.needs("programs.read"))
async def listed(request: HttpRequest) -> list[dict[str, Any]]:
    """Every key there is or was, the newest first."""
    return await desk.read(lambda: [_program(one) for one in programs.programs()])


@router.post("/programs", response={201: NewKey}, **asking.needs("programs.make", fresh=True))
async def make(request: HttpRequest, body: NewProgram) -> Status[dict[str, Any]]:
    """Make a key for a program of an agency, good for these verbs once the security administrator releases it."""
    grantable = {grant.verb for grant in GRANTS["api_client"]}
    if not set(body.verbs) <= grantable:
        raise BadInput(field="verbs", reason="one_of", values=", ".join(sorted(grantable)))
    await desk.read(lambda: queries.agency(body.agency))
    by, now = asking.by_of(request), clock.now()
    made = await desk.do(
        lambda: programs.make(
            body.name,
            body.agency,
            body.verbs,
            days=body.days,
            rate_per_min=body.rate_per_min,
            networks=body.networks,
            by=by,
            now=now,
        )
    )
    return Status(201, {**_program(made.program), "key": made.key, "signing_secret": made.signing_secret})


@router.post(
    "/programs/{program_id}/release", response=Program, **asking.needs("programs.release", fresh=True)
)
async def release(request: HttpRequest, program_id: UUID) -> dict[str, Any]:
    """Let a key open what it was made for. Who makes keys does not release them."""
    by, now = asking.by_of(request), clock.now()
    return _program(await desk.do(lambda: programs.release(program_id, by=by, now=now)))


@router.delete("/programs/{program_id}", response={204: None}, **asking.needs("programs.revoke"))
async def revoke(request: HttpRequest, program_id: UUID) -> Status[None]:
    """The key opens nothing from now on."""
    by, now = asking.by_of(request), clock.now()
    await desk.do(lambda: programs.revoke(program_id, by=by, now=now))
    door.forget(program_id)
    return Status(204, None)


def _program(one: programs.Program) -> dict[str, Any]:
    return {
        "program_id": one.id,
        "name": one.name,
        "agency": one.agency,
        "verbs": sorted(one.verbs),
        "networks": list(one.networks),
        "rate_per_min": one.rate_per_min,
        "made_at": one.made_at,
        "released_at": one.released_at,
        "expires_at": one.expires_at,
        "revoked_at": one.revoked_at,
        "used_at": one.used_at,
    }
