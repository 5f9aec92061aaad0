"""The table of the access ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Access(models.Model):
    """One look at something. Append-only: triggers refuse UPDATE and DELETE."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    person = models.CharField(max_length=64)
    agency = models.CharField(max_length=64)
    roles = models.CharField(max_length=200)
    verb = models.CharField(max_length=64)
    subject = models.CharField(max_length=160)
    owner = models.CharField(max_length=64)
    annexes = models.TextField()
    purpose = models.CharField(max_length=80)
    fields = models.TextField()
    count = models.PositiveIntegerField()
    allowed = models.BooleanField()
    reason = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    algorithms = models.CharField(max_length=32)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["person", "number"], name="core_access_person"),
            models.Index(fields=["subject", "number"], name="core_access_subject"),
            models.Index(fields=["owner", "number"], name="core_access_owner"),
            models.Index(fields=["agency", "number"], name="core_access_agency"),
            models.Index(fields=["at"], name="core_access_at"),
        ]
