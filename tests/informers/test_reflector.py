"""A reflector against a scripted server: what it asks, what it survives, what it tells its sink."""

import logging

import pytest

from informers.api.errors import KindNotServed, ResponseLost, Unreachable
from informers.api.objects import GroupVersionKind
from informers.api.transport import Response
from informers.lists import ListLimit
from informers.reflector import Reflector
from informers.states import ListWatchOptions
from tests.informers.scripted import Keeper, bookmark, error_event, event, obj, page, refusal

POD = GroupVersionKind("", "v1", "Pod")


@pytest.fixture
def sink():
    """A sink that remembers."""
    return Keeper()


@pytest.fixture
def reflector(runtime, server, sink, recorder):
    """A reflector of pods, not started."""
    return Reflector(
        POD,
        lambda: "/api/v1/pods",
        lambda: KindNotServed("not served; install it with: kubectl apply -f crd.yaml"),
        sink,
        server,
        runtime=runtime,
        observe=recorder,
    )


@pytest.fixture
def running(runtime, reflector):
    """The same, watching an empty list of version 1."""
    task = runtime.spawn("reflector", reflector.run)
    runtime.settle()
    yield reflector
    reflector.stop()
    assert task.join(100)
    assert task.error is None


class TestHappyDay:
    def test_it_lists_and_then_watches_from_the_lists_version(self, runtime, server, sink, reflector):
        """The sink gets the whole list first, then the events, in order."""
        server.lists.extend([page(5, obj("a", 3), continue_="more"), page(5, obj("b", 4))])
        runtime.spawn("reflector", reflector.run)
        runtime.settle()
        server.stream_now.send(event("ADDED", obj("c", 6)), event("DELETED", obj("a", 7)), bookmark(9))
        runtime.settle()

        assert [("start", "5", ["a", "b"]), ("APPLIED", "c"), ("DELETED", "a"), ("progress", "9")] == sink.told
        assert ["5"] == [query["resourceVersion"] for query in server.watch_queries()]
        assert ("watching", "9") == (reflector.snapshot().state, reflector.snapshot().resource_version)

    def test_no_request_ever_asks_for_version_zero(self, runtime, server, running):
        """H1, H10: neither lists nor watches, through ends, losses and expiries."""
        for answer in (error_event(410, "Expired"), None, bookmark(8)):
            server.stream_now.send(answer)
            runtime.advance(100)
        server.stream_now.lose()
        runtime.advance(100)

        assert {None} == {query.get("resourceVersion") for query in server.list_queries()}
        assert not {"", "0", None} & {query["resourceVersion"] for query in server.watch_queries()}

    def test_a_stream_that_ends_is_followed_by_the_next_from_the_last_version(self, runtime, server, sink, running):
        """No list, no wait, nothing lost."""
        server.stream_now.send(event("ADDED", obj("a", 8)))
        runtime.advance(300)
        server.stream_now.end()
        runtime.settle()

        assert ["1", "8"] == [query["resourceVersion"] for query in server.watch_queries()]
        assert (1, 300.0) == (len(server.list_queries()), server.times[-1])

    def test_lines_may_arrive_in_any_pieces(self, runtime, server, sink, running):
        """A line is whole when its newline is there, and not before."""
        for byte in event("ADDED", obj("a", 8)):
            assert {} == sink.held
            server.stream_now.send(bytes([byte]))
            runtime.settle()

        assert {"a": "8"} == sink.held

    def test_half_a_line_at_the_end_is_read_again_on_the_next_stream(self, runtime, server, sink, running):
        """Cut anywhere, the event comes once more, because the version did not move."""
        line = event("ADDED", obj("a", 8))
        server.stream_now.send(line[:-1])
        server.stream_now.lose()
        runtime.advance(2)

        assert ({}, "1") == (sink.held, server.watch_queries()[-1]["resourceVersion"])

    def test_observers_hear_of_everything(self, runtime, server, recorder, running):
        """Lists, events and the ends of watches are counted."""
        server.stream_now.send(event("ADDED", obj("a", 8)), bookmark(9), None)
        runtime.settle()

        assert [
            ("listed", 0, "start"),
            ("event", "ADDED"),
            ("event", "BOOKMARK"),
            ("ended", "closed"),
        ] == recorder.heard


