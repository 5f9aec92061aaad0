"""The register: agencies, where they are competent, what they may do, and the alliances they form."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from jiangdun.core import ids


class Agency(models.Model):
    """A member of the alliance. `code` is its name in facts and in rules; `demo` marks the fictional.

    The contact is that of the office, never of a person.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    code = models.CharField(max_length=32, unique=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    domain = models.CharField(max_length=32)
    demo = models.BooleanField(default=False)
    founded_at = models.DateTimeField()
    duty_phone = models.CharField(max_length=32, default="")
    office_phone = models.CharField(max_length=32, default="")
    radio = models.CharField(max_length=32, default="")  # VHF channel kept
    address = models.CharField(max_length=200, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "agencies"


class Area(models.Model):
    """Where an agency is competent, and since when. An area is never redrawn: it ends, and another begins."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    domain = models.CharField(max_length=32, default="")  # "": for every field of work
    polygons = models.JSONField()  # coordinates of a GeoJSON MultiPolygon, WGS-84, snapped
    legal_basis = models.CharField(max_length=300, default="")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)


class Power(models.Model):
    """What an agency may do, by which law, where and since when. It ends; it is never rewritten."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=32)
    cause_zh = models.CharField(max_length=120, default="")  # 案由; "": any
    cause_en = models.CharField(max_length=120, default="")
    domain = models.CharField(max_length=32, default="")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    legal_basis = models.CharField(max_length=300)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)


class Alliance(models.Model):
    """A ring, a belt or a regional sub-alliance. No region and no fields mean: all of what stands above it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    code = models.CharField(max_length=32, unique=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)
    polygons = models.JSONField(null=True)
    domains = models.JSONField(default=list)
    founded_on = models.DateField()
    ended_on = models.DateField(null=True)
    demo = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)


class AllianceLink(models.Model):
    """An alliance stands under another for the days [from_on, to_on)."""

    child = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["child", "parent"], condition=Q(to_on=None), name="alliance_under_once"
            )
        ]


class Seat(models.Model):
    """An agency in an alliance with one role, for the days [from_on, to_on). Coming back is a new seat."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    left_why = models.CharField(max_length=300, default="")  # in words; the fact holds the digest
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alliance", "agency"], condition=Q(to_on=None), name="alliance_seat_once"
            ),
            models.UniqueConstraint(
                fields=["alliance"], condition=Q(to_on=None, role="lead"), name="alliance_one_lead"
            ),
        ]


class Mark(models.Model):
    """Which state of a part of the register this is: drawn anew by every change, so that a copy in memory knows
    whether it is still good. A change that is rolled back leaves a mark nobody will ever see again."""

    part = models.CharField(primary_key=True, max_length=16)  # powers, structure, chiefs
    stamp = models.UUIDField()
