"""The seam to the API server as values."""

import pytest

from informers.api.http import HttpTransport
from informers.api.streams import HttpStream
from informers.api.transport import Call, Response, Stream, Transport


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


class TestResponse:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [({}, None), ({"retry-after": "3"}, 3.0), ({"retry-after": "0"}, 0.0), ({"retry-after": "soon"}, None)],
    )
    def test_how_long_to_wait(self, headers, seconds):
        """Only a number of seconds is understood; a date would need a clock that agrees with the server's."""
        assert seconds == Response(429, headers, b"").retry_after


def test_production_fits_the_seam():
    """What the protocols ask for is there."""
    for protocol, implementation in ((Transport, HttpTransport), (Stream, HttpStream)):
        asked = {name for name in vars(protocol) if not name.startswith("_")} | {"__iter__"} & set(vars(protocol))

        assert asked <= set(dir(implementation))
