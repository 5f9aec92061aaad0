"""What the floor announces. No personal value stands here: ids, codes, and salted digests of addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiangdun.core.facts.disputes import DisputeAnswered as DisputeAnswered
from jiangdun.core.facts.disputes import DisputeOverdue as DisputeOverdue
from jiangdun.core.facts.disputes import DisputeRaised as DisputeRaised
from jiangdun.core.facts.disputes import DisputeReminded as DisputeReminded
from jiangdun.core.facts.disputes import DisputeWithdrawn as DisputeWithdrawn
from jiangdun.core.facts.exports import ExportAsked as ExportAsked
from jiangdun.core.facts.exports import ExportDecided as ExportDecided
from jiangdun.core.facts.exports import ExportEnded as ExportEnded
from jiangdun.core.facts.exports import ExportReady as ExportReady
from jiangdun.core.facts.exports import ExportTaken as ExportTaken
from jiangdun.core.facts.exports import OddExports as OddExports
from jiangdun.core.facts.people import AccountUnused as AccountUnused
from jiangdun.core.facts.people import ActedOnWall as ActedOnWall
from jiangdun.core.facts.people import EmergencyAsked as EmergencyAsked
from jiangdun.core.facts.people import EmergencyClosed as EmergencyClosed
from jiangdun.core.facts.people import EmergencyOpened as EmergencyOpened
from jiangdun.core.facts.people import EmergencySealed as EmergencySealed
from jiangdun.core.facts.people import OutsideLinked as OutsideLinked
from jiangdun.core.facts.people import OutsideRefused as OutsideRefused
from jiangdun.core.facts.people import OutsideUnlinked as OutsideUnlinked
from jiangdun.core.facts.people import PinSet as PinSet
from jiangdun.core.facts.people import ProgramKeyMade as ProgramKeyMade
from jiangdun.core.facts.people import ProgramKeyReleased as ProgramKeyReleased
from jiangdun.core.facts.people import ProgramKeyRevoked as ProgramKeyRevoked
from jiangdun.core.facts.people import ProgramRefused as ProgramRefused
from jiangdun.core.facts.people import WallMade as WallMade
from jiangdun.core.facts.people import WallRevoked as WallRevoked
from jiangdun.core.facts.persons import PersonChanged as PersonChanged
from jiangdun.core.facts.persons import PersonErased as PersonErased
from jiangdun.core.facts.persons import PersonKept as PersonKept
from jiangdun.core.facts.persons import PersonUnmasked as PersonUnmasked
from jiangdun.core.facts.retention import DeletionBegun as DeletionBegun
from jiangdun.core.facts.retention import DeletionDone as DeletionDone
from jiangdun.core.facts.retention import HoldConfirmed as HoldConfirmed
from jiangdun.core.facts.retention import HoldReleaseAsked as HoldReleaseAsked
from jiangdun.core.facts.retention import HoldReleased as HoldReleased
from jiangdun.core.facts.retention import HoldSet as HoldSet
from jiangdun.core.kinds import fact


@fact("core.AccountCreated")
@dataclass(frozen=True)
class AccountCreated:
    """An account came to be."""

    account: UUID


@fact("core.AccountSwitched")
@dataclass(frozen=True)
class AccountSwitched:
    """An account was switched on or off."""

    account: UUID
    active: bool


@fact("core.PasswordChanged")
@dataclass(frozen=True)
class PasswordChanged:
    """A password was set anew."""

    account: UUID


@fact("core.SignedIn")
@dataclass(frozen=True)
class SignedIn:
    """Someone signed in from an address of this digest."""

    account: UUID
    address: str


@fact("core.SignedOut")
@dataclass(frozen=True)
class SignedOut:
    """Someone signed out: by hand (asked), idle, too_many sessions, or ended from elsewhere or by another."""

    account: UUID
    reason: str


@fact("core.SignInRefused")
@dataclass(frozen=True)
class SignInRefused:
    """A try to sign in failed. `account` is None when no such name is known; `reason` is a code."""

    account: UUID | None
    address: str
    reason: str


@fact("core.SignInsRefused")
@dataclass(frozen=True)
class SignInsRefused:
    """So many more tries of strangers failed since the last line about them; each alone is not told."""

    count: int


@fact("core.AccountLocked")
@dataclass(frozen=True)
class AccountLocked:
    """Too many bad tries: no sign-in before `until` for tries of this `scope`: the account at this desk
    (`desk`), the account at this address (`pair`), and for strangers the account (`account`) or the address
    (`address`).
    """

    account: UUID | None
    address: str
    scope: str
    until: datetime


@fact("core.SignedInFromNewPlace")
@dataclass(frozen=True)
class SignedInFromNewPlace:
    """An account signed in at a desk and an address where it never was before."""

    account: UUID
    address: str


@fact("core.SecondFactorAdded")
@dataclass(frozen=True)
class SecondFactorAdded:
    """An account can show more than its password: `way` is totp or key."""

    account: UUID
    way: str


@fact("core.SecondFactorRemoved")
@dataclass(frozen=True)
class SecondFactorRemoved:
    """A second factor (totp, key, recovery) of an account counts no more."""

    account: UUID
    way: str


@fact("core.SecondStepTaken")
@dataclass(frozen=True)
class SecondStepTaken:
    """The second step of a sign-in, or of a proof, went well by totp, key or recovery."""

    account: UUID
    way: str


@fact("core.RecoveryCodesDrawn")
@dataclass(frozen=True)
class RecoveryCodesDrawn:
    """New recovery codes were drawn; those before are void."""

    account: UUID
    count: int


@fact("core.RecoveryCodeUsed")
@dataclass(frozen=True)
class RecoveryCodeUsed:
    """A recovery code opened the door, for the last time; `left` remain."""

    account: UUID
    left: int


@fact("core.KeyCopied")
@dataclass(frozen=True)
class KeyCopied:
    """A key signed with a counter that did not rise: there is a copy of it. It was refused."""

    account: UUID
    key: UUID


@fact("core.UsedFromSeveralPlaces")
@dataclass(frozen=True)
class UsedFromSeveralPlaces:
    """An account signed in at an address while it is signed in from `others` different ones."""

    account: UUID
    address: str
    others: int


@fact("core.ParameterSet")
@dataclass(frozen=True)
class ParameterSet:
    """An adjustable value holds from `valid_from` on."""

    name: str
    value: Any
    valid_from: datetime


@fact("core.AlgorithmsSwitched")
@dataclass(frozen=True)
class AlgorithmsSwitched:
    """From this fact on the journal is hashed by `algorithms`."""

    algorithms: tuple[str, ...]


@fact("core.ReaderFailed")
@dataclass(frozen=True)
class ReaderFailed:
    """A reader could not take fact `number` in and went on without it; `error` is the kind of exception."""

    reader: str
    number: int
    kind: str
    error: str


@fact("core.TimerFailed")
@dataclass(frozen=True)
class TimerFailed:
    """A timer's handler failed for the first time; it is tried again."""

    kind: str
    key: str
    error: str


