"""The sentences: one entry for each code of trouble, one for each way a value can be wrong."""

from __future__ import annotations

from typing import Final

from .sentences import Words
from .texts_box import BOX
from .texts_people import PEOPLE

__all__ = ["DENIALS", "REASONS", "THINGS", "TROUBLES", "UNKNOWN", "VALIDATION", "Words"]

UNKNOWN: Final = Words(
    400,
    "这一步没有办成（{code}）。",
    "请核对所填内容后重试；若仍不行，请把代码告诉管理员。",
    "This could not be done ({code}).",
    "Check what was given and try again; if it stays so, tell the administrator the code.",
)
"""For a code that has no words: never shown where the tests are green."""

TROUBLES: Final[dict[str, Words]] = {
    **BOX,
    **PEOPLE,
    # -- who asks
    "not_yours": Words(
        403,
        "不能办理：{denial}。",
        "如确需办理，请联系本单位指挥长或系统管理员。",
        "This is not yours to do: {denial}.",
        "If you need it, ask your commander or the administrator.",
    ),
    "csrf_failed": Words(
        403,
        "页面凭证失效，请求未被接受。",
        "请刷新页面后重试；接口调用须带 X-CSRFToken 头。",
        "The page's token is missing or old: the request was not taken.",
        "Reload the page and try again; API clients must send the header X-CSRFToken.",
    ),
    # -- what was sent
    "invalid": Words(
        422,
        "所填内容有误。",
        "请按各项提示改正后重新提交。",
        "Something in what you sent is wrong.",
        "Correct the items named and send it again.",
    ),
    "bad_request": Words(
        400,
        "请求无法读懂：不是正确的 JSON。",
        "请检查请求正文的格式与编码（UTF-8）。",
        "The request cannot be read: it is not valid JSON.",
        "Check the body's format and encoding (UTF-8).",
    ),
    "too_large": Words(
        413,
        "内容过大，上限为 {limit_mib} MiB。",
        "请拆分后分次提交。",
        "This is too large: the limit is {limit_mib} MiB.",
        "Split it and send the parts.",
    ),
    "too_slow": Words(
        408,
        "等待提交的内容超时。",
        "请检查网络后重新提交。",
        "What you were sending did not arrive in time.",
        "Check the network and send it again.",
    ),
    "wrong_host": Words(
        400,
        "访问地址不在允许之列。",
        "请用本系统公布的地址访问；管理员可在 JIANGDUN_HOSTS 中添加。",
        "This host name is not one of ours.",
        "Use the published address; the administrator can add names in JIANGDUN_HOSTS.",
    ),
    "method_not_allowed": Words(
        405,
        "此地址不接受这种请求方法。",
        "请查看接口文档。",
        "This address does not take that method.",
        "See the API description.",
    ),
    # -- the thing asked for
    "not_found": Words(
        404,
        "没有找到所要的{what}。",
        "它可能已被移走，或地址有误；请返回列表再选。",
        "There is no such {what}.",
        "It may be gone, or the address is wrong; choose it again from the list.",
    ),
    # -- the state of this installation
    "busy": Words(
        503,
        "系统正忙，请求未被受理。",
        "请几秒后重试。",
        "The system is busy and did not take this request.",
        "Try again in a few seconds.",
    ),
    "not_ready": Words(
        503,
        "系统正在启动，尚不能办理。",
        "请几秒后重试。",
        "The system is starting and cannot do this yet.",
        "Try again in a few seconds.",
    ),
    "ears_silent": Words(
        503,
        "接收进程没有应答，实时数据暂不可用。",
        "系统会自动重启该进程；若一分钟后仍如此，请查看健康页。",
        "The receiving process does not answer: live data is not available now.",
        "It is restarted by itself; if this lasts over a minute, see the health page.",
    ),
    "failed": Words(
        500,
        "系统内部出错，编号 {number}。",
        "所做的修改没有保存。请把编号告诉管理员。",
        "Something broke inside, number {number}.",
        "Nothing you changed was saved. Tell the administrator the number.",
    ),
    # -- sealed values
    "key_missing": Words(
        500,
        "缺少解密所需的密钥（{key}）。",
        "请把备份时一并保存的密钥文件 master.key 放回数据目录。",
        "The key needed to open this ({key}) is missing.",
        "Put back the key file master.key that was kept with the backup.",
    ),
    "key_file_open": Words(
        500,
        "密钥文件 {path} 的权限过宽，他人可以读取。",
        "请执行 chmod 600 后重试，并考虑更换密钥：jiangdun keys rotate。",
        "Others may read the key file {path}.",
        "Run chmod 600 on it and try again; consider new keys: jiangdun keys rotate.",
    ),
    "sealed_damaged": Words(
        500,
        "加密保存的内容已损坏，或被挪动过。",
        "请通知审计管理员，并从备份恢复该条记录。",
        "A sealed value is damaged, or was moved from elsewhere.",
        "Tell the audit administrator, and restore it from a backup.",
    ),
    # -- what rooms say
    "trouble": UNKNOWN,
    "wrong_state": Words(
        409,
        "当前状态不能办理这一步。",
        "请查看最新状态后再决定。",
        "This cannot be done in its present state.",
        "Look at its newest state and decide again.",
    ),
    "already_signed": Words(
        409,
        "已由他人签收。",
        "请在事件日志中查看由谁、何时签收。",
        "Somebody has signed for it already.",
        "The incident's log shows who and when.",
    ),
    "unit_off": Words(
        409,
        "{unit} 不在岗，不能派遣。",
        "请另选待命的力量。",
        "{unit} is off duty and cannot be sent.",
        "Choose a unit that stands by.",
    ),
    "unit_busy": Words(
        409,
        "{unit} 正在办理 {number}。",
        "请另选力量，或先结束其当前任务。",
        "{unit} is busy with {number}.",
        "Choose another unit, or end its present task first.",
    ),
    "too_many_assignments": Words(
        409,
        "同一事件最多派遣 {most} 次。",
        "请另立事件，或报请指挥长。",
        "One incident takes at most {most} assignments.",
        "Open another incident, or ask the commander.",
    ),
    "no_reason_owed": Words(
        409,
        "{number} 的该项时限没有超时，或已说明原因。",
        "无须再填。",
        "That clock of {number} was not late, or its reason was given.",
        "Nothing more is needed.",
    ),
    "already_promoted": Words(
        409,
        "该预警已转为事件 {number}。",
        "请直接打开该事件。",
        "This alert is incident {number} already.",
        "Open that incident.",
    ),
    "already_decided": Words(
        409,
        "该预警已由他人处理。",
        "请刷新列表查看结果。",
        "Somebody has decided on this alert already.",
        "Reload the list to see how.",
    ),
    "rule_refused": Words(
        422,
        "规则未保存：有 {count} 处问题。",
        "请按各行提示改正后重新提交。",
        "The rule was not kept: {count} problems.",
        "Correct each line named and send it again.",
    ),
    "stale_version": Words(
        409,
        "内容已被他人更新，您看到的不是最新版本。",
        "已为您保留所填内容；请刷新后重新决定。",
        "Somebody changed this since you read it.",
        "Read it again, then decide again.",
    ),
    "over_limit": Words(
        409,
        "已达上限：{limit}（{most}）。",
        "请先减少已有数量，或请管理员调整。",
        "A limit is reached: {limit} ({most}).",
        "Reduce what is there, or ask the administrator.",
    ),
    "bad_input": Words(
        422,
        "“{field}”不合要求：{reason}。",
        "请改正后重新提交。",
        "“{field}” cannot be used: {reason}.",
        "Correct it and send it again.",
    ),
    "already_there": Words(
        409,
        "同名的{what}已存在。",
        "请换一个名称，或直接使用已有的。",
        "There is such a {what} already.",
        "Choose another name, or use the one that is there.",
    ),
    "zones_refused": Words(
        422,
        "区域文件未导入：有 {count} 处问题。",
        "请按各项提示改正后整份重新导入；原有区域没有变化。",
        "The zone file was not taken in: {count} faults.",
        "Correct each and import the whole file again; the zones in force are unchanged.",
    ),
}

