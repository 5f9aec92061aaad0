"""Words for what an installation's keeper meets at the command line: certificates, backups, releases."""

from __future__ import annotations

from typing import Final

from .sentences import Words

BOX: Final[dict[str, Words]] = {
    "cert_name": Words(
        422,
        "“{value}”不是主机名或地址。",
        "请给出本机在内网中的名称或 IP 地址，如 jiangdun.lan 或 10.0.0.5。",
        "“{value}” is neither a host's name nor an address.",
        "Give this box's name or address in the LAN, such as jiangdun.lan or 10.0.0.5.",
    ),
    "cert_names": Words(
        422,
        "名称须为 1 到 {most} 个。",
        "请在 jiangdun cert make 之后列出。",
        "From 1 to {most} names are needed.",
        "Give them behind jiangdun cert make.",
    ),
    "cert_outside": Words(
        422,
        "现有 CA 不能为 {value} 担保。",
        "确需此名称时，用 --new-ca 另建 CA，并在每台设备上重新安装。",
        "This authority may not vouch for {value}.",
        "Where the name is really needed, --new-ca makes another authority, to be installed on each device anew.",
    ),
    "cert_over": Words(
        422,
        "CA 已到期。",
        "用 jiangdun cert make --new-ca 另建，并在每台设备上重新安装。",
        "The authority has come to its end.",
        "Make another with jiangdun cert make --new-ca, and install it on each device anew.",
    ),
    "cert_elsewhere": Words(
        409,
        "JIANGDUN_TLS_CERT 指向别处签发的证书 {value}，未改动。",
        "要改用本机 CA，请先取消 JIANGDUN_TLS_CERT 与 JIANGDUN_TLS_KEY。",
        "JIANGDUN_TLS_CERT names a certificate from elsewhere, {value}; it was left alone.",
        "To use this box's own authority, unset JIANGDUN_TLS_CERT and JIANGDUN_TLS_KEY first.",
    ),
    "wrong_passphrase": Words(
        422,
        "口令不对。",
        "请核对口令后重试。",
        "This is not the passphrase.",
        "Look it up and try again.",
    ),
    "https_only": Words(
        426,
        "此端口只指引到 HTTPS，不接收任何内容。",
        "请改用 https:// 地址；刚才发送的内容如含密码，请立即更换。",
        "This port only shows the way to HTTPS and takes nothing in.",
        "Use the https:// address; if what you sent held a password, change it now.",
    ),
}
