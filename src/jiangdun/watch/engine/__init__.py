"""The watch engine: rules over every report, the same live, in a replay and in a backtest.

Pure: numpy and numba, no Django, no clock, no I/O. docs/operators.md says what each operator means, and
docs/decisions/0004-engine.md why the engine is built this way.

    engine = Engine(rules, zones)
    for chunk in log:
        for event in engine.take(chunk): ...
"""

from .limits import BadRule, BadState, BadZone, LimitExceeded, WrongColumns
from .memory import memory_ms
from .run import Engine, warm

__all__ = ["BadRule", "BadState", "BadZone", "Engine", "LimitExceeded", "WrongColumns", "memory_ms", "warm"]
