"""A trouble, said at the command line: the sentence and the next step, in both languages."""

from __future__ import annotations

from jiangdun.core.trouble import Trouble


def trouble(found: Trouble) -> None:
    """To stdout. Django must be ready."""
    from jiangdun.web import words

    said = [words.answer(found.code, found.values, lang)[1] for lang in ("zh", "en")]
    for one in said:
        print(f"✘ {one['text']}")
    for one in said:
        print(f"→ {one['next']}")