VALIDATION: Final[dict[str, tuple[str, str]]] = {
    "missing": ("缺少此项。", "This is missing."),
    "extra_forbidden": ("不认识此项。", "This field is not known."),
    "json_invalid": ("不是正确的 JSON。", "This is not valid JSON."),
    "int_type": ("应为整数。", "A whole number is needed."),
    "int_parsing": ("应为整数。", "A whole number is needed."),
    "int_parsing_size": ("数字过大。", "The number is too large."),
    "int_from_float": ("应为整数，不能带小数。", "A whole number is needed, without a fraction."),
    "float_type": ("应为数字。", "A number is needed."),
    "float_parsing": ("应为数字。", "A number is needed."),
    "finite_number": ("应为有限的数字。", "A finite number is needed."),
    "bool_type": ("应为 true 或 false。", "true or false is needed."),
    "bool_parsing": ("应为 true 或 false。", "true or false is needed."),
    "string_type": ("应为文字。", "Text is needed."),
    "string_unicode": ("文字编码不对，应为 UTF-8。", "The text is not UTF-8."),
    "string_too_short": ("至少 {min_length} 个字。", "At least {min_length} characters are needed."),
    "string_too_long": ("最多 {max_length} 个字。", "At most {max_length} characters are allowed."),
    "string_pattern_mismatch": ("格式不对，应符合 {pattern}。", "This does not fit the pattern {pattern}."),
    "too_short": ("至少 {min_length} 项。", "At least {min_length} items are needed."),
    "too_long": ("最多 {max_length} 项。", "At most {max_length} items are allowed."),
    "greater_than": ("应大于 {gt}。", "This must be greater than {gt}."),
    "greater_than_equal": ("不应小于 {ge}。", "This must be {ge} or more."),
    "less_than": ("应小于 {lt}。", "This must be less than {lt}."),
    "less_than_equal": ("不应大于 {le}。", "This must be {le} or less."),
    "literal_error": ("应为以下之一：{expected}。", "This must be one of {expected}."),
    "enum": ("应为以下之一：{expected}。", "This must be one of {expected}."),
    "uuid_type": ("应为编号（UUID）。", "An id (UUID) is needed."),
    "uuid_parsing": ("应为编号（UUID）。", "An id (UUID) is needed."),
    "datetime_type": (
        "应为时间，如 2026-01-31T23:05:00Z。",
        "A moment is needed, such as 2026-01-31T23:05:00Z.",
    ),
    "datetime_parsing": (
        "应为时间，如 2026-01-31T23:05:00Z。",
        "A moment is needed, such as 2026-01-31T23:05:00Z.",
    ),
    "datetime_from_date_parsing": (
        "应为时间，如 2026-01-31T23:05:00Z。",
        "A moment is needed, such as 2026-01-31T23:05:00Z.",
    ),
    "timezone_aware": ("时间须带时区。", "The moment needs a time zone."),
    "list_type": ("应为列表。", "A list is needed."),
    "dict_type": ("应为对象。", "An object is needed."),
    "model_type": ("应为对象。", "An object is needed."),
    "model_attributes_type": ("应为对象。", "An object is needed."),
    "none_required": ("此项应为空。", "This must be null."),
}

