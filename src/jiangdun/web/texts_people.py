"""The sentences about who signs in and how; `texts` takes them in."""

from __future__ import annotations

from typing import Final

from .sentences import Words

PEOPLE: Final[dict[str, Words]] = {
    "not_signed_in": Words(
        401,
        "尚未登录，或登录已过期。",
        "请登录后再试。",
        "You are not signed in, or your session has ended.",
        "Sign in and try again.",
    ),
    "wrong_credentials": Words(
        401,
        "用户名或密码不对。",
        "请核对后重试；多次输错会暂时锁定。",
        "The user name or the password is wrong.",
        "Check both and try again; after several wrong tries sign-in is locked here for a while.",
    ),
    "locked_out": Words(
        429,
        "输错次数过多，已暂时锁定。",
        "请约 {minutes} 分钟后再试，或到您平时登录的席位上登录。",
        "Too many wrong tries: sign-in is locked for now.",
        "Try again in about {minutes} minutes, or sign in at the desk you usually work at.",
    ),
    "password_is_due": Words(
        403,
        "密码为初始密码或已到期，须先修改。",
        "请在“我的账号”中设置新密码，然后继续。",
        "Your password was given to you by somebody else, or is too old: change it first.",
        "Set a new password in your account, then go on.",
    ),
    "prove_again": Words(
        403,
        "此操作较敏感，距上次验证身份已超过 {minutes} 分钟。",
        "请再次输入密码（或使用密钥），然后重做这一步。",
        "This is sensitive, and it is more than {minutes} minutes since you showed who you are.",
        "Give your password (or use your key) once more, then repeat this step.",
    ),
}