class TestExpiry:
    def test_a_410_in_the_stream_leads_to_one_list_after_a_short_wait(self, runtime, server, sink, recorder, running):
        """H5: the list brings what was missed."""
        server.lists.append(page(90, obj("a", 80)))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.settle()
        assert 1 == len(server.list_queries())
        runtime.advance(1.6)

        assert (2, {"a": "80"}) == (len(server.list_queries()), sink.held)
        assert [("ended", "expired")] == recorder.of("ended")
        assert "90" == server.watch_queries()[-1]["resourceVersion"]

    @pytest.mark.parametrize("answer", [refusal(410, "Expired"), refusal(410, "Gone"), Response(410, {}, b"gone")])
    def test_a_410_as_answer_to_the_watch_leads_to_one_list(self, runtime, server, sink, running, answer):
        """It means the same."""
        server.watches.append(answer)
        runtime.advance(300)
        server.stream_now.end()
        runtime.advance(2)

        assert (2, 2) == (len(server.list_queries()), len(server.streams))

    def test_a_server_that_always_says_410_is_not_flooded_with_lists(self, runtime, server, running):
        """Lists come further and further apart."""
        server.stream_now.end()
        server.watches.extend([refusal(410, "Expired")] * 1000)
        runtime.advance(600)

        assert 10 < len(server.list_queries()) < 30

    def test_a_410_on_any_page_of_a_list_leaves_the_sink_old_or_new(self, runtime, server, sink, running):
        """H5: whichever page expires, no page of the abandoned list is ever seen."""
        for expiring in range(1, 4):
            old = [page(70, obj(f"old{i}", 60), continue_="more") for i in range(expiring)]
            new = [page(80, obj("new1", 75), continue_="more"), page(80, obj("new2", 76))]
            server.lists.extend([*old, refusal(410, "Expired"), *new])
            server.stream_now.send(error_event(410, "Expired"))
            runtime.advance(60)

            assert ("expired", "80", ["new1", "new2"]) == sink.told[-1]
        assert {"start", "expired"} == {told[0] for told in sink.told}


