"""Exports: who asked for which rows, who let them go, and the file in the vault."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core import ids


class Export(models.Model):
    """One export, from being asked for to its file's end."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    mark = models.BigIntegerField(unique=True)  # hidden in every row
    what = models.CharField(max_length=32)
    filters = models.JSONField(default=dict)
    account_id = models.UUIDField()
    person = models.CharField(max_length=64)
    agency = models.CharField(max_length=64)
    purpose = models.CharField(max_length=80)
    reason = models.CharField(max_length=400)
    state = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    expected = models.PositiveIntegerField()  # rows; one above the limit stands for "more than it"
    decided_by = models.CharField(max_length=64, default="")
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=400, default="")
    done = models.PositiveIntegerField(default=0)  # rows written so far
    rows = models.PositiveIntegerField(null=True)
    left_out = models.PositiveIntegerField(default=0)  # rows shown by annexes that are not for its purpose
    owners = models.JSONField(default=dict)  # agency → rows of it
    annexes = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64, default="")
    size = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    downloads = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=64, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person", "asked_at"], name="core_export_person"),
            models.Index(fields=["state", "asked_at"], name="core_export_state"),
            models.Index(fields=["asked_at"], name="core_export_asked"),
        ]
