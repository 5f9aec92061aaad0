"""What can be wrong with a zone file, in words: where it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jiangdun.core import shapes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one feature (counted from 1; 0 is the file itself), and where."""

    feature: int
    name: str
    code: str
    value: str = ""
    hint: str = ""

    def say(self, lang: str) -> str:
        """The sentence a person reads: `lang` zh or en."""
        zh = lang.startswith("zh")
        text = _SAY[self.code][0 if zh else 1].format(value=self.value, hint=self.hint)
        if not self.feature:
            return text
        name = f"“{self.name}”" if self.name else ""
        return f"第 {self.feature} 个要素{name}:{text}" if zh else f"feature {self.feature} {name}: {text}"


_SAY: Final[Mapping[str, tuple[str, str]]] = {
    **shapes.SAY,
    "too_big": ("文件大于 {value},请拆分后再导入", "the file is larger than {value}; split it"),
    "not_text": (
        "文件不是 UTF-8 文本,请另存为 UTF-8 的 GeoJSON",
        "not UTF-8 text; save it as GeoJSON in UTF-8",
    ),
    "not_json": ("不是有效的 JSON({value})", "not valid JSON ({value})"),
    "not_collection": (
        "顶层应为 FeatureCollection,实为 {value}",
        "the outermost object must be a FeatureCollection, not {value}",
    ),
    "empty": ("文件中没有要素", "the file holds no feature"),
    "too_many": ("要素超过 {value} 个,请拆分", "more than {value} features; split the file"),
    "wrong_datum": (
        "坐标系为 {value},请转换为 WGS-84 经纬度(EPSG:4326)",
        "its datum is {value}; convert it to WGS-84 longitude, latitude (EPSG:4326)",
    ),
    "not_feature": ("不是要素(Feature)", "not a Feature"),
    "no_kind": ("缺少类别(kind);可用:{hint}", "it has no `kind`; use one of: {hint}"),
    "unknown_kind": ("未知类别“{value}”;是否为:{hint}", "unknown kind '{value}'; did you mean: {hint}"),
    "no_name": ("缺少名称(name 或 name_zh)", "it has no name (`name` or `name_zh`)"),
    "too_long": ("{hint} 超过 {value} 个字符", "{hint} is longer than {value} characters"),
    "not_words": ("{hint} 应为文字", "{hint} must be text"),
    "bad_date": (
        "{hint} 的日期“{value}”无法识别,请写成 2026-03-01 或 2026-03-01T08:00:00+08:00",
        "{hint} '{value}' is no date; write 2026-03-01 or 2026-03-01T08:00:00+08:00",
    ),
    "empty_validity": ("失效时间不晚于生效时间", "it ends before it begins"),
    "bad_area6": ("行政区划代码“{value}”应为 6 位数字", "area6 '{value}' must be 6 digits"),
    "bad_axis": (
        "轴线(axis)应为 2 至 500 个不同的点,按通航方向排列,现为 {value}",
        "`axis` must be 2 to 500 different positions, the way traffic runs, not {value}",
    ),
    "bad_bearing": (
        "轴线方位(axis_deg)应为 0 至 360 之间的度数,现为 {value}",
        "`axis_deg` must be degrees from 0 up to 360, not {value}",
    ),
    "two_axes": ("axis 与 axis_deg 只能写一个", "write `axis` or `axis_deg`, not both"),
    "same_id": ("编号“{value}”与第 {hint} 个要素相同", "id '{value}' is that of feature {hint} too"),
    "unknown_agency": ("未登记的机关“{value}”", "agency '{value}' is not known here"),
}
