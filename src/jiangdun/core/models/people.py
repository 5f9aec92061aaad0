"""The tables about how people show who they are."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from jiangdun.core import ids


class Totp(models.Model):
    """The secret of an account's one-time codes, sealed; it counts once `confirmed_at` is set."""

    account = models.OneToOneField(
        "core.Account", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    sealed = models.TextField()
    begun_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)  # no code of this step of 30 s, or an earlier one, is taken


class RecoveryCode(models.Model):
    """A code for the day the other factor is lost, as its digest; good for one sign-in."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "digest"], name="core_recoverycode_once")
        ]


class PassKey(models.Model):
    """A key (WebAuthn credential) of an account: its public half, and how often it has signed."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="+")
    credential = models.CharField(max_length=512, unique=True)  # the id the key has for itself, base64url
    public_key = models.TextField()
    sign_count = models.BigIntegerField()
    rp_id = models.CharField(max_length=253)
    name = models.CharField(max_length=40)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ProgramKey(models.Model):
    """The key of a program of another system, as its digest; the secret it signs with lies sealed."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=32)
    agency = models.CharField(max_length=32)
    verbs = models.JSONField()
    networks = models.JSONField()
    rate_per_min = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, unique=True)
    sealed = models.TextField()
    made_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)  # opens nothing before
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)


class Nonce(models.Model):
    """What a program said once and may not say again, while the moment it names is near."""

    id = models.BigAutoField(primary_key=True)
    program = models.ForeignKey(ProgramKey, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "digest"], name="core_nonce_once")
        ]
        indexes: ClassVar = [models.Index(fields=["program", "at"], name="core_nonce_at")]


class Emergency(models.Model):
    """An account under seal, for the day nobody else can act; two persons open it, for a while."""

    account = models.OneToOneField(
        "core.Account", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_by = models.ForeignKey("core.Account", null=True, on_delete=models.PROTECT, related_name="+")
    asked_security = models.BooleanField(default=False)  # the first of the two is the security administrator
    asked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="")
    open_until = models.DateTimeField(null=True)


class EmergencyReason(models.Model):
    """Why somebody wanted a seal broken, in their words; the facts hold the digest."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    account = models.ForeignKey("core.Account", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    words = models.CharField(max_length=200)


class Wall(models.Model):
    """A screen that signs in by a key of its own, from its own network, and only shows."""

    account = models.OneToOneField(
        "core.Account", primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    networks = models.JSONField()
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class OutsideLink(models.Model):
    """Who somebody is at another identity provider: `subject` as a digest, for one issuer."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="core_outsidelink_once")
        ]
