"""The tables of the picture: units and zones. Live tracks are never rows. Only `picture.actions` writes
these.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

CODE = 64


class Unit(models.Model):
    """One of our boats, cars, officers or drones; its terminal names the track it is heard under."""

    id = models.UUIDField(primary_key=True)
    agency = models.CharField(max_length=CODE)
    call_sign = models.CharField(max_length=60)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    crew = models.PositiveSmallIntegerField(default=0)
    capabilities = models.JSONField(default=list)
    source = models.CharField(max_length=16, default="")  # feed of its terminal: ais, jt808; "" = none
    ident = models.CharField(max_length=40, default="")
    track = models.BigIntegerField(null=True, unique=True)  # feeds.columns.track_id(source, ident)
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "call_sign"], name="one_call_sign_in_an_agency")
        ]


class Zone(models.Model):
    """One version of a zone. A new import adds a version and ends the one before: what was known then stays
    known.
    """

    zone_id = models.CharField(max_length=CODE)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=300)
    polygons = models.JSONField()  # coordinates of a GeoJSON MultiPolygon, WGS-84, snapped
    axis = models.JSONField(default=list)  # positions of a line the way traffic runs, [] = none
    valid_from = models.DateTimeField(null=True)  # by law
    valid_to = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()  # by us
    superseded_at = models.DateTimeField(null=True)
    legal_basis = models.CharField(max_length=300, default="")
    agency = models.CharField(max_length=CODE, default="")
    area6 = models.CharField(max_length=6, default="")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["zone_id", "version"], name="one_version_of_a_zone")
        ]
        indexes: ClassVar = [models.Index(fields=["superseded_at", "zone_id"], name="zone_current")]
