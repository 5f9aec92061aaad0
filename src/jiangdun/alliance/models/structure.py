"""The joint house: offices, desks, who sits there, and the routes of work."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from jiangdun.alliance.models.register import Agency, Alliance
from jiangdun.core import ids


class Office(models.Model):
    """A committee, group, centre, section or station of an alliance, for a time."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveIntegerField(default=0)
    polygons = models.JSONField(null=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alliance", "code"], condition=Q(valid_to=None), name="alliance_office_once"
            )
        ]


class Desk(models.Model):
    """A desk in an office. `unattended_since` is set while nobody sits at a desk that must be staffed."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    rank = models.PositiveIntegerField(default=0)
    staffed = models.BooleanField(default=False)
    fallback = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    unattended_since = models.DateTimeField(null=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alliance", "code"], condition=Q(valid_to=None), name="alliance_desk_once"
            )
        ]


class Sitting(models.Model):
    """Somebody of an agency sat at a desk, from a moment on and perhaps until another."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    sat_at = models.DateTimeField()
    stood_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=1000, default="")  # what whoever comes next must know
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(stood_at=None), name="alliance_sits_at_one_desk"
            )
        ]


class Route(models.Model):
    """Work of a kind goes to a desk, or (no desk) to the station in whose area it lies; for a time."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveIntegerField(default=100)
    domain = models.CharField(max_length=32, default="")
    kind = models.CharField(max_length=32, default="")
    severity_from = models.PositiveSmallIntegerField(default=1)
    severity_to = models.PositiveSmallIntegerField(default=4)
    river = models.CharField(max_length=32, default="")
    km_from = models.FloatField(null=True)
    km_to = models.FloatField(null=True)
    desk = models.ForeignKey(Desk, null=True, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
