"""River chiefs: rivers, reaches, terms, and the gaps between them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from jiangdun.core import ids


class River(models.Model):
    """A river by its code; the centreline, where it is known, is [[lon, lat, km], …]."""

    code = models.CharField(max_length=32, primary_key=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    centreline = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=1)


class Reach(models.Model):
    """A piece of a river by marks or by an area, for a street unit of a district."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    river = models.ForeignKey(River, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    km_from = models.FloatField(null=True)
    km_to = models.FloatField(null=True)
    bank = models.CharField(max_length=8, default="both")
    district = models.CharField(max_length=80)
    street = models.CharField(max_length=80)
    polygons = models.JSONField(null=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], condition=Q(valid_to=None), name="alliance_reach_once")
        ]


class Chief(models.Model):
    """Who answers for a reach on the days [term_from, term_to). The name is an office holder's and is shown; the
    telephone number lies sealed under `person`."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    reach = models.ForeignKey(Reach, on_delete=models.PROTECT, related_name="+")
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, default="")
    title = models.CharField(max_length=80, default="")
    person = models.UUIDField(null=True)
    term_from = models.DateField()
    term_to = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)


class Gap(models.Model):
    """A reach without a chief, from a moment on and perhaps until another; one at a time for a reach."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    reach = models.ForeignKey(Reach, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reach"], condition=Q(closed_at=None), name="alliance_gap_once")
        ]
