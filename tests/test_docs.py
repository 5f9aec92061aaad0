"""Documents that cannot grow old: what exists is named, what is named exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def test_every_setting_is_explained() -> None:
    code = (ROOT / "src/jiangdun/hall/settings.py").read_text("utf-8")
    names = set(re.findall(r'environ\.get\(\s*"([A-Z0-9_]+)"', code))
    assert len(names) >= 10
    page = (DOCS / "settings.md").read_text("utf-8")
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def test_no_setting_is_explained_that_is_gone() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    page = (DOCS / "settings.md").read_text("utf-8")
    assert sorted(name for name in set(re.findall(r"`([A-Z][A-Z0-9_]{5,})`", page)) if name not in code) == []


def test_the_page_of_facts_is_what_the_code_says() -> None:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "tools/pages.py")
    assert spec
    assert spec.loader
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    assert pages.FACTS.read_text("utf-8") == pages.facts_page(), "run tools/pages.py"
    assert pages.SECURITY.read_text("utf-8") == pages.security_page(), "run tools/pages.py"


def test_every_control_of_level_3_is_there_and_its_proofs_are_tests() -> None:
    from jiangdun.web.controls import STATES, controls

    assert [one.number for one in controls()] == list(range(1, 39))
    for one in controls():
        assert one.state in STATES
        assert one.tests, one.number
        assert bool(one.gap_zh and one.gap_en) == (one.state != "carried"), one.number
        for test in one.tests:
            file, _, name = test.partition("::")
            path = ROOT / "tests" / file
            assert path.is_file(), test
            assert re.search(rf"^(async )?def {name}\(", path.read_text("utf-8"), re.M), test


def test_every_rule_of_the_catalogue_is_named() -> None:
    page = (DOCS / "rules.md").read_text("utf-8")
    rules = [path.stem for path in (ROOT / "src/jiangdun/watch/catalogue").glob("*.yaml")]
    assert rules
    assert [rule for rule in rules if rule not in page] == []


def test_every_protocol_and_command_is_named() -> None:
    from jiangdun.feeds.devices import Book
    from jiangdun.feeds.ingest import protocols
    from jiangdun.hall.cli import COMMANDS

    texts = "".join(path.read_text("utf-8") for path in [*DOCS.rglob("*.md"), ROOT / "README.md"])
    assert [name for name in protocols(Book()) if name not in texts] == []
    assert [command.name for command in COMMANDS if f"jiangdun {command.name}" not in texts] == []


@pytest.mark.parametrize(
    "document", sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md")), ids=lambda p: p.name
)
def test_every_link_leads_somewhere(document: Path) -> None:
    gone = [
        target
        for target in LINK.findall(document.read_text("utf-8"))
        if not (document.parent / target.strip()).exists()
    ]
    assert gone == []


def test_both_readmes_lead_with_the_same_two_commands_and_a_picture() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text("utf-8")
        assert "make demo" in text
        assert "make test" in text
        assert re.search(r"!\[[^\]]+\]\(docs/images/[^)]+\.png\)", text)
