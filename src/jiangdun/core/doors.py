"""The door Django's sessions come through: how a session's account id becomes the account, in the floor's
own frame.

Settings name it: AUTHENTICATION_BACKENDS = ["jiangdun.core.doors.SessionDoor"].
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from jiangdun.core.models import Account


class SessionDoor(BaseBackend):
    """Finds the account of a session. Signing in is `accounts.sign_in`; this door checks no password."""

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> None:
        """Never lets anyone in by itself."""

    def get_user(self, user_id: UUID | str) -> Account | None:
        """The account of a session while it is switched on."""
        return Account.objects.filter(pk=user_id, is_active=True).first()
