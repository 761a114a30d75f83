"""Watches straight from the server, and the ways they end."""

import pytest

from informers.api.errors import ApiError, Expired, Forbidden, KindNotServed, ResponseLost, Undecodable
from tests.informers.api.played import CONFIG_MAP, Pieces, answer, config_map, event, status


@pytest.fixture
def watch(play):
    """Return a function that opens a watch whose stream has these pieces: (events, stream, calls)."""

    def open_(*pieces, kind=CONFIG_MAP, **options):
        stream = Pieces(200, {}, list(pieces))
        client, calls, _ = play(stream)
        return client.watch(kind, **options), stream, calls

    return open_


def bookmark(version, **annotations):
    """Return a bookmark."""
    meta = {"resourceVersion": version, "annotations": annotations}
    return event("BOOKMARK", {"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta})


class TestEvents:
    def test_what_happens_is_told_in_order(self, watch):
        """With the object as it is after the event, across the borders of pieces."""
        lines = event("ADDED", config_map("a")) + event("DELETED", config_map("b", resourceVersion="8"))
        events, _, _ = watch(lines[:50], lines[50:])
        told = [(one.type, one.object["metadata"]["name"]) for one in events]

        assert [("ADDED", "a"), ("DELETED", "b")] == told
        assert ("8", "closed") == (events.resource_version, events.ended)

    def test_what_is_asked(self, watch):
        """Bookmarks always, an end always, and patience a little longer than the server's."""
        events, _, calls = watch(namespace="ns", labels="a=b", resource_version="7", timeout=60)
        query = dict(calls[0].query)

        assert {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": "60"}.items() <= query.items()
        assert {"labelSelector": "a=b", "resourceVersion": "7"}.items() <= query.items()
        assert 70 == calls[0].timeout
        assert [] == list(events)

    def test_without_a_time_it_takes_a_random_one(self, watch):
        """So that a fleet does not come back at once."""
        _, _, calls = watch()

        assert 290 <= int(dict(calls[0].query)["timeoutSeconds"]) <= 580

    def test_bookmarks_move_the_version(self, watch):
        """Unasked they are not told (H9)."""
        events, _, _ = watch(event("ADDED", config_map()), bookmark("12"))

        assert (["ADDED"], "12") == ([one.type for one in events], events.resource_version)

    def test_bookmarks_on_request(self, watch):
        """For whoever saves the version."""
        events, _, _ = watch(bookmark("12"), bookmarks=True)

        assert [("BOOKMARK", "12")] == [(one.type, one.object["metadata"]["resourceVersion"]) for one in events]

    def test_initial_events(self, watch):
        """A mark tells when everything that was there has been told."""
        events, _, calls = watch(
            event("ADDED", config_map()), bookmark("9", **{"k8s.io/initial-events-end": "true"}), initial_events=True
        )
        done = [events.initial_done for _ in events] + [events.initial_done]

        assert [False, True] == done
        assert {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}.items() <= dict(
            calls[0].query
        ).items()

    def test_one_bad_event_does_not_end_the_loop(self, watch):
        """Whoever catches it goes on with the next (H24)."""
        events, _, _ = watch(b'{"type": "ADDED", "object": 7}\n', event("ADDED", config_map()))

        with pytest.raises(Undecodable, match="an event of ConfigMap"):
            next(events)
        assert "a" == next(events).object["metadata"]["name"]


class TestEnds:
    @pytest.mark.parametrize(
        ("last", "error", "ended"),
        [
            (event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"}), Expired, "expired"),
            (event("ERROR", {"kind": "Status", "code": 500, "reason": "InternalError"}), ApiError, "refused"),
            (ResponseLost("reset"), ResponseLost, "lost"),
        ],
    )
    def test_a_failure_is_raised_and_named(self, watch, last, error, ended):
        """Once; after that the loop is simply over (H5)."""
        events, stream, _ = watch(event("ADDED", config_map()), last)
        next(events)

        with pytest.raises(error):
            next(events)
        assert (ended, "7") == (events.ended, events.resource_version)
        assert [] == list(events)
        assert stream.closed

    def test_leaving_hangs_up(self, watch):
        """A watch is a context manager."""
        events, stream, _ = watch(event("ADDED", config_map()), event("ADDED", config_map("b")))
        with events:
            next(events)

        assert stream.closed
        assert ([], "stopped") == (list(events), events.ended)

    @pytest.mark.parametrize(
        ("refusal", "error"),
        [
            (status(403, "Forbidden"), Forbidden),
            (status(410, "Expired"), Expired),
            (answer(b"404 page not found", 404), KindNotServed),
        ],
    )
    def test_a_refused_watch_is_an_error_at_once(self, play, refusal, error):
        """And not at the first event."""
        client, _, _ = play(refusal)

        with pytest.raises(error):
            client.watch(CONFIG_MAP)
