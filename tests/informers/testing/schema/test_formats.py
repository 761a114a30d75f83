"""Formats and regular expressions as the server reads them."""

import pytest

from informers.testing.schema.formats import is_known, matches, pattern_fault, satisfies


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("^a+$", ""),
        (r"^[[:alpha:]]+\z", ""),
        ("[", "missing closing ]: `[`"),
        ("a[b", "missing closing ]: `[b`"),
        ("(", "missing closing ): `(`"),
        ("a)", "unexpected ): `a)`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a\\", "trailing backslash at end of expression: ``"),
    ],
)
def test_a_pattern_that_is_none_is_refused_in_go_s_words(pattern, fault):
    """With the part that is wrong."""
    assert fault == pattern_fault(pattern)


@pytest.mark.parametrize(("text", "fits"), [("a", True), ("a\n", False)])
def test_the_end_of_a_pattern_is_the_very_end(text, fits):
    """Unlike for Python, a last line's end is not."""
    assert fits == matches("^a$", text)


@pytest.mark.parametrize(
    ("name", "good", "bad"), [("ipv4", "1.2.3.4", "1.2.3"), ("date-time", "2020-01-01T00:00:00Z", "x")]
)
def test_known_formats_are_checked(name, good, bad):
    """Dashes in their names do not count."""
    assert is_known(name)
    assert (True, False) == (satisfies(name, good), satisfies(name, bad))
