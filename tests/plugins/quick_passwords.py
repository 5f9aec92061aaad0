"""Hashing a password takes half a second and 100 MB on purpose. Tests hash the same way with next to no
work.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2PasswordHasher, "time_cost", 1)
        patch.setattr(Argon2PasswordHasher, "memory_cost", 64)
        patch.setattr(Argon2PasswordHasher, "parallelism", 1)
        yield
