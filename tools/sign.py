"""Keys and signatures of releases. A key is made once, lives outside every checkout, and is never a file in it.

    python tools/sign.py new FILE          # FILE (private, under a passphrase) and FILE.pub
    python tools/sign.py sign DIR FILE     # SHA256SUMS.sig of a bundle
    python tools/sign.py verify DIR FILE.pub

The passphrase is typed, or the first line of the file named by --passphrase-file.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)

from jiangdun.hall import passphrase, release

ROOT = Path(__file__).resolve().parent.parent


def new(path: Path, secret: bytes) -> None:
    if path.resolve().is_relative_to(ROOT):
        sys.exit("sign: a key does not lie in the checkout; name a place outside it")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_name(path.name + ".pub").write_bytes(public)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("new")
    making.add_argument("key", type=Path)
    signing = verbs.add_parser("sign")
    verifying = verbs.add_parser("verify")
    for verb in (signing, verifying):
        verb.add_argument("folder", type=Path)
        verb.add_argument("key", type=Path)
    for verb in (making, signing):
        passphrase.arguments(verb)
    options = parser.parse_args()
    if options.verb == "new":
        new(options.key, passphrase.ask(options, "a passphrase for the release key", new=True))
    elif options.verb == "sign":
        secret = passphrase.ask(options, "the release key's passphrase", new=False)
        try:
            release.sign(options.folder, options.key.read_bytes(), secret)
        except ValueError as error:
            sys.exit(f"sign: {error}")
    else:
        print(
            f"sign: {release.verify(options.folder, options.key.read_bytes())} files are as they were signed"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
