"""What a password must be: ten characters, not common, not only digits, not like the account's own name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
)

LENGTH_MIN = 10

VALIDATORS: list[Any] = [
    MinimumLengthValidator(LENGTH_MIN),
    CommonPasswordValidator(),
    NumericPasswordValidator(),
    UserAttributeSimilarityValidator(("username", "name_en", "name_zh")),
]
"""The codes of their errors: password_too_short, password_too_common, password_entirely_numeric,
password_too_similar.
"""
