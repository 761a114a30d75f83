"""Quantities such as `500m` and `1Gi`: read, compared, and written the way the server writes them back.

Pure functions of text. A quantity's number is held in nanos, as the server's finest unit is a billionth.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

__all__ = ["MALFORMED", "canonical", "nanos"]

MALFORMED: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_NO_SUFFIX: Final = "unable to parse quantity's suffix"
_SHAPE: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_EXPONENT: Final = re.compile(r"[eE]([-+]?[0-9]+)")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NAMES: Final = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY_NAMES: Final = {power: suffix for suffix, power in _BINARY.items()}
_NANO: Final = 10**9
_MILLI: Final = 10**6
_MOST: Final = 2**63 - 1
_FARTHEST: Final = 999
"""Exponents beyond it count as it: a number of a billion digits would keep the server busy for good."""
_DIGITS: Final = 18
"""The server keeps numbers of that many digits as they were written."""


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[int, str, bool]:
    """Return (nanos, format, whether it is kept as written); the format is `decimal`, `binary` or `exponent`.

    Raises:
        ValueError: It is no quantity; the message is the server's.
    """
    found = _SHAPE.fullmatch(text)
    if not text or not found:
        raise ValueError(MALFORMED)
    sign, whole, part, suffix = found.group(1), found.group(2).lstrip("0"), found.group(3), found.group(4)
    if not (found.group(2) or part is not None) and suffix:
        raise ValueError(MALFORMED)
    base, power, form = _unit(suffix)
    number = Fraction(int((whole or "0") + (part or "")), 10 ** len(part or "")) * Fraction(base) ** power
    value = -(-(number * _NANO).numerator // (number * _NANO).denominator)
    if form == "binary":
        value = min(value, _MOST * _NANO)
        if 0 < value < _NANO:
            form = "decimal"
    return (-value if sign == "-" else value), form, _kept(whole or "0", part or "", suffix, form)


def _unit(suffix: str) -> tuple[int, int, str]:
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], "decimal"
    if suffix in _BINARY:
        return 2, _BINARY[suffix], "binary"
    exponent = _EXPONENT.fullmatch(suffix)
    if not exponent:
        raise ValueError(_NO_SUFFIX)
    digits = exponent[1].lstrip("+-").lstrip("0")
    power = min(int(digits[:4] or "0"), _FARTHEST)
    return 10, -power if exponent[1].startswith("-") else power, "exponent"


def _kept(whole: str, part: str, suffix: str, form: str) -> bool:
    """The server keeps the text of a short number whose form is canonical already."""
    digits = whole + part
    if form == "binary":
        power = _BINARY[suffix]
        room = 15 - len(whole) - int(power * 3 / 10) - 1
        return not part and room >= 0 and int(digits) & 7 != 0
    scale = (_DECIMAL[suffix] if form == "decimal" and suffix in _DECIMAL else _unit(suffix)[1]) - len(part)
    if len(digits) > _DIGITS or scale < -9:
        return False
    return scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def nanos(quantity: str | float) -> int:
    """Return a quantity's number in billionths; raises ValueError when it is none."""
    return _read(str(quantity).strip())[0]


@lru_cache(maxsize=4096)
def canonical(text: str, *, milli: bool = False) -> str:
    """Return a quantity as the server writes it back.

    Args:
        text: As the client wrote it, a JSON number included.
        milli: Whether it is rounded up to a thousandth, as the quantities of a resource list are.

    Raises:
        ValueError: It is no quantity; the message is the server's.
    """
    text = text.strip()
    value, form, kept = _read(text)
    if milli and value % _MILLI:
        value, kept = -(-value // _MILLI) * _MILLI, False
    if value == 0:
        return "0"
    if kept:
        return text
    if form == "binary" and abs(value) >= 1024 * _NANO and value % _NANO == 0:
        return _written(value // _NANO, 1024, 10, _BINARY_NAMES)
    if form == "binary":
        form = "decimal"
    power = -9
    while value % 1000 == 0 and (form == "exponent" or power < 18):
        value, power = value // 1000, power + 3
    return f"{value}{_NAMES[power] if form == 'decimal' else f'e{power}' if power else ''}"


def _written(value: int, step: int, power_step: int, names: dict[int, str]) -> str:
    power = 0
    while value % step == 0 and power < max(names):
        value, power = value // step, power + power_step
    return f"{value}{names.get(power, '')}"
