"""The tables of this room: who is signed in, and who is half-way."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Session(models.Model):
    """A sign-in that has not ended; its row goes with it. The token itself is only in the browser:
    `id` is its SHA-256, in hex.
    """

    id = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    account_version = models.PositiveIntegerField()  # a new password or a switch ends the session
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)  # when its owner last showed who they are
    until = models.DateTimeField(null=True)  # ends then, however busy
    lasting = models.BooleanField(default=False)  # of a wall: no time ends it
    challenge = models.CharField(max_length=64, default="")  # what a key is asked to sign, good once
    challenge_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "opened_at"], name="web_session_account"),
            models.Index(fields=["opened_at"], name="web_session_opened"),
        ]


class Step(models.Model):
    """A sign-in whose password was right and whose second factor is awaited. `id` is the SHA-256 of its token."""

    id = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    account_version = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    challenge = models.CharField(max_length=64, default="")
    address = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["opened_at"], name="web_step_opened")]


class Pass(models.Model):
    """Somebody showed who they are at a screen, for one act. `id` is the SHA-256 of its token."""

    id = models.CharField(primary_key=True, max_length=64)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField()
