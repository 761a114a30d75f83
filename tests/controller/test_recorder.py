"""The event recorder in virtual time, against a server that is scripted."""

import json
from itertools import pairwise

import pytest

from controller.recorder import EventRecorder, RecorderOptions
from controller.series import reference
from informers.api.client import Client
from informers.api.errors import ResponseLost, Unreachable
from informers.api.objects import CachedObject, ObjectMeta
from informers.api.transport import Response
from informers.testing.virtual.sim import SimRuntime

EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"
KINDS = {"resources": [{"name": "events", "kind": "Event", "namespaced": True, "verbs": ["create", "patch"]}]}
CACHE = {
    "apiVersion": "cache.example.com/v1",
    "kind": "Memcached",
    "metadata": {"namespace": "default", "name": "cache", "uid": "u-1", "resourceVersion": "7"},
}


class EventServer:
    """Keeps events by name, and misbehaves on demand."""

    def __init__(self, runtime):
        self.runtime, self.events, self.writes, self.mood = runtime, {}, [], None

    def request(self, call):
        """Answer one call."""
        if call.method == "GET":
            return self.reply(200, KINDS)
        self.writes.append((round(self.runtime.monotonic(), 2), call.method))
        if self.mood is not None:
            return self.mood(call)
        return self.accept(call)

    def accept(self, call):
        """Store or patch."""
        body = json.loads(call.body)
        if call.method == "POST":
            if body["metadata"]["name"] in self.events:
                return self.refuse(409, "AlreadyExists")
            self.events[body["metadata"]["name"]] = body
            return self.reply(201, body)
        name = call.path.rpartition("/")[2]
        if name not in self.events:
            return self.refuse(404, "NotFound")
        self.events[name] |= body
        return self.reply(200, self.events[name])

    @staticmethod
    def reply(status, body):
        """An answer with a body."""
        return Response(status, {}, json.dumps(body).encode())

    def refuse(self, status, reason, **details):
        """A Status about some object."""
        details = {"name": "x", **details}
        return self.reply(status, {"kind": "Status", "reason": reason, "message": reason, "details": details})

    def stream(self, call):
        """Not for events."""
        raise AssertionError

    def close(self):
        """Nothing to close."""

    @property
    def only(self):
        """The one event there is."""
        (event,) = self.events.values()
        return event


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def server(runtime):
    """An event server."""
    return EventServer(runtime)


@pytest.fixture
def recorder(server, runtime):
    """A running recorder."""
    made = make(server, runtime)
    made.start()
    return made


def make(server, runtime, busy=lambda: False, **options):
    """Return a recorder with these options."""
    options, client = RecorderOptions(**options), Client(server, runtime=runtime)
    return EventRecorder(client, controller="memcached controller", runtime=runtime, options=options, busy=busy)


def say(recorder, message="Scaled to 3", obj=CACHE):
    """Record the usual event."""
    recorder.event(obj, "Normal", "Scaled", "Scale", message)


