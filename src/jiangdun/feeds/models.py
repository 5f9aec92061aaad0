"""The table of the ears: devices somebody admitted or blocked. Only `feeds.actions` writes it.

Who merely asked is not here: the pending list lives in memory, bounded, beside the hub.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core.ids import new_id


class Device(models.Model):
    """A terminal that may speak, or may no longer. Its code is derived from `generation`, never stored."""

    id = models.UUIDField(primary_key=True, default=new_id)
    source = models.CharField(max_length=16)  # jt808, ...
    ident = models.CharField(max_length=40)  # phone without leading zeros, ...
    label = models.CharField(max_length=60)  # what people call it: call sign, plate
    kind = models.PositiveSmallIntegerField()  # feeds.columns.Kind
    agency = models.CharField(max_length=64, default="", blank=True)  # code of the owner
    unit_id = models.UUIDField(null=True, blank=True)  # picture's unit that carries it
    crs = models.CharField(max_length=8, default="wgs84")  # what it sends: wgs84, gcj02, bd09
    state = models.CharField(max_length=16)  # admitted, blocked
    reason = models.CharField(max_length=200, default="", blank=True)  # why it was blocked
    generation = models.PositiveIntegerField(default=1)  # of its code; a new one ends the old code
    admitted_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "ident"], name="one_device_of_an_ident")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "source"], name="devices_by_state")]
