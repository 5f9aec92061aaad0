#!/bin/sh
# Install Jiangdun from this folder, without a network:  sh install.sh [TARGET] [PUBLIC_KEY]
# 不联网安装：sh install.sh [目标目录，默认 /opt/jiangdun] [发布公钥]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${1:-/opt/jiangdun}
key=${2:-}
python=${PYTHON:-python3}
say() { printf '%s\n' "$*"; }
fail() { say "✘ $*" >&2; exit 1; }

cd "$here"
if [ -n "$key" ]; then
  openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null ||
    fail "签名无效，不要安装 / the signature is not good: do not install this"
  say "✔ 签名有效 / signature good"
else
  say "! 未核对签名：请给出公钥 / signature not checked: name the public key as second word"
fi
sha256sum --quiet --strict -c SHA256SUMS || fail "文件已损坏或被改动 / files are damaged or were changed"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "需要 Python 3.11 以上 / Python 3.11 or newer is needed"
"$python" -m venv "$target" || fail "缺少 venv：sudo apt-get install python3-venv / venv is missing: install python3-venv"
pip() { "$target/bin/python" -m pip --disable-pip-version-check --quiet --no-cache-dir "$@"; }
pip install --no-index --find-links wheels --no-deps --require-hashes --only-binary=:all: -r requirements.lock
pip install --no-index --no-deps --force-reinstall wheels/jiangdun-*.whl
say "✔ $("$target/bin/jiangdun" --version): $target/bin/jiangdun"
say "→ 下一步见 install-on-a-box.md / what comes next: install-on-a-box.md"
