"""What Go's scanner says: each sentence was read off a real server or follows from the same grammar."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from informers.testing.rest.jsonscan import complaint

END = "unexpected end of JSON input"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", END),
        (b" ", END),
        (b"{", END),
        (b'{"a', END),
        (b'{"a":1,', END),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b"\x1f", "invalid character '\\x1f' looking for beginning of value"),
        (b"\xff", "invalid character '\u00ff' looking for beginning of value"),
        (b"'", "invalid character '\\'' looking for beginning of value"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        (b"{a:1}", "invalid character 'a' looking for beginning of object key string"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b"[1 2]", "invalid character '2' after array element"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b"{}{}", "invalid character '{' after top-level value"),
        (b'"\x02"', "invalid character '\\x02' in string literal"),
        (b'"\\x"', "invalid character 'x' in string escape code"),
        (b'"\\u12', "invalid character ' ' in \\u hexadecimal character escape"),
        (b"-", "invalid character ' ' in numeric literal"),
        (b"--", "invalid character '-' in numeric literal"),
        (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
        (b"1e+", "invalid character ' ' in exponent of numeric literal"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b"nul", "invalid character ' ' in literal null (expecting 'l')"),
        (b"trux", "invalid character 'x' in literal true (expecting 'e')"),
        (b"[" * 10_001, "exceeded max depth"),
    ],
)
def test_complaints(body, said):
    """Which character, and where in the grammar."""
    assert said == complaint(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES, st.integers(0, 200))
def test_agrees_with_a_reader_about_what_is_json(value, cut):
    """Whole documents and pieces of them."""
    text = json.dumps(value)
    for body in (text, text[:cut]):
        try:
            json.loads(body)
            whole = True
        except ValueError:
            whole = False

        assert whole == (complaint(body.encode()) == "")
