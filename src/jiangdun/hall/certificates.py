"""The box's own certificates: a private authority that may vouch for this house only, and what it vouches for.

ECDSA P-256 with SHA-256, which every phone of the last ten years knows. The authority's certificate carries name
constraints (RFC 5280, 4.2.1.10): private addresses, names that never leave a house, and the names asked for. Whoever
steals its key can pretend to be this box, not a bank. A server certificate lasts `SERVER_DAYS`, fewer than the 825
days beyond which Apple's systems refuse one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jiangdun.core.trouble import Trouble

SERVER_DAYS: Final = 397
CA_DAYS: Final = 3_650
WARN_DAYS: Final = 30
"""So long before its end a certificate is spoken of."""
NAMES_MAX: Final = 32
EARLY: Final = timedelta(hours=1)
"""A phone whose clock is a little behind must not refuse a certificate made just now."""
HOUSE_NAMES: Final = ("localhost", "lan", "local", "internal", "home.arpa")
"""Names, and all below them, that never leave a house (RFC 6762, RFC 8375, ICANN's `.internal`)."""
HOUSE_NETWORKS: Final = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                         "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")  # fmt: skip
"""Private addresses (RFC 1918, 6598, 3927, 4193, 4291)."""
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class About:
    """What a certificate says: names and addresses, its end, and the SHA-256 over its DER form."""

    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str

    def days_left(self, now: datetime) -> int:
        """Whole days until its end; below 0 once it is over."""
        return (self.not_after - now) // timedelta(days=1)


def read_names(given: Sequence[str]) -> tuple[str, ...]:
    """Names and addresses in their one form, each once, in the order given. Raises Trouble naming the wrong one."""
    found = tuple(dict.fromkeys(_name(one) for one in given))
    if not 0 < len(found) <= NAMES_MAX:
        raise Trouble("cert_names", most=NAMES_MAX)
    return found


def _name(given: str) -> str:
    text = given.strip().lower().rstrip(".")
    address = _address(text.strip("[]"))
    if address is not None:
        return str(address)
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise Trouble("cert_name", value=given[:80])
    return text


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def make_authority(names: Sequence[str], now: datetime, passphrase: bytes | None, title: str) -> Pair:
    """A new authority, which may vouch for the house and for `names`. `now` is true time."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Jiangdun"),
            x509.NameAttribute(NameOID.COMMON_NAME, title[:64]),
        ]
    )
    builder = _began(subject, subject, key.public_key(), now, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(sign_certificates=True), critical=True)
    builder = builder.add_extension(_constraints(names), critical=True)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    return Pair(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM), _key_text(key, passphrase))


def issue(authority: Pair, passphrase: bytes | None, names: Sequence[str], now: datetime) -> Pair:
    """A server certificate for `names`, followed by the authority's, and its new key.

    Raises Trouble for a wrong passphrase, an authority that is over, or a name it may not vouch for.
    """
    ca = x509.load_pem_x509_certificate(authority.certificate)
    signer = _open_key(authority.key, passphrase)
    if now + timedelta(days=1) > ca.not_valid_after_utc:
        raise Trouble("cert_over")
    outside = [name for name in names if not _may_vouch(ca, name)]
    if outside:
        raise Trouble("cert_outside", value=", ".join(outside))
    key = ec.generate_private_key(ec.SECP256R1())
    days = min(SERVER_DAYS, (ca.not_valid_after_utc - now).days)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    builder = _began(subject, ca.subject, key.public_key(), now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
    )
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    signed = builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)
    return Pair(signed + authority.certificate, _key_text(key, None))


def about(pem: bytes) -> About:
    """What the first certificate in `pem` says. Raises ValueError for what is no certificate."""
    one = x509.load_pem_x509_certificate(pem)
    return About(_names_of(one), one.not_valid_before_utc, one.not_valid_after_utc, fingerprint(pem))


def fingerprint(pem: bytes) -> str:
    """SHA-256 over the DER form, as every system shows it: `AB:CD:…`."""
    digest = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02X}" for byte in digest)


def is_locked(key: bytes) -> bool:
    """Whether a key asks for a passphrase."""
    return b"ENCRYPTED" in key.split(b"\n", 1)[0]


def _names_of(one: x509.Certificate) -> tuple[str, ...]:
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    found = [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]
    return tuple(found)


def _began(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    start = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - EARLY)
        .not_valid_after(start + timedelta(days=days))
    )


def _usage(sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(names: Sequence[str]) -> x509.NameConstraints:
    hosts = list(dict.fromkeys([*HOUSE_NAMES, *(name for name in names if _address(name) is None)]))
    networks = [ipaddress.ip_network(text) for text in HOUSE_NETWORKS]
    for name in names:
        address = _address(name)
        if address is not None and not any(address in network for network in networks):
            networks.append(ipaddress.ip_network(address))
    permitted: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    permitted += [x509.IPAddress(network) for network in networks]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _may_vouch(ca: x509.Certificate, name: str) -> bool:
    permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    address = _address(name)
    if address is not None:
        networks = [
            ipaddress.ip_network(str(one.value)) for one in permitted if isinstance(one, x509.IPAddress)
        ]
        return any(address in network for network in networks)
    hosts = [one.value for one in permitted if isinstance(one, x509.DNSName)]
    return any(name == host or name.endswith(f".{host}") for host in hosts)


def _general(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _key_text(key: EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def _open_key(key: bytes, passphrase: bytes | None) -> EllipticCurvePrivateKey:
    try:
        opened = serialization.load_pem_private_key(key, passphrase if is_locked(key) else None)
    except (ValueError, TypeError):
        raise Trouble("wrong_passphrase") from None
    assert isinstance(opened, EllipticCurvePrivateKey), "an authority of ours"
    return opened
