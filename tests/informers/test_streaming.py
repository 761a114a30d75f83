"""A list that comes as a stream of initial events: complete or nothing, and pages where the server cannot do it."""

import pytest

from informers.api.errors import KindNotServed, ResponseLost
from informers.api.objects import GroupVersionKind
from informers.api.transport import Response
from informers.initial import SILENCE
from informers.reflector import Reflector
from informers.states import ListWatchOptions
from tests.informers.scripted import Keeper, bookmark, error_event, event, initial_end, obj, page, refusal

POD = GroupVersionKind("", "v1", "Pod")


@pytest.fixture
def sink():
    """A sink that remembers."""
    return Keeper()


@pytest.fixture
def idle(runtime, server, sink, recorder):
    """A reflector that will ask for streams."""
    return Reflector(
        POD,
        lambda: "/api/v1/pods",
        lambda: KindNotServed("not served"),
        sink,
        server,
        runtime=runtime,
        observe=recorder,
        options=ListWatchOptions(streaming=True),
    )


@pytest.fixture
def reflector(runtime, idle):
    """The same, running."""
    task = runtime.spawn("reflector", idle.run)
    runtime.settle()
    yield idle
    idle.stop()
    assert task.join(100)


class TestComplete:
    def test_it_asks_for_initial_events_as_fresh_as_a_consistent_list(self, server, reflector):
        """No version is named, certainly not "0", and nothing is listed beside."""
        query = server.watch_queries()[0]

        assert {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}.items() <= query.items()
        assert ("true", None, []) == (
            query["allowWatchBookmarks"],
            query.get("resourceVersion"),
            server.list_queries(),
        )

    def test_the_sink_sees_nothing_before_the_end_and_then_all_at_once(self, runtime, server, sink, reflector):
        """H10: initial events are part of the list, deletions included; their versions mean nothing."""
        initial = [event("ADDED", obj("a", 3)), event("ADDED", obj("b", 4)), event("MODIFIED", obj("a", 6))]
        server.stream_now.send(*initial, event("DELETED", obj("b", 7)))
        runtime.settle()
        before = (list(sink.told), reflector.snapshot().state, reflector.snapshot().resource_version)
        server.stream_now.send(initial_end(9), event("ADDED", obj("c", 10)))
        runtime.settle()

        assert ([], "streaming", "") == before
        assert [("start", "9", ["a"]), ("APPLIED", "c")] == sink.told
        assert ({"a": "6", "c": "10"}, "watching", 1) == (sink.held, reflector.snapshot().state, len(server.streams))

    def test_an_empty_set_is_complete_at_once(self, runtime, server, sink, reflector):
        """The end is sent all the same."""
        server.stream_now.send(initial_end(9))
        runtime.settle()

        assert [("start", "9", [])] == sink.told

    def test_it_goes_on_like_any_watch(self, runtime, server, sink, reflector):
        """A lost stream is resumed from its version, an expired one is streamed anew, into one replacement."""
        server.stream_now.send(event("ADDED", obj("a", 3)), initial_end(9), bookmark(12))
        server.stream_now.lose()
        runtime.advance(2)
        resumed = server.watch_queries()[-1]["resourceVersion"]
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(4)
        server.stream_now.send(event("ADDED", obj("b", 20)), initial_end(30))
        runtime.settle()

        assert ("12", ("expired", "30", ["b"])) == (resumed, sink.told[-1])
        assert [] == server.list_queries()

    def test_an_object_that_cannot_be_read_is_left_out(self, runtime, server, sink, recorder, reflector):
        """The others are there."""
        bad = obj("bad", 7, labels={"a": 1})
        server.stream_now.send(event("ADDED", bad), event("ADDED", obj("a", 3)), initial_end(9))
        runtime.settle()

        assert (["a"], 1) == (sorted(sink.held), len(recorder.of("skipped")))