REASONS: Final[dict[str, tuple[str, str]]] = {
    "": ("不可用", "it cannot be used"),
    "length": ("长度不对（最多 {most}）", "its length is not allowed (at most {most})"),
    "unknown": ("不在可选范围内", "it is not one of those allowed"),
    "range": ("应在 {least} 到 {most} 之间", "it must lie between {least} and {most}"),
    "too_long": ("过长（最多 {most} 字）", "it is too long (at most {most} characters)"),
    "needed": ("必须填写", "it is needed"),
    "characters": ("含有不可用的字符", "it holds characters that cannot be kept"),
    "one_of": ("应为 {values} 之一", "it must be one of {values}"),
    "digits": ("号码位数或格式不对", "its digits are not those of such a number"),
    "before_valid_from": ("不能早于生效时间", "it must not lie before the beginning"),
    "mmsi": ("应为 9 位 MMSI", "it must be an MMSI of nine digits"),
    "empty": ("不能为空", "it must not be empty"),
    "past": ("不能早于现在", "it must not lie in the past"),
    "out_of_range": ("超出允许范围", "it is out of range"),
    "small_letters_digits_hyphens": (
        "只能用小写字母、数字和连字符",
        "only small letters, digits and hyphens are allowed",
    ),
    "admin_roles_are_separated": (
        "系统、安全、审计管理员须由不同的人担任，且不得兼任业务岗位",
        "system, security and audit administrators are different people and hold no other role",
    ),
    "sm3_missing_here": ("本机不支持 SM3", "SM3 is not available on this machine"),
    "password_too_short": ("口令至少 10 个字符", "a password has at least 10 characters"),
    "password_too_long": ("口令过长", "the password is too long"),
    "password_too_common": ("口令过于常见", "the password is too common"),
    "password_entirely_numeric": ("口令不能全是数字", "a password must not be only digits"),
    "password_used_before": ("口令近期用过，请换一个", "this password was used before; choose another"),
    "password_too_similar": ("口令与姓名或用户名太像", "the password is too like the name"),
}
"""What `bad_input` means by `reason`."""

