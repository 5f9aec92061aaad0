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
    "backup_passphrase": Words(
        422,
        "口令不对，或者备份不是当初封存的那一份。",
        "请核对口令后重试；若口令无误，说明备份被人改动，请改用另一份并通知审计管理员。",
        "This is not the passphrase, or the backup is not the one that was sealed with it.",
        "Look it up and try again; if it is right, somebody changed the backup: use another, tell the auditor.",
    ),
    "https_only": Words(
        426,
        "此端口只指引到 HTTPS，不接收任何内容。",
        "请改用 https:// 地址；刚才发送的内容如含密码，请立即更换。",
        "This port only shows the way to HTTPS and takes nothing in.",
        "Use the https:// address; if what you sent held a password, change it now.",
    ),
    "backup_partial": Words(
        422,
        "{value} 不是完整的备份：没有清单。",
        "备份可能中途中断，请改用另一份备份。",
        "{value} is no whole backup: it has no manifest.",
        "It was probably broken off; use another one.",
    ),
    "backup_damaged": Words(
        422,
        "备份已损坏或被改动：{value}。",
        "请改用另一份备份，并检查存放它的介质。",
        "The backup is damaged or was changed: {value}.",
        "Use another one, and look after the medium it lies on.",
    ),
    "backup_newer": Words(
        409,
        "备份来自更新的版本（{value}）。",
        "请先把本机升级到不低于备份的版本。",
        "The backup is of a newer version ({value}).",
        "Bring this box to that version or a newer one first.",
    ),
    "backup_other_database": Words(
        409,
        "备份的数据库是 {value}，而本机设置为 {here}。",
        "恢复到 PostgreSQL 请设置 DATABASE_URL，恢复到 SQLite 请取消它。",
        "The backup's database is {value}, this box is set to {here}.",
        "Set DATABASE_URL for PostgreSQL, unset it for SQLite.",
    ),
    "backup_not_empty": Words(
        409,
        "{value} 不是空目录。",
        "请为这份备份指定一个新的目录。",
        "{value} is not empty.",
        "Give this backup a new folder.",
    ),
    "restore_not_empty": Words(
        409,
        "{value} 不是空的，恢复不会覆盖任何内容。",
        "请为 JIANGDUN_HOME 或 DATABASE_URL 指定空的位置。",
        "{value} is not empty, and a restore writes over nothing.",
        "Give JIANGDUN_HOME or DATABASE_URL an empty place.",
    ),
    "backup_source": Words(
        500,
        "本机数据读取失败：{value}。",
        "执行 jiangdun doctor 与 jiangdun journal verify 查看原因。",
        "What this box keeps could not be read: {value}.",
        "jiangdun doctor and jiangdun journal verify say what is wrong.",
    ),
    "backup_keys_changed": Words(
        409,
        "备份期间密钥有变动。",
        "请在密钥轮换或换发证书结束后重新备份；未完成的备份请删除。",
        "Keys changed while the backup was made.",
        "Begin it again once the rotation or the new certificate is done; delete what was left unfinished.",
    ),
    "backup_room": Words(
        507,
        "{value} 空间不足，约需 {need_mb} MB。",
        "请换一个更大的介质，或用 --without-archive 略去历史位置。",
        "{value} has too little room; about {need_mb} MB are needed.",
        "Take a larger medium, or leave past positions out with --without-archive.",
    ),
    "backup_disk": Words(
        507,
        "读写失败：{value}。",
        "请检查磁盘空间与介质后重试；未完成的备份请删除。",
        "Reading or writing failed: {value}.",
        "Look at the disk's room and the medium and try again; delete what was left unfinished.",
    ),
    "backup_tool": Words(
        424,
        "本机没有 {value}，PostgreSQL 的备份与恢复需要它。",
        "请安装与服务器同版本的客户端，如 Debian：sudo apt-get install postgresql-client。",
        "This box lacks {value}, which backup and restore of PostgreSQL need.",
        "Install the client of the server's version; on Debian: sudo apt-get install postgresql-client.",
    ),
    "backup_tool_failed": Words(
        424,
        "{value} 未成功：{text}",
        "核对 DATABASE_URL 与服务器；客户端版本不得低于服务器。",
        "{value} did not succeed: {text}",
        "Look at DATABASE_URL and the server; the client must not be older than the server.",
    ),
    "restore_journal": Words(
        422,
        "恢复出的日志链不完整：{text}。",
        "请保留这份备份原样并通知审计管理员，改用另一份备份；PostgreSQL 库中已写入的内容请先清空。",
        "The restored journal is not whole: {text}.",
        "Keep this backup as it is, tell the auditor, and use another one; empty the PostgreSQL database first.",
    ),
}