class TestTrouble:
    def test_a_lost_connection_is_resumed_after_a_short_wait(self, runtime, server, recorder, running):
        """From the last complete event, without a list."""
        server.stream_now.send(event("ADDED", obj("a", 8)))
        server.stream_now.lose()
        runtime.advance(1.6)

        assert ["1", "8"] == [query["resourceVersion"] for query in server.watch_queries()]
        assert ([("ended", "lost")], 1) == (recorder.of("ended"), len(server.list_queries()))

    def test_an_unreachable_server_is_asked_less_and_less_often(self, runtime, server, reflector):
        """Ten minutes of it cost a couple of dozen requests."""
        server.lists.extend([Unreachable("connection refused")] * 1000)
        runtime.spawn("reflector", reflector.run)
        runtime.advance(600)

        assert 12 < len(server.calls) < 30
        assert ("backoff", "connection refused") == (reflector.snapshot().state, str(reflector.snapshot().last_error))

    def test_a_stream_that_ends_at_once_is_not_reopened_in_a_hurry(self, runtime, server, running):
        """200 and goodbye is a failure like any other."""
        server.watches.extend([[None]] * 1000)
        server.stream_now.end()
        runtime.advance(600)

        assert 12 < len(server.watch_queries()) < 30

    @pytest.mark.parametrize("code", [429, 503])
    def test_retry_after_is_honoured(self, runtime, server, running, code):
        """H14: on opening a watch as on a list."""
        server.watches.append(refusal(code, headers={"retry-after": "20"}))
        runtime.advance(300)
        server.stream_now.end()
        runtime.advance(19.9)
        assert 2 == len(server.watch_queries())
        runtime.advance(1.0)

        assert 3 == len(server.watch_queries())

    @pytest.mark.parametrize("code", [500, 503, 429])
    def test_an_error_in_the_stream_keeps_the_version(self, runtime, server, running, code):
        """It is about the server, not about what we have seen."""
        server.stream_now.send(event("ADDED", obj("a", 8)), error_event(code))
        runtime.advance(1.6)

        assert ("8", 1) == (server.watch_queries()[-1]["resourceVersion"], len(server.list_queries()))

    def test_too_large_a_version_leads_to_a_list(self, runtime, server, sink, running):
        """The server fell behind, or was restored: only a list can tell."""
        details = {"causes": [{"reason": "ResourceVersionTooLarge"}], "retryAfterSeconds": 1}
        server.lists.append(page(1, obj("a", 1)))
        server.stream_now.send(event("ADDED", obj("b", 9)), error_event(504, "Timeout", **details))
        runtime.advance(2)

        assert ("epoch", "1", ["a"]) == sink.told[-1]

    def test_a_half_open_connection_is_noticed(self, runtime, server, recorder, running):
        """H12: when the server's own deadline has long passed without a byte, the watch is opened anew."""
        asked = int(server.watch_queries()[0]["timeoutSeconds"])
        runtime.advance(asked + 9)
        assert 1 == len(server.streams)
        runtime.advance(3)

        assert ([("ended", "lost")], 2) == (recorder.of("ended"), len(server.streams))

    def test_bookmarks_make_a_dead_connection_show_sooner(self, runtime, server, running):
        """The stream after two bookmarks is given up after two and a half of their gaps."""
        for version in (5, 6, 7):
            runtime.advance(60)
            server.stream_now.send(bookmark(version))
        runtime.advance(60)
        server.stream_now.end()
        runtime.advance(149)
        assert 2 == len(server.streams)
        runtime.advance(3)

        assert 3 == len(server.streams)

    @pytest.mark.parametrize("garbage", [b"<html>\n", b'{"type":"ADDED","obj\n', b"x" * 17_000_000])
    def test_a_garbled_line_leads_to_one_list_and_on(self, runtime, server, sink, running, garbage):
        """An event was lost there; the list brings it, and the next stream goes on."""
        server.lists.append(page(9, obj("a", 8)))
        server.stream_now.send(garbage)
        runtime.advance(2)
        server.stream_now.send(event("ADDED", obj("b", 10)))
        runtime.settle()

        assert ({"a": "8", "b": "10"}, 2) == (sink.held, len(server.list_queries()))

    def test_an_object_that_cannot_be_read_is_left_out_and_reported(self, runtime, server, sink, recorder, running):
        """In the stream the others go on; so they do in a list."""
        bad = obj("bad", 7, labels={"a": 1})
        server.lists.append(page(20, bad, obj("a", 8)))
        server.stream_now.send(event("ADDED", bad), event("ADDED", obj("b", 9)), error_event(410, "Expired"))
        runtime.advance(2)

        assert {"a": "8"} == sink.held
        assert ["default/bad was left out"] * 2 == [text.split(":")[0] for _, text in recorder.of("skipped")]

    def test_an_event_of_unknown_type_is_left_out_and_reported(self, runtime, server, sink, recorder, running):
        """A newer server may say new words."""
        server.stream_now.send(event("RENAMED", obj("a", 8)), event("ADDED", obj("b", 9)))
        runtime.settle()

        assert ({"b": "9"}, 1) == (sink.held, len(recorder.of("skipped")))

    def test_a_list_that_is_none_keeps_the_mirror_as_it_was(self, runtime, server, sink, running):
        """A proxy's page with status 200 deletes nothing."""
        server.stream_now.send(event("ADDED", obj("a", 8)), error_event(410, "Expired"))
        server.lists.append(Response(200, {}, b"<html>please log in</html>"))
        runtime.settle()
        runtime.advance(1.6)

        assert {"a": "8"} == sink.held

    def test_a_defect_in_the_sink_is_survived_by_listing_again(self, runtime, server, sink, running, caplog):
        """The mirror may be wrong after it, so a list repairs it."""
        sink.fault = RuntimeError("bug")
        server.stream_now.send(event("ADDED", obj("a", 8)))
        runtime.settle()
        sink.fault, server.default = None, page(9, obj("a", 8))
        runtime.advance(2)

        assert {"a": "8"} == sink.held
        assert "defect" in caplog.text


class TestAbsence:
    def test_a_kind_that_is_not_served_is_asked_for_until_it_appears(self, runtime, server, sink, reflector):
        """Meanwhile the error names the command that installs it."""
        server.default = Response(404, {}, b"404 page not found")
        runtime.spawn("reflector", reflector.run)
        runtime.advance(600)
        absent = reflector.snapshot()
        server.default = page(5, obj("a", 4))
        runtime.advance(60)

        assert ("absent", True) == (absent.state, "kubectl apply -f crd.yaml" in str(absent.last_error))
        assert {"a": "4"} == sink.held

    def test_a_kind_that_vanishes_keeps_its_mirror_until_it_is_back(self, runtime, server, sink, running):
        """Nobody deleted the objects as far as anybody can tell; the list on return does."""
        server.stream_now.send(event("ADDED", obj("a", 8)))
        runtime.advance(300)
        server.stream_now.end()
        server.watches.append(refusal(404))
        server.default = refusal(404)
        runtime.advance(300)
        kept, server.default = dict(sink.held), page(50, obj("b", 40))
        runtime.advance(60)

        assert ({"a": "8"}, {"b": "40"}) == (kept, sink.held)


