"""Quantities: amounts are compared as numbers and written the way the server writes them back."""

import pytest

from informers.testing.schema.quantities import canonical, nanos


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("1", "1"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.1Ki", "102400m"),
        ("12e2", "1200"),
        ("1e3", "1e3"),
        ("1e-3", "1e-3"),
        ("100000k", "100M"),
        ("00123", "00123"),
        ("+5", "+5"),
        (" 1", "1"),
        ("1e19", "10e18"),
        ("10Ei", "9223372036854775807"),
        ("0.1n", "1n"),
    ],
)
def test_the_canonical_form(given, written):
    """The largest unit without a fraction, rounded up; odd ones stay as they were written."""
    assert written == canonical(given)


@pytest.mark.parametrize("given", ["", "1x", "1mm", "1.5.1", "one"])
def test_what_is_no_quantity(given):
    """The sentence tells the regular expression, or that the suffix is unknown."""
    with pytest.raises(
        ValueError, match=r"quantities must match the regular expression|unable to parse quantity's suffix"
    ):
        canonical(given)


def test_amounts_are_compared_as_numbers():
    """Whatever the unit."""
    assert nanos("1") == nanos("1000m") == nanos(1)
    assert nanos("1Gi") == nanos("1073741824")
    assert nanos("1G") < nanos("1Gi")
    assert nanos("-1") < 0


def test_numbers_of_a_billion_digits_are_not_written_out():
    """They are large, and no request waits for them."""
    assert nanos("1e99") < nanos("1e999999999") == nanos(f"1e+{'9' * 5000}")
    assert 1 == nanos("1e-999999999")
    assert "1e999999" == canonical("1e999999")
