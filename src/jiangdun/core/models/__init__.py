"""The floor's tables. Nothing outside `jiangdun.core` touches them; the doors are `journal`, `timers`,
`accounts` …
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from jiangdun.core import ids
from jiangdun.core.models.disputes import Dispute as Dispute
from jiangdun.core.models.exports import Export as Export
from jiangdun.core.models.ledger import Access as Access
from jiangdun.core.models.persons import Person as Person
from jiangdun.core.models.persons import PersonValue as PersonValue
from jiangdun.core.models.persons import Unmasking as Unmasking
from jiangdun.core.models.retention import Hold as Hold
from jiangdun.core.models.retention import RetentionRun as RetentionRun

from .people import Emergency as Emergency
from .people import EmergencyReason as EmergencyReason
from .people import Nonce as Nonce
from .people import OutsideLink as OutsideLink
from .people import PassKey as PassKey
from .people import ProgramKey as ProgramKey
from .people import RecoveryCode as RecoveryCode
from .people import Totp as Totp
from .people import Wall as Wall


class Account(AbstractBaseUser):
    """Someone who can sign in. Personal data beyond a name to show lies elsewhere, encrypted."""

    last_login = None  # sign-ins are facts; Django would write this one behind our back

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    username = models.CharField(max_length=64, unique=True)
    name_zh = models.CharField(max_length=64)
    name_en = models.CharField(max_length=64)
    kind = models.CharField(max_length=9, default="person")  # person, wall, emergency
    pin = models.CharField(max_length=128, default="")  # its hash; good on walls only
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    password_at = models.DateTimeField(null=True)
    password_temporary = models.BooleanField(default=False)  # given by an administrator: to be changed
    used_at = models.DateTimeField(null=True)  # the last good sign-in, or the last switch-on
    version = models.PositiveIntegerField(default=1)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[BaseUserManager[Any]] = BaseUserManager()


class FactRow(models.Model):
    """One fact of the journal. Append-only: triggers refuse UPDATE and DELETE, and queue the row for the
    sealer.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    person = models.CharField(max_length=64)
    agency = models.CharField(max_length=64)
    rule = models.CharField(max_length=96)
    system = models.CharField(max_length=64)
    cause = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=160)
    exercise = models.BooleanField()
    body = models.TextField()

    class Meta:
        db_table = "core_fact"
        indexes: ClassVar = [models.Index(fields=["subject"], name="core_fact_subject")]


class Unsealed(models.Model):
    """Facts that await their number: a trigger puts each fact here, the sealer takes it out."""

    fact_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "core_unsealed"


class Seal(models.Model):
    """A fact's number and its link in the chain. Append-only."""

    number = models.BigIntegerField(primary_key=True)
    fact = models.OneToOneField(FactRow, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField()
    algorithms = models.CharField(max_length=32)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)

    class Meta:
        db_table = "core_seal"


class ReaderCursor(models.Model):
    """How far an inside reader has come."""

    name = models.CharField(max_length=80, primary_key=True)
    number = models.BigIntegerField(default=0)


class Timer(models.Model):
    """A stored moment at which something is due."""

    PENDING, FIRED, CANCELLED = "pending", "fired", "cancelled"

    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=160)
    due_at = models.DateTimeField()
    next_at = models.DateTimeField()
    payload = models.TextField()
    state = models.CharField(max_length=9, default=PENDING)
    attempts = models.PositiveIntegerField(default=0)
    fired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="core_timer_once")]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="core_timer_pending")
        ]


class OutboxRow(models.Model):
    """Something to be said to the outside world, at least once."""

    QUEUED, SENT, DEAD = "queued", "sent", "dead"

    id = models.BigAutoField(primary_key=True)
    channel = models.CharField(max_length=80)
    key = models.CharField(max_length=160)
    payload = models.TextField()
    state = models.CharField(max_length=6, default=QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=400, default="")

    class Meta:
        db_table = "core_outbox"
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "key"], name="core_outbox_once")]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="queued"), name="core_outbox_queued")
        ]


class PastPassword(models.Model):
    """A password an account had before, as its hash, so that it is not taken again."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    encoded = models.CharField(max_length=128)
    at = models.DateTimeField()


class KnownPlace(models.Model):
    """Where an account signed in well: a desk (digest of the token in its browser) or an address (digest)."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "scope", "digest"], name="core_knownplace_once")
        ]
        indexes: ClassVar = [models.Index(fields=["scope", "digest", "at"], name="core_knownplace_digest")]


class Knock(models.Model):
    """Bad tries to sign in under one mark (digests only: neither the name tried nor the address): the newest
    moments, in milliseconds, and until when the mark is locked.
    """

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    moments = models.JSONField(default=list)
    until = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    unsaid = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["scope", "digest"], name="core_knock_once")]
        indexes: ClassVar = [models.Index(fields=["at"], name="core_knock_at")]


class Parameter(models.Model):
    """A value that differs between agencies and seasons, with the moment from which it holds."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=80)
    value = models.TextField()
    valid_from = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "valid_from"], name="core_parameter_once")
        ]
