"""The second factor: one-time codes (TOTP, RFC 6238), and recovery codes for the day they are lost.

The secret lies sealed (`secrets`), no code is taken twice, a recovery code is kept as its digest and good once.
Keys (WebAuthn) are in `passkeys`.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
from django.db import transaction

from jiangdun.core import clock, facts, ids, journal, secrets
from jiangdun.core.journal import By
from jiangdun.core.models import Account, PassKey, RecoveryCode, Totp
from jiangdun.core.trouble import NotFound, WrongState

ISSUER: Final = "Jiangdun"
SECRET_BYTES: Final = 20
"""RFC 4226 section 4 recommends 160 bits."""
STEP_S: Final = 30
DRIFT_STEPS: Final = 1
"""A code of the step before or after counts too (RFC 6238 section 5.2): clocks of telephones differ."""
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
WAYS: Final = ("totp", "key", "recovery")


@dataclass(frozen=True)
class Factors:
    """What an account can show besides its password."""

    totp: bool
    keys: int
    recovery: int

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways open at sign-in; none where there is no second factor."""
        if not (self.totp or self.keys):
            return ()
        return tuple(w for w, there in zip(WAYS, (self.totp, self.keys, self.recovery), strict=True) if there)


@dataclass(frozen=True)
class Begun:
    """A secret just drawn, shown this once: in base 32, and as the address a telephone reads."""

    secret: str
    uri: str


def factors(account_id: UUID) -> Factors:
    """What this account has."""
    return Factors(
        Totp.objects.filter(account_id=account_id).exclude(confirmed_at=None).exists(),
        PassKey.objects.filter(account_id=account_id).count(),
        RecoveryCode.objects.filter(account_id=account_id).count(),
    )


@transaction.atomic
def begin_totp(account_id: UUID, now: datetime) -> Begun:
    """Draw a secret; it counts after `confirm_totp`. Raises WrongState where one counts already, NotFound."""
    row = Account.objects.filter(id=account_id).first()
    if row is None:
        raise NotFound(what="account")
    if Totp.objects.filter(account_id=account_id).exclude(confirmed_at=None).exists():
        raise WrongState("totp_there")
    raw = ids.new_bytes(SECRET_BYTES)
    sealed = secrets.seal(raw, about=_about(account_id))
    Totp.objects.update_or_create(
        account_id=account_id,
        defaults={"sealed": sealed, "begun_at": now, "confirmed_at": None, "last_step": 0},
    )
    secret = b32encode(raw).decode()
    return Begun(secret, pyotp.TOTP(secret).provisioning_uri(name=row.username, issuer_name=ISSUER))


@transaction.atomic
def confirm_totp(account_id: UUID, code: str, *, by: By, now: datetime) -> tuple[str, ...]:
    """The first code shows that the telephone has the secret; returns new recovery codes.

    Raises WrongState where nothing was begun or it counts already, or for a wrong code.
    """
    row = Totp.objects.filter(account_id=account_id).first()
    if row is None or row.confirmed_at is not None:
        raise WrongState("totp_not_begun")
    step = _step_of(row, code, now)
    if step is None:
        raise WrongState("code_wrong")
    Totp.objects.filter(pk=row.pk).update(confirmed_at=now, last_step=step)
    _added(account_id, "totp", by, now)
    return draw_recovery(account_id, by=by, now=now)


@transaction.atomic
def remove_totp(account_id: UUID, *, by: By, now: datetime) -> None:
    """The secret is forgotten. Raises NotFound."""
    if not Totp.objects.filter(account_id=account_id).delete()[0]:
        raise NotFound(what="second_factor")
    _removed(account_id, "totp", by, now)


@transaction.atomic
def draw_recovery(account_id: UUID, *, by: By, now: datetime) -> tuple[str, ...]:
    """New recovery codes, shown this once; the ones before are void."""
    codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
    RecoveryCode.objects.filter(account_id=account_id).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(account_id=account_id, digest=_digest(account_id, code)) for code in codes]
    )
    drawn = facts.RecoveryCodesDrawn(account_id, len(codes))
    journal.record(drawn, by=by, at=now, subject=f"account:{account_id}")
    return codes


def use_code(account_id: UUID, code: str, now: datetime) -> bool:
    """Whether this one-time code is right and was not used before; it is used now."""
    row = Totp.objects.filter(account_id=account_id).exclude(confirmed_at=None).first()
    step = _step_of(row, code, now) if row else None
    if row is None or step is None:
        return False
    # A condition, not a lock: of two tries with one code at one time only one changes the row.
    return Totp.objects.filter(pk=row.pk, last_step__lt=step).update(last_step=step) > 0


@transaction.atomic
def use_recovery(account_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is one of the account's recovery codes; it is void from now on."""
    held = RecoveryCode.objects.filter(account_id=account_id, digest=_digest(account_id, code))
    if not held.delete()[0]:
        return False
    left = RecoveryCode.objects.filter(account_id=account_id).count()
    used = facts.RecoveryCodeUsed(account_id, left)
    journal.record(used, by=By(person=str(account_id)), at=now, subject=f"account:{account_id}")
    return True


@transaction.atomic
def note_step(account_id: UUID, way: str, now: datetime) -> None:
    """Write down that a second factor held."""
    taken = facts.SecondStepTaken(account_id, way)
    journal.record(taken, by=By(person=str(account_id)), at=now, subject=f"account:{account_id}")


@transaction.atomic
def forget_all(account_id: UUID, *, by: By, now: datetime) -> None:
    """Everything beside the password is void: the telephone is lost, and the recovery codes with it."""
    had = factors(account_id)
    Totp.objects.filter(account_id=account_id).delete()
    PassKey.objects.filter(account_id=account_id).delete()
    RecoveryCode.objects.filter(account_id=account_id).delete()
    for way in had.ways:
        _removed(account_id, way, by, now)


@secrets.holder("totp")
def _again(again: secrets.Again) -> int:
    count = 0
    for row in Totp.objects.all():
        Totp.objects.filter(pk=row.pk).update(sealed=again(row.sealed, _about(row.account_id)))
        count += 1
    return count


def _step_of(row: Totp, code: str, now: datetime) -> int | None:
    """The step whose code this is, None for none that may still be used.

    By the real clock: a demo's face is set elsewhere, and a telephone does not know.
    """
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return None
    raw = secrets.unseal(row.sealed, about=_about(row.account_id))
    totp = pyotp.TOTP(b32encode(raw).decode(), interval=STEP_S)
    present = int((now - clock.offset()).timestamp()) // STEP_S
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if step > row.last_step and hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def _recovery_code() -> str:
    """Sixteen letters and digits in fours: 80 bits."""
    text = b32encode(ids.new_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def _digest(account_id: UUID, code: str) -> str:
    plain = "".join(c for c in code.lower() if c.isalnum())[:64]
    return secrets.digest("recovery", f"{account_id} {plain}")


def _about(account_id: UUID) -> str:
    return f"totp:{account_id}"


def _added(account_id: UUID, way: str, by: By, now: datetime) -> None:
    fact = facts.SecondFactorAdded(account_id, way)
    journal.record(fact, by=by, at=now, subject=f"account:{account_id}")


def _removed(account_id: UUID, way: str, by: By, now: datetime) -> None:
    fact = facts.SecondFactorRemoved(account_id, way)
    journal.record(fact, by=by, at=now, subject=f"account:{account_id}")
