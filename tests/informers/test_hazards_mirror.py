"""What can go wrong between a server and a mirror, one hazard of docs/hazards.md at a time, against whole informers."""

from functools import partial

import pytest

from informers.api.discovery import Discovery
from informers.api.errors import KindNotServed, TooLarge
from informers.api.objects import GroupVersionKind, NamespacedName
from informers.api.status import api_error
from informers.api.transport import Response
from informers.cache import Cache
from informers.informer import Informer, InformerOptions
from informers.lists import ListLimit
from informers.reflector import Reflector
from informers.states import ListWatchOptions
from informers.testing.fake import FakeCluster
from tests.informers.scripted import Diary, Keeper, bookmark, error_event, event, item, obj, page, refusal

POD = ("v1", "Pod")
A = NamespacedName("default", "a")


@pytest.fixture
def make(runtime, server, discovery, recorder):
    """Make informers of pods, started; and stop them in the end."""
    made = []

    def make(**options):
        options = InformerOptions(mirror=ListWatchOptions(**options))
        parts = {"runtime": runtime, "discovery": discovery, "observe": recorder, "options": options}
        made.append(Informer(POD, server, **parts))
        made[-1].start()
        runtime.settle()
        return made[-1]

    yield make
    for informer in made:
        informer.stop()
        assert informer.join(100)


@pytest.fixture
def diary():
    """A handler that remembers."""
    return Diary()


def held(informer):
    """Return names and versions in the store."""
    return {obj.meta.name: obj.meta.resource_version for obj in informer.store.list()}


class TestVersions:
    def test_a_server_that_is_behind_takes_nothing_back(self, runtime, server, make):
        """H2: after a failover older states and deleted objects are told once more, and change nothing."""
        server.lists.append(page(5, obj("a", 3)))
        informer = make()
        history = [event("ADDED", obj("b", 6)), event("MODIFIED", obj("a", 7)), event("DELETED", obj("b", 8))]
        server.stream_now.send(*history)
        server.stream_now.lose()
        runtime.advance(2)
        server.stream_now.send(*history[:2], event("MODIFIED", obj("a", 3)))
        runtime.settle()

        assert ({"a": "7"}, "8") == (held(informer), informer.snapshot().resource_version)

    @pytest.mark.parametrize(
        "answer",
        [
            refusal(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}], retryAfterSeconds=5),
            refusal(504, "Timeout", "Too large resource version: 9, current: 5", retryAfterSeconds=5),
            refusal(500, "", "Too large resource version: 9, current: 5", {"retry-after": "5"}),
        ],
        ids=["cause", "text", "old"],
    )
    def test_too_large_a_version_leads_to_one_consistent_list_when_the_server_says(self, runtime, server, make, answer):
        """H3: three generations of servers; none is asked for the same version again."""
        informer = make()
        server.watches.append(answer)
        server.default = page(20, obj("a", 9))
        server.stream_now.lose()
        runtime.advance(6.5)
        waiting = len(server.list_queries())
        runtime.advance(4)

        assert (1, 2, {"a": "9"}) == (waiting, len(server.list_queries()), held(informer))
        assert "20" == server.watch_queries()[-1]["resourceVersion"]

    def test_versions_that_went_backwards_are_a_new_epoch(self, runtime, server, make, diary):
        """H4: the store is what the restored server has, and what we wrote before is read live, not believed."""
        server.lists.append(page(50, obj("a", 40), obj("lost", 45)))
        informer = make()
        informer.overlay.written(item("a", 60))
        informer.add_handler(diary, name="diary")
        server.lists.append(page(9, obj("a", 7)))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(2)

        assert ({"a": "7"}, "9", {A}) == (
            held(informer),
            informer.snapshot().resource_version,
            set(informer.overlay.doubts()),
        )
        assert ("delete", "lost", "uid-lost", True) in diary.entries

    def test_a_watch_from_the_future_is_doubted(self, runtime, server, make):
        """H4: a restored server accepts it and stays silent; after a broken connection one such watch is enough."""
        server.lists.append(page(50, obj("a", 40)))
        informer = make()
        for version in (51, 52, 53):
            runtime.advance(60)
            server.stream_now.send(bookmark(version))
        server.stream_now.lose()
        server.default = page(9, obj("b", 7))
        runtime.advance(160)

        assert {"b": "7"} == held(informer)

    def test_a_restored_server_is_found_out_before_it_catches_up(self, runtime, server, make, diary):
        """H4: it soon writes as many versions as it lost, and then accepts ours as its own."""
        server.lists.append(page(50, obj("a", 40), obj("lost", 45)))
        informer = make()
        informer.add_handler(diary, name="diary")
        server.looks.append(page(20))
        server.default = page(20, obj("a", 7))
        server.stream_now.lose()
        runtime.advance(5)

        assert ({"a": "7"}, "20") == (held(informer), informer.snapshot().resource_version)
        assert ("delete", "lost", "uid-lost", True) in diary.entries


