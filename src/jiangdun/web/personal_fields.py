"""Which column of which table may hold something of a person, what, and for what: GB/T 22239 level 3, 8.1.4.11.

A test walks every table and fails where a column that sounds like a person stands in neither list below. A pattern
may end in `*`. Columns `person` and those that end in `_by` hold the id of an account and need no entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final


@dataclass(frozen=True)
class FieldUse:
    """`holds`: name, phone, address …, or `text` in which people may write one. `kept`: how it lies there: `open`,
    `sealed`, `digest`, `hash`, `reference`. `until`: a class of `core.retention`, or what ends it.
    """

    holds: str
    kept: str
    purpose_zh: str
    purpose_en: str
    until: str


SUSPICIOUS: Final = re.compile(
    r"(^|_)(name|names|username|nickname|phone|tel|mobile|plate|address|email|mail|id_?(number|card|no)|passport|"
    r"contact|person|persons|crew|skipper|driver|birth|born|face|photo|gender|sex|reporter|witness|ident|imei|"
    r"call_sign|text|note|by)(_zh|_en|_digest|$)"
)
_REFERENCE: Final = re.compile(r"(^person$|_by$)")

_ACCOUNT_END: Final = "as long as the account"

PERSONAL: Final[dict[str, FieldUse]] = {
    "core.Account.username": FieldUse("account", "open", "登录", "signing in", _ACCOUNT_END),
    "core.Account.name_*": FieldUse(
        "name", "open", "显示由谁办理", "showing who did something", _ACCOUNT_END
    ),
    "core.PersonValue.*": FieldUse(
        "name, phone, id_number …",
        "sealed",
        "见各人登记的用途",
        "the purpose kept with the person",
        "keep_until",
    ),
    "core.Person.*": FieldUse("reference", "sealed", "本人密钥", "the person's own key", "keep_until"),
    "core.Unmasking.reason": FieldUse(
        "text", "open", "查看原文的理由", "why values were shown in full", "lookups"
    ),
    "core.Access.address": FieldUse(
        "address", "digest", "追溯查阅来源", "telling where a look came from", "audit"
    ),
    "core.EmergencyReason.words": FieldUse(
        "text", "open", "启封应急账号的理由", "why a seal was to be broken", "audit"
    ),
    "alliance.Seat.left_why": FieldUse(
        "text", "open", "成员退出的理由", "why a member left", "as long as the alliance"
    ),
    "core.PassKey.name": FieldUse(
        "name a person gave to a key",
        "open",
        "本人辨认自己的密钥",
        "knowing one's own keys apart",
        _ACCOUNT_END,
    ),
    "alliance.Agency.duty_phone": FieldUse(
        "phone of a duty desk", "open", "值班联络", "reaching the duty desk", "as long as the agency"
    ),
    "alliance.Chief.name_*": FieldUse(
        "name", "open", "公示河段责任人", "saying who answers for a reach", "as long as the record of terms"
    ),
    "alliance.Chief.person": FieldUse(
        "reference", "sealed", "联系河长", "reaching the chief", "the end of the term"
    ),
    "alliance.Sitting.note": FieldUse(
        "text", "open", "席位交班", "handing a desk over", "as long as the duty record"
    ),
    "alliance.Agency.office_phone": FieldUse(
        "phone of an office", "open", "单位联络", "reaching the office", "as long as the agency"
    ),
    "web.Step.address": FieldUse(
        "address",
        "open",
        "登录第二步须在同一处完成",
        "the second step of a sign-in from the same place",
        "sessions",
    ),
    "web.Session.address": FieldUse(
        "address", "open", "向本人显示登录地点", "showing people where they are signed in", "sessions"
    ),
    "picture.Unit.call_sign": FieldUse(
        "name of a boat, car or officer", "open", "调度", "sending units", "as long as the unit"
    ),
    "picture.Unit.ident": FieldUse(
        "number of a device carried on duty",
        "open",
        "识别定位终端",
        "knowing the device",
        "as long as the unit",
    ),
    "feeds.Device.ident": FieldUse(
        "number of a device", "open", "准入终端", "admitting the device", "as long as the device"
    ),
    "response.Assignment.call_sign": FieldUse(
        "name of a unit", "open", "派遣记录", "the record of who was sent", "cases"
    ),
    "response.Note.text": FieldUse("text", "open", "处置记录", "the record of the incident", "cases"),
}
"""Columns that may hold something of a person."""

IMPERSONAL: Final[dict[str, str]] = {
    "alliance.Agency.address": "an office's",
    "alliance.*.name_*": "an agency's, an area's, an alliance's",
    "alliance.AgreementEdition.text_sha256": "hash of an agreement",
    "core.ReaderCursor.name": "a reader's",
    "core.Parameter.name": "a parameter's",
    "core.ProgramKey.name": "a program's",
    "picture.Zone.name_*": "a zone's",
    "picture.Unit.crew": "how many, not who",
    "response.IncidentClock.by": "an account's id",
    "response.IncidentClock.reason_note": "a note's id",
    "watch.Alert.zone_name_*": "a zone's",
    "watch.Rule.name": "a rule's",
    "watch.SpoolCursor.name": "a spool's",
}
"""Columns that sound like a person and hold nothing of one, and why."""


def unexplained(columns: Iterable[str]) -> list[str]:
    """Of columns (`room.Model.field`) those that sound like a person and stand in neither list."""
    return sorted(column for column in columns if _suspicious(column) and not _explained(column))


def outdated(columns: Iterable[str]) -> list[str]:
    """Entries of the two lists that fit no column any more."""
    there = list(columns)
    return sorted(
        pattern
        for pattern in (*PERSONAL, *IMPERSONAL)
        if not any(fnmatchcase(column, pattern) for column in there)
    )


def _suspicious(column: str) -> bool:
    field = column.rpartition(".")[2]
    return SUSPICIOUS.search(field) is not None and _REFERENCE.search(field) is None


def _explained(column: str) -> bool:
    return any(fnmatchcase(column, pattern) for pattern in (*PERSONAL, *IMPERSONAL))
