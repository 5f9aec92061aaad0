"""The tables of the watch. Only `watch.actions` writes them; zones, incidents and people are plain ids."""

from __future__ import annotations

from django.db import models

CODE = 64
"""Longest name of a rule, code of an agency, id of a zone or person."""


class Rule(models.Model):
    """One version of one rule: proposed by one person, in force once another has released it."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=CODE)
    version = models.PositiveIntegerField()
    yaml = models.TextField()
    state = models.CharField(max_length=16, default="proposed")
    proposed_by = models.CharField(max_length=CODE)
    proposed_at = models.DateTimeField()
    released_by = models.CharField(max_length=CODE, default="")
    released_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=CODE, default="")
    retired_at = models.DateTimeField(null=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)  # null: for ever
    proposed_fact = models.BigIntegerField()  # the cause of its release
    released_fact = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["name", "version"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(state="released"), name="rule_released_once"
            ),
        )


class Alert(models.Model):
    """One episode in its newest revision. Rows are never deleted: a withdrawn alert says that it is."""

    episode = models.CharField(max_length=CODE, primary_key=True)
    rule = models.CharField(max_length=CODE)
    rule_version = models.PositiveIntegerField()
    title_zh = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    owner = models.CharField(max_length=CODE)  # agency code
    domain = models.CharField(max_length=16)
    severity = models.PositiveSmallIntegerField()  # 1..4, 1 is the gravest
    incident = models.CharField(max_length=8)  # auto, triage
    track = models.BigIntegerField()
    label = models.CharField(max_length=80)
    zone_id = models.CharField(max_length=CODE, default="")
    zone_name_zh = models.CharField(max_length=200, default="")
    zone_name_en = models.CharField(max_length=200, default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    started_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    raised_at = models.DateTimeField()  # when it came to the desk
    state = models.CharField(max_length=16, default="open")
    settled = models.BooleanField()
    verdict = models.CharField(max_length=16)
    revision = models.PositiveIntegerField(default=1)
    why_zh = models.TextField()
    why_en = models.TextField()
    values = models.JSONField()
    fixes = models.JSONField()  # at most spool.MAX_FIXES rows
    digest = models.CharField(max_length=64)  # of what the engine said last
    replaces = models.CharField(max_length=CODE, default="")
    replaced_by = models.CharField(max_length=CODE, default="")
    acknowledged_by = models.CharField(max_length=CODE, default="")
    acknowledged_at = models.DateTimeField(null=True)
    dismissed_by = models.CharField(max_length=CODE, default="")
    dismissed_at = models.DateTimeField(null=True)
    dismissed_reason = models.CharField(max_length=500, default="")
    dismissal_id = models.UUIDField(null=True)  # salt of the digest in the fact
    incident_id = models.UUIDField(null=True)  # response.Incident
    last_fact = models.BigIntegerField()  # the cause of the next
    exercise = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = (
            models.Index(fields=["state", "-raised_at"], name="alert_waiting"),
            models.Index(fields=["track", "-fired_at"], name="alert_of_track"),
        )


class SpoolCursor(models.Model):
    """How far the desk has read a spool: moved in the transaction of what was read."""

    name = models.CharField(max_length=CODE, primary_key=True)
    position = models.BigIntegerField(default=0)