class TestGaps:
    def test_a_deletion_in_a_gap_is_told_with_the_last_known_state(self, runtime, server, make, diary):
        """H6: and it is said that this may not be the final one."""
        server.lists.append(page(5, obj("a", 3)))
        informer = make()
        informer.add_handler(diary, name="diary")
        server.lists.append(page(20))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(2)

        assert [("add", "a", "3", True), ("delete", "a", "uid-a", True)] == diary.entries

    def test_a_name_that_came_back_with_another_uid_is_a_deletion_and_an_addition(self, runtime, server, make, diary):
        """H7: by a list as by the watch, never an update of one object into another."""
        server.lists.append(page(5, obj("a", 3, uid="one")))
        informer = make()
        informer.add_handler(diary, name="diary")
        server.lists.append(page(20, obj("a", 12, uid="two")))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(2)
        server.stream_now.send(event("MODIFIED", obj("a", 30, uid="three")))
        runtime.settle()

        told = [("delete", "one"), ("add", "12"), ("delete", "two"), ("add", "30")]
        assert told == [(entry[0], entry[2]) for entry in diary.entries[1:]]

    def test_bookmarks_move_the_version_and_nothing_else(self, runtime, server, make, diary):
        """H9: they are no objects, and nothing waits for them: without any a stream just lasts as long as it lasts."""
        server.lists.append(page(5, obj("a", 3)))
        informer = make()
        informer.add_handler(diary, name="diary")
        runtime.advance(280)
        silent = len(server.streams)
        server.stream_now.send(bookmark(17), None)
        runtime.settle()

        assert (1, {"a": "3"}, 1) == (silent, held(informer), len(diary.entries))
        assert "17" == server.watch_queries()[-1]["resourceVersion"]


class TestStorms:
    def test_fifty_kinds_that_lose_their_watches_list_two_at_a_time(self, runtime, server):
        """H15: however the server restarts, and all are well in the end."""
        limit, now, most, sinks = ListLimit(runtime=runtime, most=2), [0], [0], [Keeper() for _ in range(50)]

        def answer():
            now[0] += 1
            most[0] = max(most[0], now[0])
            runtime.sleep(0.1)
            now[0] -= 1
            return page(90)

        server.default = answer
        for number, sink in enumerate(sinks):
            gvk = GroupVersionKind("", "v1", f"Kind{number}")
            way = (lambda: "/api/v1/pods", partial(KindNotServed, ""), sink, server)
            runtime.spawn(gvk.kind, Reflector(gvk, *way, runtime=runtime, lists=limit).run)
        runtime.advance(20)
        for stream in list(server.streams):
            stream.send(error_event(410, "Expired"))
        runtime.advance(20)

        assert (2, 100) == (most[0], len(server.list_queries()))
        assert all(("expired", "90", []) == sink.told[-1] for sink in sinks)


