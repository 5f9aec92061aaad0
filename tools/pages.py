"""Pages that are made from the code: docs/facts.md. A test says when they are older than what they describe."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "docs" / "facts.md"
ROOMS = ("core", "alliance", "feeds", "picture", "watch", "response")

HEAD = """# Facts

What the journal may hold, room by room: made from the code by `tools/pages.py`. Every fact also carries its number,
time, who did it, the fact that led to it, its subject, whether it is an exercise, and the hash of the fact before.

"""


def facts_page() -> str:
    """docs/facts.md as it should be. Django must be ready."""
    text = HEAD
    for room in ROOMS:
        module = importlib.import_module(f"jiangdun.{room}.facts")
        text += f"## {room}\n\n| fact | version | body | meaning |\n|---|--:|---|---|\n"
        for cls in vars(module).values():
            if (
                isinstance(cls, type)
                and hasattr(cls, "fact_kind")
                and cls.__module__.startswith(module.__name__)
            ):
                fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(cls))
                own = "" if (cls.__doc__ or "").startswith(f"{cls.__name__}(") else inspect.getdoc(cls) or ""
                text += f"| `{cls.fact_kind}` | {cls.fact_version} | {fields} | {' '.join(own.split())} |\n"
        text += "\n"
    return text.rstrip() + "\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")
    import django

    django.setup()
    FACTS.write_text(facts_page())
    sys.stdout.write(f"wrote {FACTS.relative_to(ROOT)}\n")
