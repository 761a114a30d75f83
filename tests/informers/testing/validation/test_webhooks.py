"""What is wrong with webhooks, as a real API server said it, or as Go's parser of URLs does."""

import pytest

from informers.testing.validation.webhooks import check_webhooks


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.com/path", []),
        ("https://[::1]:443", []),
        ("http://x", ["'https' is the only allowed URL scheme"]),
        (":x", ['url must be a valid URL: parse ":x": missing protocol scheme']),
        ("https://[::1", ["url must be a valid URL: parse \"https://[::1\": missing ']' in host"]),
        ("https://::1]", ['url must be a valid URL: parse "https://::1]": invalid host']),
        ("https://a@x?b#c", ["user information", "fragments", "query parameters"]),
    ],
)
def test_urls_of_webhooks(url, said):
    """One sentence for each fault."""
    hook = {"name": "a.b.c", "sideEffects": "None", "admissionReviewVersions": ["v1"], "clientConfig": {"url": url}}
    found = [cause.message for cause in check_webhooks({"webhooks": [hook]}, None)]

    assert len(said) == len(found)
    assert all(part in message for part, message in zip(said, found, strict=True))
