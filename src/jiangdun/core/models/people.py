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
