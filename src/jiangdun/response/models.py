"""The tables of response. Only `response.actions` writes them; other rooms' things are plain ids.

Rows that change carry `version`: an action names the version it saw and loses where another was quicker.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from jiangdun.core.labels import Label
from jiangdun.response.states import ACTIVE, State

CODE = 64
"""Longest code, key or name of a rule."""


class Clue(models.Model):
    """线索: an alert that waits in triage for a person to say what it is."""

    id = models.UUIDField(primary_key=True)
    episode = models.CharField(max_length=CODE, unique=True)
    owner = models.CharField(max_length=CODE)  # agency code
    alert = models.JSONField()  # promotion.AlertSeen as a dict
    state = models.CharField(max_length=16, default="waiting")  # waiting, promoted, dismissed
    received_at = models.DateTimeField()
    limit_s = models.FloatField()
    due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=CODE, default="")
    breached_at = models.DateTimeField(null=True)
    cause = models.BigIntegerField()  # the alert's fact
    fact = models.BigIntegerField()  # response.ClueReceived
    exercise = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="clue_waiting")]


class Incident(models.Model):
    """警情/事件: something a desk must deal with, from T0 until another person has reviewed it."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=32, unique=True)  # {yyyyMMdd}-{area6}-{seq}, never reused
    kind = models.CharField(max_length=CODE)  # the rule's name, where one raised it
    domain = models.CharField(max_length=16, default="")
    title_zh = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    owner = models.CharField(max_length=CODE)  # agency code
    priority = models.CharField(max_length=2)
    level = models.CharField(max_length=3, default="")  # I..IV, set by people only; "" = not set
    state = models.CharField(max_length=20, default=State.NEW)
    t0 = models.DateTimeField()
    episode = models.CharField(max_length=CODE, null=True, unique=True)
    rule_version = models.PositiveIntegerField(default=0)
    label = models.CharField(max_length=120, default="")
    zone_id = models.CharField(max_length=CODE, default="")
    place_zh = models.CharField(max_length=200, default="")
    place_en = models.CharField(max_length=200, default="")
    why_zh = models.TextField(default="")
    why_en = models.TextField(default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    signed_by = models.CharField(max_length=CODE, default="")  # account id
    signed_agency = models.CharField(max_length=CODE, default="")
    result = models.CharField(max_length=20, default="")
    handled_by = models.CharField(max_length=CODE, default="")
    handled_at = models.DateTimeField(null=True)
    reviewed_by = models.CharField(max_length=CODE, default="")
    closed_at = models.DateTimeField(null=True)
    proposal = models.CharField(max_length=32, default="")  # what a revised alert proposes; "" = nothing
    last_fact = models.BigIntegerField()  # the cause of the next step
    exercise = models.BooleanField(default=False)
    secrecy = models.PositiveSmallIntegerField(default=int(Label.INTERNAL))  # core.labels.Label
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "t0"], name="incident_open"),
            models.Index(fields=["owner", "-t0"], name="incident_of_owner"),
            models.Index(fields=["-t0", "-number"], name="incident_newest"),
        ]


class IncidentClock(models.Model):
    """One of the clocks of one incident: its limit as in force at T0, its first instant and where that came
    from.
    """

    id = models.UUIDField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="clocks")
    clock = models.CharField(max_length=16)
    limit_s = models.FloatField()
    amber_share = models.FloatField()
    due_at = models.DateTimeField()
    at = models.DateTimeField(null=True)  # the instant claimed, within bounds
    heard_at = models.DateTimeField(null=True)  # when we were told
    source = models.CharField(max_length=16, default="")
    by = models.CharField(max_length=CODE, default="")
    breach_fact = models.BigIntegerField(null=True)
    breached_at = models.DateTimeField(null=True)
    reason_s = models.FloatField()
    reason_due_at = models.DateTimeField(null=True)
    reason_note = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "clock"], name="one_clock_of_a_kind")
        ]


class Assignment(models.Model):
    """派遣: one unit asked or ordered to one incident, with every instant and where it came from."""

    id = models.UUIDField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assignments")
    unit_id = models.UUIDField()  # picture.Unit
    call_sign = models.CharField(max_length=60)
    agency = models.CharField(max_length=CODE)
    state = models.CharField(max_length=16)  # states.Duty
    legal_basis = models.CharField(max_length=200, default="")  # of a request to another agency
    assigned_by = models.CharField(max_length=CODE)
    assigned_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_source = models.CharField(max_length=16, default="")
    departed_at = models.DateTimeField(null=True)
    departed_source = models.CharField(max_length=16, default="")
    arrived_at = models.DateTimeField(null=True)
    arrived_source = models.CharField(max_length=16, default="")
    ended_at = models.DateTimeField(null=True)
    order_fact = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unit_id"],
                condition=Q(state__in=sorted(ACTIVE)),
                name="one_incident_at_a_time",
                violation_error_code="unit_busy",
            )
        ]


class Note(models.Model):
    """Words of a person on an incident. Never changed; its fact holds a digest, the words stay here."""

    id = models.UUIDField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=16)  # note, handled, no_evidence, returned, declined, late
    text = models.TextField()
    person = models.CharField(max_length=CODE, default="")
    agency = models.CharField(max_length=CODE, default="")
    at = models.DateTimeField()


class Evidence(models.Model):
    """A reference to what proves something: a file in the vault by its hash, an alert, a record elsewhere."""

    id = models.UUIDField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=16)
    ref = models.CharField(max_length=200)
    title = models.CharField(max_length=200, default="")
    person = models.CharField(max_length=CODE, default="")
    agency = models.CharField(max_length=CODE, default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "ref"], name="one_reference_once")
        ]


class NumberSeries(models.Model):
    """The last number drawn of a day in an area."""

    day = models.DateField()  # Asia/Shanghai
    area6 = models.CharField(max_length=6)
    last = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "area6"], name="one_series_a_day_and_area")
        ]


class LimitRow(models.Model):
    """A changed limit: see `limits.DEFAULTS` for the keys. Rows are added, never changed."""

    key = models.CharField(max_length=CODE)
    agency = models.CharField(max_length=CODE, default="")
    value = models.FloatField()
    basis_zh = models.CharField(max_length=300)
    basis_en = models.CharField(max_length=300)
    mark = models.CharField(max_length=1)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    version = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "agency", "version"], name="one_version_of_a_limit")
        ]
