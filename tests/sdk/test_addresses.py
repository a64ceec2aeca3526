"""Which addresses may be called for somebody else, and what the C library takes for one."""

from __future__ import annotations

import ipaddress

import pytest

from augury.sdk.addresses import Allowed, literal, parse


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fd00:ec2::254",
        "2001:db8::1", "::7f00:1", "64:ff9b:1::a9fe:a9fe", "2001:0:a9fe:a9fe::",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not Allowed().permits(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_permitted(address: str) -> None:
    assert Allowed().permits(ipaddress.ip_address(address))


def test_allowed_networks_open_what_they_name_and_nothing_else() -> None:
    allowed = Allowed(["10.0.0.0/8", "fd00::/8"])
    for address, permitted in (("10.9.9.9", True), ("::ffff:10.1.1.1", True), ("fd00::1", True), ("127.0.0.1", False)):
        assert allowed.permits(ipaddress.ip_address(address)) is permitted


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001"])
def test_every_form_of_an_address_that_a_resolver_takes_is_known_as_one(host: str) -> None:
    assert literal(host) == ipaddress.ip_address("127.0.0.1")


def test_an_ipv6_address_is_known_as_one_and_a_name_is_not() -> None:
    assert literal("::1") == ipaddress.ip_address("::1")
    assert [literal(host) for host in ("localhost", "example.com", "", "a" * 300, "1.2.3.4.5")] == [None] * 5


def test_the_scope_of_an_address_does_not_matter() -> None:
    assert not Allowed().permits(parse("fe80::1%lo"))
