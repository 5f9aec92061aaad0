"""The register: who is a member."""

from __future__ import annotations

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
