"""Rules over what is long past: which alerts they would have given, how right those are, and how much work they make.

`run.backtest` judges an archive, `labels` says which episodes were real, `outcome` counts, `known` says which zones
were known when. Needs no settings and no database.
"""

from .known import ZoneVersion, as_corrected, as_known
from .labels import BadLabels, Label, read_labels
from .outcome import Backtest
from .run import Cancelled, backtest

__all__ = [
    "Backtest",
    "BadLabels",
    "Cancelled",
    "Label",
    "ZoneVersion",
    "as_corrected",
    "as_known",
    "backtest",
    "read_labels",
]