class TestFallback:
    @pytest.mark.parametrize("code", [400, 405, 422])
    def test_a_server_that_refuses_is_asked_for_pages_at_once_and_from_then_on(self, runtime, server, sink, idle, code):
        """The refusal costs one request for each reflector, not one for each list."""
        server.lists.extend([page(50, obj("a", 40)), page(80, obj("b", 70))])
        server.watches.append(refusal(code, "Invalid", "sendInitialEvents is forbidden"))
        runtime.spawn("reflector", idle.run)
        runtime.settle()
        first = list(sink.told)
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(4)

        assert ([("start", "50", ["a"])], ("expired", "80", ["b"])) == (first, sink.told[-1])
        assert 1 == sum("sendInitialEvents" in query for query in server.watch_queries())

    def test_initial_events_that_never_end_are_given_up(self, runtime, server, sink, reflector):
        """A server that ignores the question sends objects in any order and no mark; pages bring the truth."""
        server.lists.append(page(50, obj("a", 40)))
        server.stream_now.send(event("ADDED", obj("a", 3)), event("ADDED", obj("gone", 4)))
        runtime.advance(SILENCE - 1)
        before = list(sink.told)
        runtime.advance(2)

        assert ([], [("start", "50", ["a"])], "50") == (
            before,
            sink.told,
            server.watch_queries()[-1]["resourceVersion"],
        )

    def test_an_ordinary_bookmark_before_the_end_means_that_there_will_be_none(self, runtime, server, sink, reflector):
        """Nobody needs to wait for it."""
        server.lists.append(page(50, obj("a", 40)))
        server.stream_now.send(event("ADDED", obj("gone", 4)), bookmark(9))
        runtime.settle()

        assert [("start", "50", ["a"])] == sink.told

    def test_events_keep_patience_alive(self, runtime, server, sink, reflector):
        """A large set may take as long as it likes, while something comes."""
        for number in range(10):
            server.stream_now.send(event("ADDED", obj(f"p{number}", 3 + number)))
            runtime.advance(SILENCE - 1)
        server.stream_now.send(initial_end(99))
        runtime.settle()

        assert (10, 1, 1) == (len(sink.held), len(server.streams), len(sink.told))

    def test_a_stream_that_breaks_before_the_end_leaves_nothing_behind(self, runtime, server, sink, reflector):
        """The next stream begins from nothing; when that breaks as well, pages are asked for."""
        server.stream_now.send(event("ADDED", obj("old", 3)))
        server.stream_now.lose()
        runtime.advance(2)
        server.stream_now.send(event("ADDED", obj("older", 3)))
        server.stream_now.end()
        server.lists.append(page(50, obj("a", 40)))
        runtime.advance(5)

        assert ([("start", "50", ["a"])], 3) == (sink.told, len(server.watch_queries()))

    def test_two_streams_are_never_mixed(self, runtime, server, sink, reflector):
        """What a broken one brought may be gone by the time of the next."""
        server.stream_now.send(event("ADDED", obj("gone", 3)))
        server.stream_now.lose()
        runtime.advance(2)
        server.stream_now.send(event("ADDED", obj("a", 5)), initial_end(9))
        runtime.settle()

        assert [("start", "9", ["a"])] == sink.told

    @pytest.mark.parametrize("answer", [refusal(429, headers={"retry-after": "7"}), ResponseLost("cut")])
    def test_a_passing_failure_waits_and_streams_again(self, runtime, server, sink, reflector, answer):
        """It says nothing about what the server can do."""
        server.stream_now.send(initial_end(2), error_event(410, "Expired"))
        server.watches.append(answer)
        runtime.advance(12)
        server.stream_now.send(event("ADDED", obj("a", 3)), initial_end(9))
        runtime.settle()

        assert (("expired", "9", ["a"]), []) == (sink.told[-1], server.list_queries())

    def test_a_kind_that_is_not_served_is_absent(self, runtime, server, sink, reflector):
        """As with a list; when it appears it is streamed."""
        server.watches.extend([Response(404, {}, b"404 page not found")] * 3)
        server.stream_now.send(initial_end(2), error_event(410, "Expired"))
        runtime.advance(2)
        absent = reflector.snapshot().state
        runtime.advance(20)
        server.stream_now.send(event("ADDED", obj("a", 3)), initial_end(9))
        runtime.settle()

        assert ("absent", {"a": "3"}) == (absent, sink.held)
