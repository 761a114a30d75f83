"""The bytes of DER, as X.690 and RFC 5280 have them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from informers import der

SUMMER = timezone(timedelta(hours=2))


@pytest.mark.parametrize(("number", "written"), [(0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100")])
def test_a_number_never_looks_negative(number, written):
    """A byte of zeros stands in front of one whose highest bit is set."""
    assert written == der.integer(number).hex()


@pytest.mark.parametrize(("size", "head"), [(0, "0400"), (127, "047f"), (128, "048180"), (256, "04820100")])
def test_a_length_is_as_short_as_it_can_be(size, head):
    """Up to 127 it is one byte; beyond, the first byte tells how many there are."""
    assert head == der.octets(bytes(size))[: -size or None].hex()


@pytest.mark.parametrize(
    ("dotted", "written"),
    [("2.5.4.3", "0603550403"), ("1.2.840.113549", "06062a864886f70d"), ("2.999.3", "0603883703")],
)
def test_an_identifier_is_written_seven_bits_a_byte(dotted, written):
    """The first two numbers share one."""
    assert written == der.identifier(dotted).hex()


@pytest.mark.parametrize(
    ("when", "written"),
    [
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, 1, 30, tzinfo=SUMMER), b"\x17\x0d491231233000Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_a_year_has_four_digits_from_2050_on(when, written):
    """Whatever the time zone, what counts is the time in UTC."""
    assert written == der.moment(when)


def test_bits_say_how_many_of_the_last_byte_do_not_count():
    """As the flags of a key's uses need it."""
    assert "03020186" == der.bits(b"\x86", unused=1).hex()


def test_parts_keep_their_order():
    """A sequence holds them just so, and so does a tag of its own meaning."""
    parts = (der.integer(1), der.text("a"), der.TRUE)

    assert "3009" + "020101" + "0c0161" + "0101ff" == der.sequence(*parts).hex()
    assert "a309" + "020101" + "0c0161" + "0101ff" == der.tagged(3, *parts).hex()


def test_pem_has_lines_of_64():
    """And a newline at the end, as files have it."""
    first, *lines, last, end = der.pem("KEY", bytes(100)).decode().split("\n")

    assert ("-----BEGIN KEY-----", "-----END KEY-----", "") == (first, last, end)
    assert [64, 64, 8] == [len(line) for line in lines]
