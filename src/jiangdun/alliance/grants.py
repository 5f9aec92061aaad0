"""What each role may do: one table to read. The hall binds `GRANTS` to `core.access`.

Reading down a role shows its day. `own` reaches only things of the asker's agency, `shared` also those of
others as far as agreements show them; `other(field)` wants someone else than whoever did the step before.
The three administrators are separated (GB/T 22239 level 3: system, security, audit): none of them can do
another's work, and no account holds two of these roles.
"""

from __future__ import annotations

from jiangdun.core.access import Grant, Grants
from jiangdun.core.labels import Label


def _any(*verbs: str) -> tuple[Grant, ...]:
    return tuple(Grant(verb) for verb in verbs)


def _own(*verbs: str) -> tuple[Grant, ...]:
    return tuple(Grant(verb, "agency") for verb in verbs)


def _shared(*verbs: str) -> tuple[Grant, ...]:
    return tuple(Grant(verb, "shared") for verb in verbs)


def _self(*verbs: str) -> tuple[Grant, ...]:
    return tuple(Grant(verb, "self") for verb in verbs)


_LOOK = _any("board.view", "tracks.read", "zones.read", "rules.read", "alliance.read") + _shared(
    "units.read", "alerts.read", "incidents.read"
)
_EXPORT = (Grant("exports.ask"), Grant("exports.approve", "agency", other="asked_by"))
"""Rows leave by one way: whoever may see them asks, another person of the agency lets many of them go."""
_DISPUTE = _own("disputes.raise", "disputes.read")
"""校核纠错: who sees a thing says that it is wrong; the commander and the secretariat of its agency answer."""
_HOLD = (
    # 保全: stop deletion at once; another person confirms, and another agrees to its end
    Grant("retention.read"),
    Grant("retention.hold"),
    Grant("retention.confirm", other="held_by"),
    Grant("retention.release", other="release_by"),
)
_PERSONS = (
    # 人员资料: what is shared of persons is seen masked, and in full only for a purpose and a reason
    Grant("persons.read", "shared"),
    Grant("persons.unmask", "shared"),
    Grant("persons.keep", "agency"),
)
_REVIEW = (Grant("incident.review", "shared", other="disposed_by"),)
_DESK = (
    _any("sources.read", "journal.read")
    + _shared("alert.acknowledge", "alert.dismiss", "alert.promote")
    + _own("incident.sign", "incident.assign", "incident.dispose")
    + _own("unit.set_state", "unit.add")
    + _own("devices.read")
    + _PERSONS
    + _EXPORT
    + _DISPUTE
)
_AGREE = _own(
    "agreement.read", "agreement.draft", "agreement.sign", "agreement.suspend", "agreement.activate"
)

GRANTS: Grants = {
    # 指挥长: everything of the desk, and reviews what another person disposed of
    "duty_commander": _LOOK
    + _DESK
    + _HOLD
    + _own("disputes.answer")
    + _own("incident.order_acknowledged", "incident.arrive")
    + _own("incident.label")
    + _REVIEW
    + _any("zones.import")
    + _AGREE
    + _own("persons.erase")
    + _any("emergency.read", "emergency.open")
    + _self("duty.sit")
    + _own("duty.sit", "activities.change", "proposals.change"),
    # 值班席
    "desk": _LOOK + _DESK + _own("incident.order_acknowledged", "incident.arrive") + _self("duty.sit"),
    # 研判员: proposes rules; another analyst or a commander's agency releases them
    "analyst": _LOOK
    + _EXPORT
    + _DISPUTE
    + _any("rules.propose", "journal.read", "sources.read", "zones.import", "tracks.replay")
    + (Grant("rules.release", other="proposed_by"),)
    + _self("duty.sit"),
    # 一线人员: what concerns the own boat or car
    "field": _any("board.view", "tracks.read", "zones.read", "alliance.read")
    + _shared("units.read", "incidents.read")
    + _own("incident.order_acknowledged", "incident.arrive", "incident.dispose")
    + _own("unit.set_state"),
    # 审核员: closes the loop, never own work
    "reviewer": _LOOK + _EXPORT + _DISPUTE + _any("journal.read") + _REVIEW + _self("duty.sit"),
    # 秘书处: the register, agreements, rota, meetings and reports; the live picture is not its work
    "secretariat": _EXPORT
    + _DISPUTE
    + _own("disputes.answer")
    + _any("zones.read", "rules.read")
    + _shared("units.read")
    + _any("alliance.read", "agencies.found", "agencies.change", "areas.draw", "powers.give")
    + _any("alliances.change", "structure.change", "chiefs.change", "activities.change", "proposals.change")
    + _AGREE,
    # 外部用户 (shipping company, wharf): where the published zones are; nothing of the boards
    "outside_user": _any("zones.read"),
    # 志愿者: sees where the marked zones are
    "volunteer": _any("zones.read"),
    # 接口客户: a program of an agency; of these verbs its key names those it is good for
    "api_client": _any(
        "tracks.read",
        "zones.read",
        "rules.read",
        "sources.read",
        "journal.read",
    )
    + _shared("units.read", "alerts.read", "incidents.read")
    + _own("unit.set_state", "incident.order_acknowledged", "incident.arrive"),
    # 系统管理员: devices, agencies, accounts; sees no incident
    "admin_system": _any(
        "devices.read",
        "devices.admit",
        "devices.refuse",
        "sources.read",
        "alliance.read",
        "agencies.found",
        "agencies.change",
        "accounts.create",
        "walls.read",
        "walls.make",
        "emergency.read",
        "programs.read",
        "programs.make",
        "programs.revoke",
        "people.read",
        "health.read",
    ),
    # 安全管理员: roles, locks, passwords; creates no account
    "admin_security": _HOLD
    + _any(
        "alliance.read",
        "members.join",
        "members.change",
        "accounts.switch",
        "accounts.reset",
        "accounts.link",
        "sessions.end",
        "people.read",
        "parameters.read",
        "parameters.set",
        "programs.read",
        "programs.release",
        "emergency.read",
        "emergency.open",
        "programs.revoke",
        "health.read",
    ),
    # 审计员: reads everything that was done, changes nothing
    "admin_audit": _EXPORT
    + _any(
        "emergency.read",
        "emergency.open",
        "alliance.read",
        "agreement.read",
        "journal.read",
        "journal.verify",
        "access.read",
        "disputes.read",
        "retention.read",
        "people.read",
        "health.read",
    ),
    # 大屏: a device that only looks
    "wall": _any("board.view", "tracks.read", "zones.read")
    + _shared("units.read", "alerts.read", "incidents.read"),
}

CLEARANCES: dict[str, Label] = {
    "duty_commander": Label.RESTRICTED,
    "reviewer": Label.RESTRICTED,
    "desk": Label.SENSITIVE,
    "analyst": Label.SENSITIVE,
    "field": Label.SENSITIVE,
    "outside_user": Label.OPEN,
    "volunteer": Label.OPEN,
}
"""Up to which label a role sees. A role that is not here, an administrator's included, sees what is internal."""

ROLES = frozenset(GRANTS)
ADMIN_ROLES = frozenset({"admin_system", "admin_security", "admin_audit"})
"""No account holds two of these, nor one of these beside an operational role."""
