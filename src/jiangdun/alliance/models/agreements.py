"""Agreements, their editions and annexes, and what was done about them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core import ids

CODE = 32
PERSON = 64
REASON = 500


class Agreement(models.Model):
    """An agreement between agencies. Every change of anything about it moves `version` on."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    template = models.CharField(max_length=CODE)
    alliance = models.CharField(
        max_length=CODE, default=""
    )  # among whose members it is; "" is none in particular
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=CODE, default="")
    version = models.PositiveIntegerField(default=1)


class AgreementEdition(models.Model):
    """One wording. It changes only while nobody has signed it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField()
    title_zh = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120)
    scope = models.CharField(max_length=1_000)
    text_sha256 = models.CharField(max_length=64)
    parties = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    digest = models.CharField(max_length=64)
    drafted_by = models.CharField(max_length=PERSON)
    drafted_agency = models.CharField(max_length=CODE)
    drafted_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    void_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agreement", "number"], name="alliance_edition_once")
        ]


class Annex(models.Model):
    """What one agency shows another. `number` stays with it through the editions of its agreement."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    edition = models.ForeignKey(AgreementEdition, on_delete=models.CASCADE, related_name="annexes")
    number = models.PositiveIntegerField()
    provider = models.CharField(max_length=CODE)
    consumer = models.CharField(max_length=CODE)
    data = models.CharField(max_length=64)
    fields = models.JSONField()
    purposes = models.JSONField()
    basis = models.CharField(max_length=300)
    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)
    area = models.JSONField(null=True)  # GeoJSON Polygon or MultiPolygon, WGS-84
    delay_s = models.PositiveIntegerField()
    precision_m = models.PositiveIntegerField()
    masks = models.JSONField()
    label = models.PositiveSmallIntegerField()
    frequency = models.CharField(max_length=16)
    dormant = models.BooleanField()
    awakened_by = models.CharField(max_length=16)
    acts = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "number"], name="alliance_annex_once")
        ]


class AgreementSignature(models.Model):
    """A party signed an edition; a person signs an edition once."""

    edition = models.ForeignKey(AgreementEdition, on_delete=models.PROTECT, related_name="signatures")
    agency = models.CharField(max_length=CODE)
    person = models.CharField(max_length=PERSON)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "agency"], name="alliance_signature_of_an_agency"),
            models.UniqueConstraint(fields=["edition", "person"], name="alliance_signature_of_a_person"),
        ]


class Suspension(models.Model):
    """A party stopped an agreement, or one annex of it."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="suspensions")
    annex = models.PositiveIntegerField(null=True)  # its number; null is the whole agreement
    agency = models.CharField(max_length=CODE)
    person = models.CharField(max_length=PERSON)
    reason = models.CharField(max_length=REASON)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=PERSON, default="")


class Activation(models.Model):
    """A dormant annex was woken for a time."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="activations")
    annex = models.PositiveIntegerField()
    agency = models.CharField(max_length=CODE)
    person = models.CharField(max_length=PERSON)
    reason = models.CharField(max_length=REASON)
    at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=CODE, default="")


class Departure(models.Model):
    """A party left an agreement: what editions up to `edition` gave it or took from it has ended."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="departures")
    agency = models.CharField(max_length=CODE)
    edition = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    person = models.CharField(max_length=PERSON)
    reason = models.CharField(max_length=REASON)


class ForwardingConsent(models.Model):
    """The provider of an annex lets its consumer pass the data on to another agency."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="consents")
    annex = models.PositiveIntegerField()
    to = models.CharField(max_length=CODE)
    person = models.CharField(max_length=PERSON)
    reason = models.CharField(max_length=REASON)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)


class CopyOut(models.Model):
    """An export that left under an annex."""

    annex = models.ForeignKey(Annex, on_delete=models.PROTECT, related_name="copies")
    export = models.CharField(max_length=64)
    consumer = models.CharField(max_length=CODE)
    person = models.CharField(max_length=PERSON)
    rows = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["annex", "export"], name="alliance_copy_once")
        ]
