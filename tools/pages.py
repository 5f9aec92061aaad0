"""Pages that are made from the code: docs/facts.md and the table of docs/security.md. A test says when they are older
than what they describe.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FACTS = ROOT / "docs" / "facts.md"
SECURITY = ROOT / "docs" / "security.md"
TABLE_BEGINS, TABLE_ENDS = "<!-- controls: made by tools/pages.py -->", "<!-- end of controls -->"
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


def security_page() -> str:
    """docs/security.md as it should be: what stands there by hand, and the table of controls between its marks."""
    from jiangdun.web.controls import STATES, controls

    rows = [
        f"| {one.number} | {one.name_zh} / {one.name_en} | {STATES[one.state][1]} | "
        f"{'<br>'.join(f'`{test}`' for test in one.tests) or '–'} | {one.gap_en} |"
        for one in controls()
    ]
    table = "\n".join(
        [
            "| # | control | state | shown by (below `tests/`) | what is missing |",
            "|--:|---|---|---|---|",
            *rows,
        ]
    )
    before, _, rest = SECURITY.read_text("utf-8").partition(TABLE_BEGINS)
    _, _, after = rest.partition(TABLE_ENDS)
    return f"{before}{TABLE_BEGINS}\n{table}\n{TABLE_ENDS}{after}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")
    import django

    django.setup()
    for page, text in ((FACTS, facts_page()), (SECURITY, security_page())):
        page.write_text(text)
        sys.stdout.write(f"wrote {page.relative_to(ROOT)}\n")
