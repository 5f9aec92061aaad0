"""Masks: how much of a value that names a person is shown to whoever may not see all of it.

    mask("phone", "13812345678") → "138****5678"

Pure text in, text out. Values are read in their compatibility form (NFKC), so full-width digits are digits; what
separates their parts is dropped. A value too short for its mask shows less, never more: at least `HIDDEN_LEAST`
characters stay hidden. A mask nobody knows hides all. Forms: custom of Chinese public services, GB/T 35273-2020 6.4.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

HIDDEN: Final = "***"
"""What stands for a value of which nothing is shown; its length tells nothing."""
HIDDEN_LEAST: Final = 4
"""Characters of a number that stay hidden at least."""
VALUE_MAX: Final = 400
"""Characters of a longer value are not looked at: nothing of it is shown."""

TWO_CHARACTER_SURNAMES: Final = frozenset(
    {
        "欧阳", "司马", "上官", "诸葛", "司徒", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "尉迟",
        "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙",
        "钟离", "长孙", "宇文", "鲜于", "闾丘", "司空", "亓官", "司寇", "子车", "颛孙", "端木", "巫马",
        "公西", "漆雕", "乐正", "壤驷", "公良", "拓跋", "夹谷", "宰父", "谷梁", "令狐", "段干", "百里",
        "呼延", "东郭", "南门", "羊舌", "微生", "梁丘", "左丘", "东门", "西门", "第五",
    }
)  # fmt: skip

_COUNTRY_CODE: Final = re.compile(r"(?:00)?86(?=1\d{10}$)")
_PLATE: Final = re.compile(r"([一-鿿][A-Z])([A-Z0-9一-鿿]{5,6})")
_PART: Final = r"[^\W\d_路号弄巷幢栋室楼]"
"""A letter that may stand in the name of a place down to its village; roads, houses and rooms are below that."""
_ADDRESS: Final = re.compile(
    rf"(?P<province>{_PART}{{1,8}}?(?:省|自治区|特别行政区))?"
    rf"(?P<city>{_PART}{{1,10}}?(?:市|自治州|盟|地区))?"
    rf"(?P<county>{_PART}{{1,10}}?(?:(?<![小社])区|县|旗|市))?"
    rf"(?P<town>{_PART}{{1,12}}?(?:街道|镇|乡|苏木))?"
    rf"(?P<village>{_PART}{{1,12}}?(?:(?<!新)村|社区|居委会|嘎查))?"
)


def mask(how: str, value: str) -> str:
    """`value` as the mask `how` shows it. Nothing is shown of a value under a mask that is not known."""
    masking = _MASKS.get(how)
    if masking is None or len(value) > VALUE_MAX:
        return HIDDEN
    return masking(unicodedata.normalize("NFKC", value).strip())


def known() -> frozenset[str]:
    """The masks there are."""
    return frozenset(_MASKS)


def _phone(value: str) -> str:
    """138****5678: three in front, four at the end."""
    return _ends(_COUNTRY_CODE.sub("", _signs(value)), 3, 4)


def _id_number(value: str) -> str:
    """321102********1234: where somebody is registered, and the last four."""
    return _ends(_signs(value), 6, 4)


def _id_number_short(value: str) -> str:
    """321***********1234."""
    return _ends(_signs(value), 3, 4)


def _name(value: str) -> str:
    """张*, 欧阳*; of a name in another script the first letters of its first two words: J* S*."""
    words = ["".join(filter(str.isalpha, word)) for word in value.split()]
    words = [word for word in words if word]
    if not words:
        return "*"
    first = words[0]
    if _is_han(first[0]):
        whole = "".join(words)
        two = whole[:2] in TWO_CHARACTER_SURNAMES and len(whole) > 2
        surname = whole[:2] if two else whole[:1]
        return f"{surname}*" if len(whole) > 1 else "*"
    if len(words) == 1 and len(first) == 1:
        return "*"
    return " ".join(f"{word[0]}*" for word in words[:2])


def _plate(value: str) -> str:
    """苏L·**345: where a car is registered, and the last three. Of other plates the last ones only."""
    signs = _signs(value).upper()
    plate = _PLATE.fullmatch(signs)
    if plate is None:
        return _ends(signs, 0, 3)
    place, rest = plate.groups()
    return f"{place}·{'*' * (len(rest) - 3)}{rest[-3:]}"


def _address(value: str) -> str:
    """江苏省镇江市京口区象山街道长江村***: down to the village, no road and no house."""
    found = _ADDRESS.match("".join(value.split()))
    return (found.group(0) if found else "") + HIDDEN


def _nothing(_: str) -> str:
    """Nothing at all, and nothing of its length: whistle-blowers."""
    return HIDDEN


def _ends(signs: str, front: int, back: int) -> str:
    """`front` first and `back` last signs; of what is too short for that, only the last quarter."""
    if len(signs) < front + back + HIDDEN_LEAST:
        front, back = 0, min(back, len(signs) // 4)
    hidden = len(signs) - front - back
    return signs[:front] + "*" * max(hidden, HIDDEN_LEAST) + signs[len(signs) - back :]


def _signs(value: str) -> str:
    """Letters and digits only: no blanks, dots, hyphens, brackets, nor marks that turn the direction of text."""
    return "".join(filter(str.isalnum, value))


def _is_han(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith("CJK ")


_MASKS: Final[dict[str, Callable[[str], str]]] = {
    "phone": _phone,
    "id": _id_number,
    "id_short": _id_number_short,
    "name": _name,
    "plate": _plate,
    "address": _address,
    "nothing": _nothing,
}
