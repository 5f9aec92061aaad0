"""Operators over readings of stations and weighbridges: spikes, upwind sources, mass balance.

Readings are no observations of the chunk log yet: they come as columns (`columns.READINGS`) in chunks of their own,
with positions and a watermark as reports have them, to `Readings`, which promises what `Engine` does: one digest
however they are cut and in whatever order within the bound, through stops and restores. Words: docs/operators.md.
"""

from .columns import READINGS, Flag, ReadingChunk, StationSpec, code_of
from .run import Readings

__all__ = ["READINGS", "Flag", "ReadingChunk", "Readings", "StationSpec", "code_of"]
