"""The rule language and the values it yields; no Django, no clock, no file but those it is given.

`spec` holds the values, `language.read` makes them from YAML, `conditions` reads the SQL expressions in them,
`phrases` says them in words, `check` reads whole folders for the command line.
"""

from .checking import Checked, Report, check
from .errors import Problem, RuleError, Said
from .language import read, schema
from .phrases import sentence
from .spec import AlertEvent, RuleSpec, ZoneSpec

__all__ = [
    "AlertEvent",
    "Checked",
    "Problem",
    "Report",
    "RuleError",
    "RuleSpec",
    "Said",
    "ZoneSpec",
    "check",
    "read",
    "schema",
    "sentence",
]