class TestForm:
    def test_it_has_what_the_server_demands(self, server, runtime, recorder):
        """Every field of events.k8s.io/v1, the time with six decimals."""
        say(recorder)
        runtime.settle()

        event = server.only
        assert ("events.k8s.io/v1", "Event", "default") == (
            event["apiVersion"],
            event["kind"],
            event["metadata"]["namespace"],
        )
        assert ("Normal", "Scaled", "Scale", "Scaled to 3") == tuple(
            event[key] for key in ("type", "reason", "action", "note")
        )
        assert "2030-01-01T00:00:00.000000Z" == event["eventTime"]
        assert "memcached-controller" == event["reportingController"]
        assert event["reportingInstance"].startswith("memcached-controller-")

    def test_it_refers_to_its_object(self, server, runtime, recorder):
        """By uid, so that `kubectl describe` finds it."""
        say(recorder)
        runtime.settle()

        assert {
            "apiVersion": "cache.example.com/v1",
            "kind": "Memcached",
            "namespace": "default",
            "name": "cache",
            "uid": "u-1",
            "resourceVersion": "7",
        } == server.only["regarding"]

    def test_a_cluster_scoped_object_is_told_about_in_default(self, server, runtime, recorder):
        """The server allows no other place."""
        say(recorder, obj={"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})
        runtime.settle()

        assert "default" == server.only["metadata"]["namespace"]

    def test_a_long_message_is_cut_to_what_the_server_takes(self, server, runtime, recorder):
        """1024 bytes, and no half character at the end."""
        say(recorder, "ü" * 1000)
        runtime.settle()

        assert "ü" * 512 == server.only["note"]

    def test_cached_objects_serve_as_well(self):
        """What the cache hands out is enough."""
        raw = json.dumps(CACHE).encode()

        assert reference(CACHE) == reference(CachedObject(ObjectMeta(name="cache"), raw))


class TestSeries:
    def test_a_repeat_becomes_a_count_on_the_first(self, server, runtime, recorder):
        """One Event, told at the second time."""
        for _ in range(2):
            say(recorder)
            runtime.advance(1)

        assert {"count": 2, "lastObservedTime": "2030-01-01T00:00:01.000000Z"} == server.only["series"]

    def test_further_repeats_are_told_when_they_have_doubled(self, server, runtime, recorder):
        """A hundred repeats cost seven writes."""
        for _ in range(100):
            say(recorder)
            runtime.advance(1)

        assert ["POST"] + 6 * ["PATCH"] == [method for _, method in server.writes]
        assert 64 == server.only["series"]["count"]

    def test_a_settled_world_is_silent(self, server, runtime, recorder):
        """Nothing is sent because a series ended."""
        for _ in range(3):
            say(recorder)
        runtime.settle()
        before = len(server.writes)

        runtime.advance(3600)

        assert before == len(server.writes)

    def test_a_series_that_goes_on_is_told_every_half_hour(self, server, runtime, recorder):
        """People see that it has not stopped."""
        for _ in range(5 * 60):
            say(recorder)
            runtime.advance(60)

        times = [at for at, _ in server.writes]
        assert max(after - before for before, after in pairwise(times)) <= 1800

    def test_after_a_pause_it_is_a_new_event(self, server, runtime, recorder):
        """A series ends after six minutes without a repeat."""
        say(recorder)
        runtime.advance(400)
        say(recorder)
        runtime.settle()

        assert 2 == len(server.events)

    def test_a_new_version_of_the_object_does_not_break_the_series(self, server, runtime, recorder):
        """The event is about the object, not about its version."""
        say(recorder)
        say(recorder, obj={**CACHE, "metadata": {**CACHE["metadata"], "resourceVersion": "8"}})
        runtime.settle()

        assert 2 == server.only["series"]["count"]

    def test_another_message_is_another_event(self, server, runtime, recorder):
        """What changed is worth telling."""
        say(recorder, "Scaled to 3")
        say(recorder, "Scaled to 5")
        runtime.settle()

        assert 2 == len(server.events)

    def test_an_event_that_expired_is_told_anew(self, server, runtime, recorder):
        """The server forgets events after an hour; the series goes on under a new name."""
        say(recorder)
        runtime.settle()
        server.events.clear()
        say(recorder)
        runtime.settle()

        assert 2 == server.only["series"]["count"]


class TestLimits:
    def test_an_object_that_talks_too_much_is_cut_short(self, server, runtime, recorder):
        """25 at once, then one every five minutes; others are not affected."""
        for number in range(40):
            say(recorder, f"message {number}")
        say(recorder, obj={**CACHE, "metadata": {"namespace": "default", "name": "other"}})
        runtime.settle()

        assert (26, 15) == (len(server.events), recorder.snapshot().dropped)

    def test_after_five_minutes_it_may_say_one_more(self, server, runtime, recorder):
        """The bucket fills slowly."""
        for number in range(26):
            say(recorder, f"message {number}")
        runtime.advance(301)
        say(recorder, "one more")
        say(recorder, "and another")
        runtime.settle()

        assert 26 == len(server.events)

    def test_a_full_queue_drops_and_counts(self, server, runtime):
        """Nothing waits without bound."""
        recorder = make(server, runtime, queue=3)
        for number in range(5):
            say(recorder, f"message {number}")

        assert (3, 2) == (recorder.snapshot().queued, recorder.snapshot().dropped)


class TestWork:
    """Keys that wait for a worker go first."""

    @pytest.fixture
    def work(self):
        """Keys that wait, as a list to fill and empty."""
        return ["default/cache"]

    @pytest.fixture
    def recorder(self, server, runtime, work):
        """A running recorder beside that work, with room for eight events."""
        made = make(server, runtime, busy=lambda: bool(work), queue=8)
        made.start()
        return made

    def test_events_wait_until_it_is_done(self, server, runtime, recorder, work):
        """First the world is made right, then people are told."""
        say(recorder)
        runtime.advance(5)
        before = len(server.events)
        work.clear()
        runtime.advance(0.2)

        assert (0, 1) == (before, len(server.events))

    def test_they_do_not_wait_for_ever(self, server, runtime, recorder):
        """A controller that never comes to rest still tells, half a minute late."""
        say(recorder)
        runtime.advance(29.8)
        before = len(server.events)
        runtime.advance(0.3)

        assert (0, 1) == (before, len(server.events))

    def test_none_is_dropped_to_make_others_wait(self, server, runtime, recorder):
        """From half of the queue on they are told."""
        for number in range(6):
            say(recorder, f"message {number}")
        runtime.advance(1)

        assert (3, 0) == (len(server.events), recorder.snapshot().dropped)

    def test_a_stop_tells_them_at_once(self, server, runtime, recorder):
        """There is no work any more for which to wait."""
        say(recorder)

        recorder.stop(runtime.monotonic() + 5)

        assert 1 == len(server.events)


class TestTrouble:
    @pytest.mark.parametrize("obj", [None, 7, {}, {"kind": "A", "apiVersion": "v1", "metadata": {}}])
    def test_it_never_raises(self, recorder, obj):
        """Nonsense is counted, not thrown."""
        say(recorder, obj=obj)

        assert 1 == recorder.snapshot().dropped

    def test_recording_does_not_wait_for_the_server(self, server, runtime, recorder):
        """A server that hangs costs the reconcile nothing."""
        server.mood = lambda call: runtime.sleep(1000) or server.accept(call)
        say(recorder)
        runtime.advance(1)

        began = runtime.monotonic()
        say(recorder, "next")

        assert began == runtime.monotonic()

    def test_an_unreachable_server_is_tried_again(self, server, runtime, recorder):
        """A short outage loses nothing."""
        server.mood = self.unreachable
        say(recorder)
        runtime.advance(2)
        server.mood = None
        runtime.advance(10)

        assert ("Scaled to 3", 1) == (server.only["note"], recorder.snapshot().sent)

    @staticmethod
    def unreachable(call):
        """Refuse the connection."""
        raise Unreachable("connection refused")

    def test_a_long_outage_loses_that_event_and_no_more(self, server, runtime, recorder):
        """Given up after four attempts; the next one is told when the server is back."""
        server.mood = self.unreachable
        say(recorder)
        runtime.advance(60)
        server.mood = None
        say(recorder, "next")
        runtime.advance(1)

        assert ("next", 1) == (server.only["note"], recorder.snapshot().dropped)

    def test_a_lost_answer_does_not_tell_twice(self, server, runtime, recorder):
        """The second attempt finds it there."""

        def lose(call):
            server.mood = None
            server.accept(call)
            raise ResponseLost("cut")

        server.mood = lose
        say(recorder)
        runtime.advance(10)

        assert (1, 1) == (len(server.events), recorder.snapshot().sent)

    def test_a_namespace_that_goes_away_is_no_trouble(self, server, runtime, recorder, caplog):
        """Nothing is logged, nothing is tried again."""
        causes = [{"reason": "NamespaceTerminating"}]
        server.mood = lambda call: server.refuse(403, "Forbidden", causes=causes)
        say(recorder)
        runtime.advance(60)

        assert (1, []) == (len(server.writes), [r for r in caplog.records if "levelset" in r.name])

    def test_a_refusal_is_logged_once_per_doubling(self, server, runtime, recorder, caplog):
        """Missing permission does not fill the log."""
        server.mood = lambda call: server.refuse(403, "Forbidden")
        for number in range(20):
            say(recorder, f"message {number}")
        runtime.settle()

        assert (20, 5) == (recorder.snapshot().dropped, len(caplog.records))


class TestStopping:
    def test_what_is_queued_is_told_first(self, server, runtime):
        """Also what was recorded before the start."""
        recorder = make(server, runtime)
        say(recorder)
        recorder.start()

        recorder.stop(runtime.monotonic() + 5)

        assert 1 == len(server.events)

    def test_the_last_counts_are_told(self, server, runtime, recorder):
        """A series that was open is finished."""
        for _ in range(5):
            say(recorder)
            runtime.advance(1)

        recorder.stop(runtime.monotonic() + 5)

        assert 5 == server.only["series"]["count"]

    def test_a_server_that_is_gone_does_not_hold_it_up(self, server, runtime, recorder):
        """No retries while stopping."""
        server.mood = TestTrouble.unreachable
        for number in range(10):
            say(recorder, f"message {number}")
        began = runtime.monotonic()

        recorder.stop(began + 5)

        assert runtime.monotonic() - began <= 5
        assert 10 == recorder.snapshot().dropped