class TestTurns:
    @pytest.fixture
    def limit(self, runtime):
        """One list at a time."""
        return ListLimit(runtime=runtime, most=1, patience=5.0)

    @pytest.fixture
    def make(self, runtime, server, limit):
        """Starts a reflector with a sink of its own that shares the limit."""

        def make(sink):
            way = (lambda: "/api/v1/pods", lambda: KindNotServed(""), sink, server)
            reflector = Reflector(POD, *way, runtime=runtime, lists=limit)
            return reflector, runtime.spawn("reflector", reflector.run)

        return make

    def test_a_stalled_list_costs_the_others_a_moment(self, runtime, server, make):
        """H15, H40: whoever waits is queued, then lists beside the one that hangs."""
        server.lists.extend([lambda: runtime.sleep(1000), page(5, obj("a", 3))])
        make(Keeper())
        healthy, _ = make(sink := Keeper())
        runtime.settle()
        before = healthy.snapshot().state
        runtime.advance(5.1)

        assert ("queued", {"a": "3"}, "watching") == (before, sink.held, healthy.snapshot().state)

    def test_a_page_that_takes_long_to_arrive_is_no_stalled_list(self, runtime, server, make):
        """Each piece renews the turn, so that whoever waits goes on waiting; silence after the last one ends it."""
        served, whole = server.request, page(5, obj("a", 3))

        def slowly(call):
            if call.into is None or server.list_queries():
                return served(call)
            taker, answer = call.into(), (served(call), whole)[1]
            for at in range(0, 60, 3):
                taker.feed(answer.body[at : at + 3])
                runtime.sleep(2.0)
            taker.feed(answer.body[60:])
            return Response(200, {}, b"", taken=taker)

        server.request = slowly
        make(slow := Keeper())
        waiting, _ = make(Keeper())
        runtime.settle()
        states = [(runtime.advance(10), waiting.snapshot().state)[1] for _ in range(5)]

        assert ["queued"] * 3 + ["watching"] * 2 == states
        assert {"a": "3"} == slow.held

    def test_a_failing_list_costs_the_others_nothing(self, runtime, server, make):
        """A turn ends with the failure, not with the backoff."""
        server.lists.extend([refusal(500), page(5, obj("a", 3))])
        make(Keeper())
        make(sink := Keeper())
        runtime.settle()

        assert ({"a": "3"}, 0.0) == (sink.held, runtime.monotonic())

    def test_a_slow_sink_costs_the_others_nothing(self, runtime, server, make):
        """A turn ends when the list is there, before the handlers are told."""
        slow = Keeper()
        slow.replace = lambda replacement: runtime.sleep(1000)
        server.lists.extend([page(5), page(5, obj("a", 3))])
        make(slow)
        make(sink := Keeper())
        runtime.settle()

        assert ({"a": "3"}, 0.0) == (sink.held, runtime.monotonic())

    def test_stop_ends_the_wait_for_a_turn(self, runtime, server, make):
        """At once."""
        server.lists.append(lambda: runtime.sleep(1000))
        make(Keeper())
        queued, task = make(Keeper())
        runtime.settle()
        queued.stop()

        assert (True, 1) == (task.join(0), len(server.calls))

    def test_a_turn_is_given_back_whatever_happens(self, runtime, server, make, limit):
        """Stopped in the middle of a list, a reflector leaves no turn behind."""
        server.lists.append(page(5, obj("a", 3), continue_="more"))
        server.lists.append(lambda: runtime.sleep(2) or page(5))
        reflector, task = make(Keeper())
        runtime.settle()
        reflector.stop()

        assert task.join(3)
        assert limit.enter(lambda: False) is not None
        assert 2.0 == runtime.monotonic()


class TestSifting:
    @pytest.fixture
    def sifted(self, runtime, server, sink):
        """A running reflector that keeps the objects whose names begin with m."""

        def admit(one):
            return one if one.meta.name.startswith("m") else None

        way = (lambda: "/api/v1/pods", lambda: KindNotServed(""), sink, server)
        server.lists.append(page(5, obj("a", 3), obj("mine", 4)))
        reflector = Reflector(POD, *way, runtime=runtime, admit=admit, options=ListWatchOptions(metadata_only=True))
        runtime.spawn("reflector", reflector.run)
        runtime.settle()
        return reflector

    def test_what_is_not_ours_is_left_out_and_counts_as_seen(self, runtime, server, sink, sifted):
        """Of a page as of the watch; the version moves on."""
        server.stream_now.send(
            event("ADDED", obj("b", 8)), event("ADDED", obj("more", 9)), event("DELETED", obj("a", 11))
        )
        runtime.settle()

        assert {"mine": "4", "more": "9"} == sink.held
        assert ([("progress", "8"), ("progress", "11")], "11") == (
            [told for told in sink.told if told[0] == "progress"],
            sifted.snapshot().resource_version,
        )

    def test_metadata_alone_is_asked_for_in_the_servers_words(self, server, sifted):
        """With plain JSON as the second choice."""
        listed, watched = (call.accept for call in server.calls)

        assert "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json" == listed
        assert "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json" == watched


