"""How kernels are compiled: nogil, exact, never parallel; and how their cache knows that a source changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
_njit: Any = njit  # `_nrt` is not in its signature
F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """A part of a kernel: compiled into the entry point that calls it, not cached by itself.

    Kernels make no arrays, so numba's reference counting is off: with some thirty arrays in hand it took
    nine tenths of the time.
    """
    return cast(
        F, _njit(nogil=True, fastmath=False, error_model="numpy", _nrt=False, forceinline=True)(function)
    )


def entry(function: F) -> F:
    """An entry point that makes no arrays: compiled once and kept on disk.

    numba's cache looks at the entry point's own file and closure only, so entry points are closures
    over `SOURCES`: a change in any compiled file of the engine makes another cache key.
    """
    return cast(F, _njit(nogil=True, fastmath=False, error_model="numpy", _nrt=False, cache=True)(function))


def making_entry(function: F) -> F:
    """An entry point that may make arrays."""
    return cast(F, _njit(nogil=True, fastmath=False, error_model="numpy", cache=True)(function))


def sources_digest(*folders: str) -> str:
    """A digest of the sources that are compiled, and of the values compiled into them.

    The engine's own, and those of the named folders in it: what is compiled there may use the engine's.
    """
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(path for folder in ("", *folders) for path in (here / folder).glob("*.py")):
        text = path.read_bytes()
        if (
            b"\n@kernel" in text
            or b"entry\n    def" in text
            or path.name in {"jit.py", "layout.py", "limits.py"}
        ):
            digest.update(path.name.encode() + b"\0" + text)
    return digest.hexdigest()[:16]


SOURCES = sources_digest()
