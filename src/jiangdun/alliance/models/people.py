"""Who serves where."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from jiangdun.alliance.models.register import Agency
from jiangdun.core import ids


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
