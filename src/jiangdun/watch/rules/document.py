"""One YAML document, read so that nothing in it can harm and every part of it has a place to point to.

Read by PyYAML's SafeLoader after the events were counted: no anchors and aliases (a few lines of them can
stand for gigabytes), no tags, no merge keys, no second document, bounded size, depth and number of parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from .errors import Problem, RuleError, clipped, wrong

MAX_CHARACTERS: Final = 32_768
MAX_DEPTH: Final = 12
MAX_NODES: Final = 1_000

Path = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """Safe, and leaves what looks like a date as the text it is: the rule language reads dates itself."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - a class attribute in PyYAML
        first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, slots=True)
class Document:
    """Values, and where each began."""

    values: Mapping[str, Any]
    text: str
    _keys: dict[Path, yaml.Node] = field(default_factory=dict)
    _nodes: dict[Path, yaml.Node] = field(default_factory=dict)

    def problem(self, path: Path, problem: Problem, *, key: bool = False) -> Problem:
        """The problem at the value (or the key) of `path`, or at the nearest part above it."""
        where = self._keys if key else self._nodes
        while path and path not in where:
            path, where = path[:-1], self._nodes
        mark = where[path].start_mark if path in where else None
        if mark is None:
            return problem
        return Problem(problem.what, problem.instead, mark.line + 1, mark.column + 1)

    def in_text(self, path: Path, problem: Problem) -> Problem:
        """A problem counted within the text at `path`, moved to where it stands in the file.

        Exact for plain and quoted text on one line and for `|` blocks; folded text keeps its first line.
        """
        node: Any = self._nodes[path]
        line, column = node.start_mark.line, node.start_mark.column
        if node.style == "|":
            lines = self.text.split("\n")
            at = line + problem.line
            indent = len(lines[at]) - len(lines[at].lstrip()) if at < len(lines) else 0
            return Problem(problem.what, problem.instead, at + 1, indent + problem.column)
        if node.style != ">" and node.start_mark.line == node.end_mark.line and problem.line == 1:
            column += problem.column - 1 + (1 if node.style in ("'", '"') else 0)
        return Problem(problem.what, problem.instead, line + 1, column + 1)


def read_document(text: str) -> Document:
    """The mapping that the text holds; RuleError for anything else."""
    if len(text) > MAX_CHARACTERS:
        raise RuleError(
            wrong(
                f"文件有 {len(text)} 个字符，最多 {MAX_CHARACTERS}",
                f"the file has {len(text)} characters, at most {MAX_CHARACTERS} are taken",
                "一个文件只写一条规则",
                "write one rule a file",
            )
        )
    try:
        _check_events(text)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if not isinstance(root, yaml.MappingNode):
                raise RuleError(
                    wrong(
                        "文件里没有规则",
                        "the file holds no rule",
                        "请以 rule: 名称 开头",
                        "begin with rule: name",
                    )
                )
            document = Document({}, text)
            _index(root, (), document)
            values = loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _unreadable(str(error.problem or error.context or ""))
        raise RuleError(_placed(problem, mark)) from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise RuleError(_unreadable(str(error).split("\n", 1)[0])) from error
    return Document(values, text, document._keys, document._nodes)


def _unreadable(detail: str) -> Problem:
    return wrong(
        f"这不是有效的 YAML（{clipped(detail)}）",
        f"this is not valid YAML ({clipped(detail)})",
        "请检查缩进、冒号后的空格和引号",
        "check indents, the space after each colon, and quotes",
    )


def _placed(problem: Problem, mark: Any) -> Problem:
    if mark is None:
        return problem
    return Problem(problem.what, problem.instead, mark.line + 1, mark.column + 1)


def _check_events(text: str) -> None:
    depth = count = documents = 0
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        mark = event.start_mark
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RuleError(
                    _placed(
                        wrong(
                            "一个文件里有两份文档",
                            "the file holds two documents",
                            "一个文件只写一条规则",
                            "write one rule a file",
                        ),
                        mark,
                    )
                )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RuleError(
                _placed(
                    wrong(
                        "规则里不能用 & 和 *",
                        "& and * cannot be used in a rule",
                        "请把内容写全；以 & 或 * 开头的文字请加引号",
                        "write it out; quote a text that begins with & or *",
                    ),
                    mark,
                )
            )
        if getattr(event, "tag", None):
            raise RuleError(
                _placed(
                    wrong(
                        f"规则里不能用标签 {clipped(event.tag)}",
                        f"the tag {clipped(event.tag)} cannot be used",
                        "请写普通文字",
                        "write plain text",
                    ),
                    mark,
                )
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        count += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise RuleError(
                _placed(
                    wrong(
                        f"超过 {MAX_DEPTH} 层或 {MAX_NODES} 项",
                        f"more than {MAX_DEPTH} levels or {MAX_NODES} parts",
                        "请写得简单些",
                        "write it simpler",
                    ),
                    mark,
                )
            )


def _index(node: yaml.Node, path: Path, document: Document) -> None:
    document._nodes[path] = node
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _index(item, (*path, index), document)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise RuleError(
                    _placed(
                        wrong(
                            "这里的键不是文字",
                            "this key is not text",
                            "请写文字键，如 for: 20 min",
                            "write a text key, as for: 20 min",
                        ),
                        key.start_mark,
                    )
                )
            here = (*path, key.value)
            if here in document._keys:
                raise RuleError(
                    _placed(
                        wrong(
                            f"{clipped(key.value)} 写了两次",
                            f"{clipped(key.value)} is written twice",
                            "请删去一个",
                            "delete one of them",
                        ),
                        key.start_mark,
                    )
                )
            document._keys[here] = key
            _index(value, here, document)
