"""DER, the bytes that certificates and keys are written in (ITU-T X.690): values in, bytes out.

As much of it as X.509 needs to be written; what others wrote is read by libraries. Each function returns one whole
element: its tag, its length and its content.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["TRUE", "bits", "element", "identifier", "integer", "moment", "octets", "pem", "sequence", "tagged", "text"]

TRUE = b"\x01\x01\xff"
"""What is false is left out, being the default wherever certificates have a boolean."""


def element(tag: int, content: bytes) -> bytes:
    """Return a content with its tag and its length in front."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """Return elements in their order."""
    return element(0x30, b"".join(parts))


def tagged(number: int, *parts: bytes) -> bytes:
    """Return elements under a tag that only their surroundings give a meaning to."""
    return element(0xA0 | number, b"".join(parts))


def integer(value: int) -> bytes:
    """Return a number that is not negative."""
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def octets(value: bytes) -> bytes:
    """Return bytes."""
    return element(0x04, value)


def bits(value: bytes, *, unused: int = 0) -> bytes:
    """Return bits, of which the last `unused` ones of the last byte do not count."""
    return element(0x03, bytes((unused,)) + value)


def text(value: str) -> bytes:
    """Return a text, in UTF-8."""
    return element(0x0C, value.encode())


def identifier(dotted: str) -> bytes:
    """Return an object identifier, such as `2.5.4.3`."""
    first, second, *rest = map(int, dotted.split("."))
    return element(0x06, b"".join(map(_in_sevens, (40 * first + second, *rest))))


def moment(when: datetime) -> bytes:
    """Return an aware time to the second; the year has two digits until 2049, as RFC 5280 wants it."""
    utc = when.astimezone(UTC)
    if utc.year < 2050:
        return element(0x17, f"{utc:%y%m%d%H%M%SZ}".encode())
    return element(0x18, f"{utc:%Y%m%d%H%M%SZ}".encode())


def pem(label: str, content: bytes) -> bytes:
    """Return an element as the text that files hold: base64 between two lines with a label."""
    coded = b64encode(content).decode()
    lines = (coded[at : at + 64] for at in range(0, len(coded), 64))
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----\n")).encode()


def _in_sevens(number: int) -> bytes:
    """Return a number seven bits a byte, the highest bit of all but the last byte set."""
    low = [number & 0x7F]
    while number := number >> 7:
        low.append(0x80 | number & 0x7F)
    return bytes(reversed(low))