@fact("core.LetterGivenUp")
@dataclass(frozen=True)
class LetterGivenUp:
    """The world did not take a letter after `attempts` tries."""

    channel: str
    key: str
    attempts: int


@fact("core.CertificateMade")
@dataclass(frozen=True)
class CertificateMade:
    """The box got a certificate for `names` until `ends_at`, from the authority of that fingerprint (SHA-256)."""

    names: tuple[str, ...]
    fingerprint: str
    ends_at: datetime
    authority: str
    new_authority: bool


@fact("core.MasterKeyRotated")
@dataclass(frozen=True)
class MasterKeyRotated:
    """Everything sealed was sealed anew under another master key; keys are told by their ids."""

    old: str
    new: str
    resealed: int


@fact("core.BackupMade")
@dataclass(frozen=True)
class BackupMade:
    """A backup holds the journal up to seal `head`; `manifest` is the SHA-256 of its manifest, `keys` sealed or
    left_out."""

    backup: str
    manifest: str
    files: int
    size_bytes: int
    head: int
    keys: str


@fact("core.BackupRestored")
@dataclass(frozen=True)
class BackupRestored:
    """This installation was restored from a backup, and its journal was verified: `checked` facts up to `head`."""

    backup: str
    manifest: str
    made_at: str
    product: str
    head: int
    checked: int


@fact("core.ProgramDiffers")
@dataclass(frozen=True)
class ProgramDiffers:
    """At its start the desk found `found` files of the program that are not as released; `files` are the first."""

    version: str
    found: int
    files: tuple[str, ...]