class TestStopping:
    def test_stop_hangs_up_at_once(self, runtime, server, reflector):
        """A reader blocked in a silent stream returns."""
        task = runtime.spawn("reflector", reflector.run)
        runtime.settle()
        reflector.stop()

        assert task.join(0)
        assert (True, 0.0, "stopped") == (server.stream_now.closed, runtime.monotonic(), reflector.snapshot().state)

    def test_stop_calls_off_whatever_was_asked(self, server, running):
        """H13: the list and the watch alike, so that no answer that never comes can hold it up."""
        before = [call.cancel.is_set() for call in server.calls]
        running.stop()

        assert ([False, False], [True, True]) == (before, [call.cancel.is_set() for call in server.calls])

    def test_stop_ends_a_wait_at_once(self, runtime, server, reflector):
        """However long the backoff was."""
        server.lists.append(refusal(503, headers={"retry-after": "200"}))
        task = runtime.spawn("reflector", reflector.run)
        runtime.settle()
        reflector.stop()

        assert task.join(0)

    def test_stop_while_the_watch_is_being_opened_hangs_up_as_soon_as_it_is(
        self, runtime, server, sink, recorder, reflector
    ):
        """Nothing that arrives after it is taken."""

        def slow():
            runtime.sleep(5)
            return [event("ADDED", obj("a", 8))]

        server.watches.append(slow)
        task = runtime.spawn("reflector", reflector.run)
        runtime.settle()
        reflector.stop()

        assert task.join(6)
        assert ({}, True, []) == (sink.held, server.stream_now.closed, recorder.of("ended"))

    def test_stop_before_the_start_is_fine(self, runtime, server, reflector):
        """Then nothing is ever asked."""
        reflector.stop()
        reflector.run()

        assert [] == server.calls

    def test_a_lost_answer_to_a_list_after_stop_is_nobodys_failure(self, runtime, server, recorder, reflector):
        """The transport may be closed under it."""

        def cut():
            runtime.sleep(5)
            raise ResponseLost("closed")

        server.lists.append(cut)
        task = runtime.spawn("reflector", reflector.run)
        runtime.settle()
        reflector.stop()

        assert task.join(6)
        assert [] == recorder.of("failed")

    def test_reconnect_goes_on_from_the_last_version(self, runtime, server, running):
        """Whoever suspects the stream may cut it; nothing is lost."""
        server.stream_now.send(event("ADDED", obj("a", 8)))
        runtime.advance(10)
        running.reconnect()
        runtime.settle()

        assert ["1", "8"] == [query["resourceVersion"] for query in server.watch_queries()]


class TestTelling:
    def test_one_line_is_logged_per_doubling_of_failures(self, runtime, server, reflector, caplog):
        """It says what, why, how often and when next; recovery is told once."""
        caplog.set_level(logging.INFO, "levelset.informers")
        server.lists.extend([Unreachable("refused")] * 9)
        runtime.spawn("reflector", reflector.run)
        runtime.advance(600)
        lines = [record.getMessage() for record in caplog.records]

        assert ["failure 1", "failure 2", "failure 4", "failure 8"] == [
            line[line.index("(f") + 1 :][:9] for line in lines[:4]
        ]
        assert lines[0].startswith("Pod (v1): refused (failure 1, trying again in ")
        assert ["Pod (v1): listed again, 0 objects"] == lines[4:]

    def test_two_healthy_minutes_clear_the_snapshot(self, runtime, server, running):
        """Then there are no failures to show any more."""
        server.stream_now.lose()
        runtime.advance(2)
        before = running.snapshot()
        server.stream_now.send(bookmark(5))
        runtime.advance(121)
        server.stream_now.send(bookmark(6))
        runtime.settle()

        assert (1, "the connection broke") == (before.failures, str(before.last_error))
        assert (0, None) == (running.snapshot().failures, running.snapshot().last_error)
        assert runtime.wall() == running.snapshot().since

    def test_selectors_and_page_size_reach_the_server(self, runtime, server, sink):
        """The options are the query."""
        options = ListWatchOptions(page_size=7, labels="app=x")
        reflector = Reflector(POD, lambda: "/api/v1/pods", str, sink, server, runtime=runtime, options=options)
        runtime.spawn("reflector", reflector.run)
        runtime.settle()

        assert [{"limit": "7", "labelSelector": "app=x"}] == server.list_queries()
        assert "app=x" == server.watch_queries()[0]["labelSelector"]
