"""Selectors that a query may not have, each with the sentence of a real API server."""

import pytest

from informers.testing.rest.selectors import field_fault, label_fault


@pytest.mark.parametrize("text", ["", "a", "!a", "a=b", "a==b,c!=d", "a in (b,c)", "a notin (b)", "a>1", "x.io/a="])
def test_good_label_selectors_pass(text):
    """Nothing is said of them."""
    assert label_fault(text) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        (
            "a>b",
            'unable to parse requirement: values[0]: Invalid value: "b": '
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ],
)
def test_the_first_fault_of_a_label_selector_is_told(text, fault):
    """With what was found, and what could have stood there."""
    assert fault == label_fault(text)


def test_names_and_values_in_a_label_selector_are_those_of_labels():
    """A key or a value that no label can have is refused with the rule."""
    assert label_fault("a/b/c").startswith('unable to parse requirement: <nil>: Invalid value: "a/b/c": ')
    assert label_fault("a=-b").startswith('unable to parse requirement: values[0][a]: Invalid value: "-b": ')


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("metadata.name=a", ""),
        ("metadata.name!=a,status.phase=", ""),
        (r"metadata.name=a\,b", ""),
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        (r"a=b\c", r"invalid field selector: invalid escape sequence: \c"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("=b", "field label not supported: "),
    ],
)
def test_field_selectors_have_terms_of_a_path_and_a_value(text, fault):
    """Commas and equal signs in a value are escaped, and nothing else is."""
    assert fault == field_fault(text)
