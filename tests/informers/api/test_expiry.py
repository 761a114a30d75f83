"""Tokens that are about to end."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from informers.api.credentials import Credential
from informers.api.expiry import ExpiryWatch, lifetime
from informers.testing.virtual.sim import SimRuntime


def bearer(**claims):
    """Return an Authorization header with an unsigned token of these claims."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, claims)]
    return f"Bearer {'.'.join(parts)}.c2VjcmV0"


@pytest.fixture
def watch():
    """Return (watch, runtime)."""
    runtime = SimRuntime()
    return ExpiryWatch("the test", runtime=runtime), runtime


def token(runtime, *, ends, issued=None, **more):
    """Return a credential whose token ends in so many seconds."""
    now = runtime.wall().timestamp()
    claims = {"exp": now + ends} | ({"iat": now + issued} if issued is not None else {})
    return Credential(bearer(**claims), **more)


class TestLifetime:
    def test_is_in_the_token(self):
        """Unverified: only the server can do that."""
        start, end = datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)

        assert (start, end) == lifetime(bearer(iat=start.timestamp(), exp=end.timestamp()))
        assert (None, end) == lifetime(bearer(exp=end.timestamp(), sub="x"))

    @pytest.mark.parametrize(
        "header",
        ["", "Basic abc", "Bearer opaque", "Bearer a.b.c", "Bearer a.e30.c", bearer(exp=1e30), bearer(exp="x")],
    )
    def test_many_tokens_do_not_say(self, header):
        """Nothing is made of them."""
        assert lifetime(header) is None


class TestWarning:
    def test_once_and_in_time(self, watch, caplog):
        """Ten minutes before the end, without the token."""
        watch, runtime = watch
        credential = token(runtime, ends=3600)
        watch.look(credential)
        early = len(caplog.records)
        runtime.advance(3000)
        for _ in range(3):
            watch.look(credential)
        fields = caplog.records[0].fields

        assert (0, 1) == (early, len(caplog.records))
        assert runtime.wall() + timedelta(seconds=600) == datetime.fromisoformat(fields.pop("expires"))
        assert {"source": "the test"} == fields
        assert "c2VjcmV0" not in caplog.text

    def test_a_short_life_is_no_reason(self, watch, caplog):
        """A token for ten minutes is replaced after eight: only one that is forgotten is worth a word."""
        watch, runtime = watch
        credential = token(runtime, ends=600, issued=0)
        for seconds in (0, 500, 39):
            runtime.advance(seconds)
            watch.look(credential)
        quiet = len(caplog.records)
        runtime.advance(2)
        watch.look(credential)

        assert (0, 1) == (quiet, len(caplog.records))

    def test_a_new_token_is_a_new_story(self, watch, caplog):
        """Replaced in time, nothing is said; forgotten again, it is."""
        watch, runtime = watch
        watch.look(token(runtime, ends=60))
        watch.look(token(runtime, ends=7200))
        watch.look(token(runtime, ends=50))

        assert 2 == len(caplog.records)

    def test_what_is_renewed_anyway_needs_no_warning(self, watch, caplog):
        """A plugin says itself when its token ends."""
        watch, runtime = watch
        watch.look(token(runtime, ends=60, expires=runtime.wall()))

        assert [] == caplog.records