class TestRefusals:
    def test_a_conversion_that_fails_keeps_the_last_state_and_harms_nobody_else(self, runtime, server, make):
        """H40: that kind is degraded and says why; the others neither wait nor fail."""
        server.lists.append(page(5, obj("a", 3)))
        broken = make()
        why = "conversion webhook for example.com/v1 failed"
        server.gets["/api/v1/pods"] = refusal(500, "InternalError", why)
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(60)
        shot = broken.snapshot()
        server.gets.clear()
        server.default = page(90, obj("a", 80))
        runtime.advance(60)

        assert ("backoff", why, True, 1) == (shot.state, str(shot.last_error), shot.synced, shot.objects)
        assert ("watching", {"a": "80"}) == (broken.snapshot().state, held(broken))

    def test_a_permission_that_was_taken_away_is_named(self, runtime, server, make):
        """H41: verb and resource, in the server's words, for as long as it lasts; the mirror stays as it was."""
        server.lists.append(page(5, obj("a", 3)))
        informer = make()
        why = 'pods is forbidden: User "sa" cannot watch resource "pods" in API group "" at the cluster scope'
        server.watches.extend([refusal(403, "Forbidden", why)] * 5)
        server.stream_now.lose()
        runtime.advance(20)
        shot = informer.snapshot()
        runtime.advance(100)

        assert ("backoff", why, 1) == (shot.state, str(shot.last_error), shot.objects)
        assert "watching" == informer.snapshot().state

    def test_a_list_that_lacks_nearly_everything_must_be_confirmed(self, runtime, server, make, diary):
        """H45: a broken aggregator answers 200 and no items; nobody hears of a deletion, and the next list is whole."""
        objects = [obj(f"p{number}", 3) for number in range(100)]
        server.lists.append(page(5, *objects))
        informer = make()
        server.lists.extend([page(20), page(21, *objects)])
        informer.add_handler(diary, name="diary")
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(10)

        assert (100, "21") == (len(informer.store), informer.snapshot().resource_version)
        assert set() == {entry[0] for entry in diary.entries} - {"add"}

    def test_events_that_were_lost_without_a_word_are_found_by_the_audit(self, runtime, server, make, recorder, caplog):
        """H46: counted, told, and made good; at the mirror's own version nothing else can differ."""
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer = make(audit_interval=1000.0)
        runtime.advance(1600)
        server.stream_now.send(bookmark(9), None)
        server.lists.append(page(9, obj("a", 7), obj("c", 8)))
        runtime.settle()

        assert {"resourceVersion": "9", "resourceVersionMatch": "Exact"}.items() <= server.list_queries()[-1].items()
        assert ([("audited", 1, 1, 1)], {"a": "7", "c": "8"}) == (recorder.of("audited"), held(informer))
        assert "the audit found events lost" in caplog.text


def test_a_definition_that_goes_and_comes_back_is_noticed_within_seconds(sized):
    """H39: meanwhile the kind is absent by name, and what comes back under new uids is told as new."""
    world = FakeCluster([sized], controllers=False)
    crd = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    transport = world.transport()
    cache = Cache(transport, runtime=world.runtime, discovery=Discovery(transport, runtime=world.runtime))
    informer = cache.informer(sized)
    body = {"apiVersion": "example.com/v1", "kind": "Sized", "metadata": {"name": "a", "namespace": "default"}}
    world.create(body)
    cache.start()
    cache.wait_for_sync()
    definition = world.get(crd, "sizeds.example.com")
    world.delete(crd, "sizeds.example.com")
    world.runtime.advance(30)
    absent = informer.snapshot().state
    world.create({**definition, "metadata": {"name": "sizeds.example.com"}})
    world.create(body)
    world.runtime.advance(11)

    assert ("absent", "watching", 1) == (absent, informer.snapshot().state, len(informer.store))
    cache.stop()


def test_a_proxys_page_with_status_200_deletes_nothing(runtime, server, make):
    """H45: a login page is no list, and an answer without items is none either."""
    server.lists.append(page(5, obj("a", 3)))
    informer = make()
    server.lists.extend([Response(200, {}, b"<html>log in</html>"), Response(200, {}, b'{"kind":"Status"}')])
    server.default = page(30, obj("a", 3))
    server.stream_now.send(error_event(410, "Expired"))
    runtime.advance(2)
    meanwhile = held(informer)
    runtime.advance(10)

    assert ({"a": "3"}, {"a": "3"}, "30") == (meanwhile, held(informer), informer.snapshot().resource_version)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (413, "Request entity too large: limit is 3145728"),
        (500, "etcdserver: request is too large"),
        (
            500,
            "rpc error: code = ResourceExhausted desc = trying to send message larger than max (2 vs. 1)",
        ),
    ],
)
def test_an_object_that_is_too_large_for_the_server_is_called_so(code, message):
    """H43: in all three disguises, so that nobody tries again what can never succeed."""
    error = api_error(code, {"message": message, "reason": ""})

    assert (TooLarge, False) == (type(error), error.retryable)
