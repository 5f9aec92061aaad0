"""Persons and what is known of them: every value sealed under a key of the person's own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core import ids


class Person(models.Model):
    """Somebody of whom an agency keeps values. `wrapped` is the person's key under the master key; "" = destroyed."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    agency = models.CharField(max_length=64)
    purpose = models.CharField(max_length=80)
    hidden_from = models.JSONField(
        default=list
    )  # agencies that see nothing: those a whistle-blower complained of
    wrapped = models.TextField()
    created_at = models.DateTimeField()
    keep_until = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["keep_until"], name="core_person_keep")]


class Unmasking(models.Model):
    """Somebody had values shown in full, and said why."""

    id = models.BigAutoField(primary_key=True)
    subject = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="unmaskings")
    person = models.CharField(max_length=64)
    agency = models.CharField(max_length=64)
    kinds = models.JSONField()
    purpose = models.CharField(max_length=80)
    reason = models.CharField(max_length=400)
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "person", "until"], name="core_unmasking_open")]


class PersonValue(models.Model):
    """One sealed value. `digest` finds it again by the exact value."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="values")
    kind = models.CharField(max_length=24)
    sealed = models.TextField()
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind"], name="core_personvalue_once")
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="core_personvalue_digest")]
