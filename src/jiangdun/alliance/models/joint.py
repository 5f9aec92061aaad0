"""Joint work: activities and proposals."""

from __future__ import annotations

from django.db import models

from jiangdun.alliance.models.register import Agency, Alliance
from jiangdun.core import ids


class Activity(models.Model):
    """Something members do together: planned, held, its minutes, its outcome."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    theme = models.CharField(max_length=16)
    line = models.CharField(max_length=16)
    category = models.CharField(max_length=16)
    module = models.CharField(max_length=16, default="")
    host = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    members = models.JSONField(default=list)  # codes of those that take part beside the host
    planned_on = models.DateField()
    held_on = models.DateField(null=True)
    state = models.CharField(max_length=16, default="planned")
    minutes = models.CharField(max_length=4000, default="")
    outcome = models.CharField(max_length=2000, default="")
    version = models.PositiveIntegerField(default=1)


class Proposal(models.Model):
    """Raised, consulted, decided, done, reviewed; `moves` is who brought it how far, when, in which words."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    category = models.CharField(max_length=16)
    stage = models.CharField(max_length=16, default="raised")
    owner = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    moves = models.JSONField(default=list)  # [{stage, agency, on, words}]
    version = models.PositiveIntegerField(default=1)
