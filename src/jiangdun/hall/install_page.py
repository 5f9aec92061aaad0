"""The page from which a device takes the box's authority: static, both languages, no script, no file from elsewhere."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

from . import certificates, private
from .certificates import About

CERTIFICATE: Final = "jiangdun-ca.crt"

_STYLE: Final = """
body{font:16px/1.6 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;
color:#1c2733;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
code{word-break:break-all;background:#eef2f6;padding:.1rem .3rem}
.get{display:inline-block;background:#0b4f8a;color:#fff;padding:.6rem 1.2rem;border-radius:.3rem;text-decoration:none}
[lang=en]{color:#3c4a58}
"""

_SYSTEMS: Final = (
    (
        "Windows",
        "双击下载的文件 → 安装证书 → 本地计算机 → 将所有证书放入下列存储 → 受信任的根证书颁发机构 → 完成。",
        "Open the file → Install Certificate → Local Machine → Place all certificates in the following store → "
        "Trusted Root Certification Authorities → Finish.",
    ),
    (
        "Android",
        "设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书 → 仍然安装 → 选择下载的文件。"
        "各厂商菜单略有不同，可在设置中搜索“CA 证书”。",
        "Settings → Security → Encryption & credentials → Install a certificate → CA certificate → Install anyway → "
        "choose the file. Menus differ; search the settings for “CA certificate”.",
    ),
    (
        "iPhone / iPad",
        "用 Safari 打开本页并下载 → 设置 → 已下载描述文件 → 安装；"
        "再到 设置 → 通用 → 关于本机 → 证书信任设置，打开该证书的开关。",
        "Open this page in Safari and download → Settings → Profile Downloaded → Install; then Settings → General → "
        "About → Certificate Trust Settings, and switch it on.",
    ),
    (
        "Linux",
        "复制到 /usr/local/share/ca-certificates/ 后执行 sudo update-ca-certificates。"
        "Firefox 另在 设置 → 隐私与安全 → 证书 中导入。",
        "Copy it to /usr/local/share/ca-certificates/ and run sudo update-ca-certificates. "
        "Firefox has a list of its own: Settings → Privacy & Security → Certificates → Import.",
    ),
)


def write(folder: Path, authority: bytes, server: About) -> None:
    """Page and certificate into `folder`, anew. Nothing in it is secret."""
    private.write(folder / CERTIFICATE, authority, 0o644)
    private.write(folder / "index.html", page(certificates.about(authority), server).encode(), 0o644)


def page(authority: About, server: About) -> str:
    """The whole page as HTML."""
    names = ", ".join(escape(name) for name in server.names)
    systems = "".join(
        f"<h2>{escape(name)}</h2><p>{escape(zh)}</p><p lang='en'>{escape(en)}</p>"
        for name, zh, en in _SYSTEMS
    )
    ends = f"{authority.not_after:%Y-%m-%d}"
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>江盾 · 安装证书 · Jiangdun certificate</title><style>{_STYLE}</style></head><body>
<h1>让本设备信任江盾 <span lang="en">Let this device trust Jiangdun</span></h1>
<p>本机由自己的证书机构（CA）签发证书，只能为本单位内网地址担保。每台设备安装一次。</p>
<p lang="en">This box has a certificate authority (CA) of its own, which may vouch for addresses of this house only.
Each device installs it once.</p>
<p><a class="get" href="{CERTIFICATE}" download>下载 CA 证书 · Download the CA certificate</a></p>
<h2>先核对指纹 <span lang="en">First compare the fingerprint</span></h2>
<p>SHA-256 <code>{authority.fingerprint}</code></p>
<p>安装前，请与管理员在本机执行 <code>jiangdun cert show</code> 得到的 CA 指纹逐位核对（电话或纸面）；
不同则不要安装。</p>
<p lang="en">Before you install it, compare it with what <code>jiangdun cert show</code> says on the box itself, by
telephone or on paper. Where they differ, do not install.</p>
{systems}
<p>本机名称 · Names of this box: {names}<br>CA 有效至 · CA valid until {ends}</p>
</body></html>
"""