THINGS: Final[dict[str, tuple[str, str]]] = {
    "": ("内容", "thing"),
    "agency": ("单位", "agency"),
    "account": ("账号", "account"),
    "membership": ("任职", "membership"),
    "parameter": ("参数", "parameter"),
    "unit": ("力量（艇、车、人员）", "unit"),
    "zone": ("区域", "zone"),
    "track": ("目标", "target"),
    "alert": ("预警", "alert"),
    "incident": ("事件", "incident"),
    "device": ("设备", "device"),
    "rule": ("规则", "rule"),
    "assignment": ("派遣", "assignment"),
    "clock": ("时限", "clock"),
    "clue": ("待判线索", "clue"),
    "file": ("文件", "file"),
    "limit": ("限值", "limit"),
    "page": ("页面", "page"),
    "session": ("登录会话", "session"),
}
"""What `not_found` and its kind mean by `what`."""

DENIALS: Final[dict[str, tuple[str, str]]] = {
    "": ("您没有这项权限", "you do not have the right"),
    "unbound": ("系统尚未装载授权", "no rights have been loaded yet"),
    "nobody": ("您尚未在任何单位任职", "you serve in no agency yet"),
    "verb": ("您的岗位没有这项权限", "your role does not allow it"),
    "agency": ("该事项属于其他单位", "it belongs to another agency"),
    "person": ("该事项属于他人", "it belongs to somebody else"),
    "same_person": (
        "上一步由您办理，这一步须由他人办理",
        "you did the step before, so another person must do this one",
    ),
    "own_account": ("不能对自己的账号办理", "nobody does this to an account of their own"),
    "person_needed": ("这一步须由人办理", "only a person may do it"),
    "scope": ("该接口密钥未获此项权限", "this key of a program is not good for it"),
    "label": ("其密级高于您的查看权限", "its label is above what you are cleared for"),
    "not_shared": ("所属单位未与贵单位共享", "its agency has no agreement to share it with yours"),
    "unsigned": ("共享协议尚未签署完成", "the agreement to share it is not signed by all"),
    "ended": ("共享协议已终止", "the agreement to share it has ended"),
    "expired": ("共享协议已到期", "the agreement to share it has expired"),
    "suspended": ("共享已被暂停", "its sharing is suspended"),
    "dormant": ("该共享附件尚未启用", "the annex that shares it is dormant and must be activated"),
    "not_yet": ("共享协议尚未生效", "the agreement to share it is not in force yet"),
    "outside_area": ("位于协议约定区域之外", "it lies outside the area agreed on"),
    "too_fresh": ("按协议须延时后方可查看", "by agreement it is shown with a delay"),
}
"""What `not_yours` means by `reason`."""
