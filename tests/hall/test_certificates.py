"""The box's own authority: what it vouches for, what it refuses, and who may use its key."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core.trouble import Trouble
from jiangdun.hall import certificates, install_page
from jiangdun.hall.certificates import Pair

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
NAMES = ("jiangdun.lan", "10.20.0.5", "fd00::5", "watch.example.gov.cn", "203.0.113.9")
SECRET = "江水滔滔 and wide".encode()


@pytest.fixture(scope="module")
def authority() -> Pair:
    return certificates.make_authority(NAMES, NOW, SECRET, "Jiangdun private CA")


def test_it_vouches_for_what_was_asked_and_for_the_house(authority: Pair) -> None:
    names = (*NAMES, "192.168.7.7", "other.lan", "board.watch.example.gov.cn")
    made = certificates.issue(authority, SECRET, names, NOW)
    told = certificates.about(made.certificate)
    assert told.names == names
    assert told.days_left(NOW) == certificates.SERVER_DAYS
    assert told.not_before < NOW
    assert made.certificate.endswith(authority.certificate), "the chain is served"
    x509.load_pem_x509_certificate(made.certificate).verify_directly_issued_by(
        x509.load_pem_x509_certificate(authority.certificate)
    )


@pytest.mark.parametrize(
    "name", ["bank.example", "example.gov.cn", "203.0.113.10", "2001:db8::1", "evil-jiangdun.lan.cn"]
)
def test_it_refuses_what_lies_outside(authority: Pair, name: str) -> None:
    with pytest.raises(Trouble) as refused:
        certificates.issue(authority, SECRET, (name,), NOW)
    assert (refused.value.code, refused.value.values["value"]) == ("cert_outside", name)


def test_its_key_opens_with_its_passphrase_only(authority: Pair) -> None:
    assert certificates.is_locked(authority.key)
    for wrong in (None, b"", b"something else"):
        with pytest.raises(Trouble, match="wrong_passphrase"):
            certificates.issue(authority, wrong, NAMES, NOW)
    unlocked = certificates.make_authority(NAMES, NOW, None, "CA")
    assert not certificates.is_locked(unlocked.key)
    assert certificates.issue(unlocked, None, NAMES, NOW).key


def test_no_certificate_outlives_its_authority(authority: Pair) -> None:
    late = NOW + timedelta(days=certificates.CA_DAYS - 30)
    assert (
        certificates.about(certificates.issue(authority, SECRET, NAMES, late).certificate).days_left(late)
        == 30
    )
    with pytest.raises(Trouble, match="cert_over"):
        certificates.issue(authority, SECRET, NAMES, NOW + timedelta(days=certificates.CA_DAYS))


@given(st.lists(st.text(max_size=80), max_size=40))
def test_names_are_read_or_refused_whatever_they_are(given_names: list[str]) -> None:
    try:
        names = certificates.read_names(given_names)
    except Trouble:
        return
    assert certificates.read_names(names) == names, "one form"
    for name in names:
        assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789.-:")


@pytest.mark.parametrize(
    "wrong",
    ["", "a b", "*.lan", "-a.lan", "a..lan", "host:8600", "http://x", "1.2.3", "a_b", "x" * 64, "江盾.lan"],
)
def test_what_is_no_name_is_named(wrong: str) -> None:
    with pytest.raises(Trouble) as refused:
        certificates.read_names(["ok.lan", wrong])
    assert refused.value.code == "cert_name"


def test_names_come_in_one_form_each_once() -> None:
    assert certificates.read_names(["Jiangdun.LAN.", "jiangdun.lan", "[FD00::0005]", "10.0.0.5"]) == (
        "jiangdun.lan",
        "fd00::5",
        "10.0.0.5",
    )


def test_the_page_says_the_fingerprint_every_system_shows(authority: Pair) -> None:
    made = certificates.issue(authority, SECRET, NAMES, NOW)
    page = install_page.page(certificates.about(authority.certificate), certificates.about(made.certificate))
    assert certificates.fingerprint(authority.certificate) in page
    assert all(
        name in page for name in (*NAMES, "Windows", "Android", "iPhone", "Linux", install_page.CERTIFICATE)
    )
    assert "<script" not in page
    assert "http:" not in page


def test_house_networks_are_private() -> None:
    assert all(
        ipaddress.ip_network(text).is_private or text == "100.64.0.0/10"
        for text in certificates.HOUSE_NETWORKS
    )
