"""The alliance's tables."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from jiangdun.core import ids


class Agency(models.Model):
    """A member of the alliance. `code` is its name in facts and in rules; `demo` marks the fictional."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    code = models.CharField(max_length=32, unique=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    domain = models.CharField(max_length=32)
    demo = models.BooleanField(default=False)
    founded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "agencies"


class Membership(models.Model):
    """A person serves in an agency with roles, from a moment on and perhaps until another."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    roles = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "agency"], name="alliance_membership_once")
        ]
