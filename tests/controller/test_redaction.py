"""Credentials in texts, and texts that only look like some."""

import pytest

from controller.redaction import HIDDEN, scrub, telling

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer hunter2-hunter2", f"Authorization: Bearer {HIDDEN}"),
        ("proxy-authorization: basic aHVudGVyMg==", f"proxy-authorization: basic {HIDDEN}"),
        ("https://me:hunter2@host/x failed", f"https://me:{HIDDEN}@host/x failed"),
        (f"got {TOKEN}, expired", f"got {HIDDEN}, expired"),
        ("GET /x?token=hunter2&a=b", f"GET /x?token={HIDDEN}&a=b"),
        ("DB_PASSWORD=hunter2 is wrong", f"DB_PASSWORD={HIDDEN} is wrong"),
        ('{"clientSecret": "hunter2", "a": 1}', f'{{"clientSecret": "{HIDDEN}", "a": 1}}'),
        ("{'token': 'hunter2'}", f"{{'token': '{HIDDEN}'}}"),
        (
            "-----BEGIN EC PRIVATE KEY-----\nhunter2\n-----END EC PRIVATE KEY-----",
            f"-----BEGIN EC PRIVATE KEY-----{HIDDEN}-----END EC PRIVATE KEY-----",
        ),
    ],
)
def test_what_looks_like_a_credential_is_blotted_out(text, expected):
    """And nothing else of the text."""
    assert expected == scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        'secrets "db" not found',
        "secret rotated",
        "https://10.0.0.1:6443/api/v1/secrets?labelSelector=app=x",
        "the token of the service account expired",
        "image: memcached:1.6-alpine",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_ordinary_words_stay(text):
    """A log without words helps nobody."""
    assert text == scrub(text)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("password", "x", True),
        ("bearerToken", b"x", True),
        ("secretName", "tls", False),
        ("Secret", {"name": "tls"}, False),
    ],
)
def test_a_field_that_tells_hides_its_text(key, value, expected):
    """The name of a Secret is none."""
    assert expected is telling(key, value)
