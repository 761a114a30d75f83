"""The seam to the API server as values."""

import pytest

from informers.api.http import HttpTransport
from informers.api.streams import HttpStream
from informers.api.transport import Call, Response, Stream, Transport

DATE = "Tue, 24 Nov 2026 10:00:{} GMT"


class TestCall:
    @pytest.mark.parametrize(
        ("method", "writes"),
        [
            ("GET", False),
            ("HEAD", False),
            ("OPTIONS", False),
            ("POST", True),
            ("PUT", True),
            ("PATCH", True),
            ("DELETE", True),
        ],
    )
    def test_knows_whether_it_may_change_something(self, method, writes):
        """By its method."""
        assert writes == Call(method, "/").is_write

    def test_a_review_of_permissions_changes_nothing(self):
        """So it may be sent again, and by a replica that does not lead."""
        assert not Call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").is_write
        assert Call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles").is_write


class TestResponse:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "3"}, 3.0),
            ({"retry-after": " 0 "}, 0.0),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "\u00b2"}, None),
            ({"retry-after": "86400"}, 300.0),
            ({"retry-after": DATE.format(20), "date": DATE.format(13)}, 7.0),
            ({"retry-after": DATE.format(13), "date": DATE.format(20)}, 0.0),
            ({"retry-after": "Wed, 25 Nov 2026 10:00:00 GMT", "date": DATE.format(13)}, 300.0),
            ({"retry-after": DATE.format(20)}, None),
        ],
    )
    def test_how_long_to_wait(self, headers, seconds):
        """Seconds, or a date by the server's own clock; never more than five minutes (H14)."""
        assert seconds == Response(429, headers, b"").retry_after


def test_production_fits_the_seam():
    """What the protocols ask for is there."""
    for protocol, implementation in ((Transport, HttpTransport), (Stream, HttpStream)):
        asked = {name for name in vars(protocol) if not name.startswith("_")} | {"__iter__"} & set(vars(protocol))

        assert asked <= set(dir(implementation))
