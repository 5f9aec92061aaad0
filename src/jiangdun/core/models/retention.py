"""What stops deletion, and each run of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core import ids


class Hold(models.Model):
    """A legal hold: from the moment it is asked for nothing of its target is deleted; two persons end it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    target = models.CharField(max_length=160)  # a class, an item such as person:<id>, or *
    reason = models.CharField(max_length=400)
    held_by = models.CharField(max_length=64)
    held_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=64, default="")
    confirmed_at = models.DateTimeField(null=True)
    release_reason = models.CharField(max_length=400, default="")
    release_by = models.CharField(max_length=64, default="")
    release_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=64, default="")
    released_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["released_at", "target"], name="core_hold_target")]


class RetentionRun(models.Model):
    """One night's deletion: due, then done, with what went by class."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    found = models.JSONField(default=list)
