"""Disputes: somebody says that shared data is wrong, and its owner answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core import ids


class Dispute(models.Model):
    """One "this is wrong", from being raised to its answer."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    subject = models.CharField(max_length=160)
    field = models.CharField(max_length=64)
    owner = models.CharField(max_length=64)
    claim = models.CharField(max_length=1_000)
    raised_by = models.CharField(max_length=64)
    raised_agency = models.CharField(max_length=64)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9)
    answer = models.CharField(max_length=1_000, default="")
    answered_by = models.CharField(max_length=64, default="")
    answered_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "state"], name="core_dispute_owner"),
            models.Index(fields=["raised_agency", "state"], name="core_dispute_raised"),
            models.Index(fields=["subject"], name="core_dispute_subject"),
        ]
