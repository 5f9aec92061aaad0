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
    "second_factor_is_due": Words(
        403,
        "您的岗位须用两种方式验证身份，而此账号只有密码。",
        "请在“我的账号”中添加一次性验证码或密钥，然后继续。",
        "Your role signs in with two factors, and this account has only a password.",
        "Add one-time codes or a key in your account, then go on.",
    ),
    "second_wrong": Words(
        401,
        "验证码或密钥不对，或已用过。",
        "请等下一个验证码再试，或改用密钥、恢复码；多次输错会暂时锁定。",
        "The code or key is not right, or was used before.",
        "Wait for the next code and try again, or use your key or a recovery code; several wrong tries lock.",
    ),
    "step_gone": Words(
        401,
        "第二步等待已过期，或输错次数过多。",
        "请重新输入用户名和密码。",
        "The second step has expired, or was wrong too often.",
        "Give your user name and password again.",
    ),
    "keys_need_a_name": Words(
        409,
        "经 {host} 访问时不能使用密钥：密钥只认主机名。",
        "请用本系统的主机名（不是 IP 地址）打开页面，或改用一次性验证码。",
        "Keys do not work at {host}: they are bound to a host name.",
        "Open the page by this box's name instead of its IP address, or use one-time codes.",
    ),
    "key_refused": Words(
        422,
        "密钥的应答不能采信。",
        "请重新添加；须在密钥上验证指纹、面容或 PIN。",
        "What the key answered does not hold.",
        "Add it once more; the key must check your finger, face or PIN.",
    ),
    "totp_there": Words(
        409,
        "此账号已有一次性验证码。",
        "如换手机，请先移除原有的，再重新添加。",
        "This account has one-time codes already.",
        "For another telephone remove them first, then add them again.",
    ),
    "totp_not_begun": Words(
        409,
        "没有待确认的一次性验证码。",
        "请重新添加，并用手机扫描新的二维码。",
        "No one-time codes wait to be confirmed.",
        "Begin again, and scan the new picture with your telephone.",
    ),
    "code_wrong": Words(
        422,
        "验证码不对。",
        "请核对手机时间是否准确，再输入当前的 6 位数字。",
        "The code is not right.",
        "Check that the telephone's clock is right, and give the six digits it shows now.",
    ),
    "wrong_place": Words(
        403,
        "不能从此地址使用该账号或密钥。",
        "请到允许的网络内操作；安全管理员可调整允许的地址范围。",
        "This account or key is not used from this address.",
        "Work from a network that is allowed; the security administrator keeps the list.",
    ),
    "key_unknown": Words(
        401,
        "接口密钥无效、已到期或已停用。",
        "请核对 Authorization 头；需要新密钥请联系系统管理员。",
        "The key is not known, has expired or was revoked.",
        "Check the Authorization header; the system administrator makes new keys.",
    ),
    "too_fast": Words(
        429,
        "请求过于频繁：该密钥每分钟最多 {rate} 次。",
        "请按 Retry-After 头等待后再试。",
        "Too fast: this key is good for {rate} requests a minute.",
        "Wait as the header Retry-After says, then go on.",
    ),
    "signature_bad": Words(
        401,
        "请求签名未被接受：{reason}。",
        "请按接口文档“程序接入”一节重新签名；每次使用新的随机串和当前时间。",
        "The request's signature was not accepted: {reason}.",
        "Sign it anew as the page on the API says, each time with a new nonce and the present time.",
    ),
    "emergency_not_asked": Words(
        409,
        "还没有人申请开启，或申请已超过 {minutes} 分钟。",
        "请先由另一人写明原因提出申请。",
        "Nobody has asked for it, or that was more than {minutes} minutes ago.",
        "Let another person ask first, with the reason.",
    ),
    "person_asked": Words(
        403,
        "大屏只能查看；每一步操作都须由人确认身份。",
        "请输入您的用户名和 PIN（或密码，如有须加验证码；或使用密钥），然后重做这一步。",
        "A wall only shows; every act on it is a person's.",
        "Give your name and PIN or password (with a code, if you have one), or use your key, then repeat this step.",
    ),
    "second_at_wall": Words(
        403,
        "在大屏上，您的账号须用两种方式确认身份：只用密码、PIN 或验证码都不够。",
        "请输入用户名、密码（或 PIN）和手机上的验证码，或使用密钥。",
        "Two proofs are needed on a wall: a password, a PIN or a code alone is not enough.",
        "Give your name, your password or PIN and the code on your telephone, or use your key.",
    ),
    "outside_unreachable": Words(
        503,
        "统一身份认证服务没有应答。",
        "请稍后再试，或用本系统的用户名和密码登录。",
        "The identity provider does not answer.",
        "Try again in a moment, or sign in here with user name and password.",
    ),
    "outside_wrong": Words(
        401,
        "统一身份认证服务的应答未被接受：{reason}。",
        "请重新登录；若仍不行，请安全管理员核对绑定与设置。",
        "What the identity provider said was not accepted: {reason}.",
        "Sign in once more; if it stays so, let the security administrator look at the tie and the settings.",
    ),
}
