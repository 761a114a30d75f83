"""An informer: handlers, replay, order, and what it does when others fail."""

from functools import partial

import pytest

from informers.api.errors import Unreachable
from informers.api.objects import NamespacedName
from informers.api.transport import Response
from informers.informer import Informer, InformerOptions
from informers.states import ListWatchOptions
from tests.informers.scripted import Diary, bookmark, error_event, event, item, obj, page, refusal

POD, NODE = ("v1", "Pod"), ("v1", "Node")


@pytest.fixture
def make(runtime, server, discovery, recorder):
    """Make informers, and stop them in the end."""
    made = []

    def make(kind=POD, **options):
        informer = Informer(
            kind, server, runtime=runtime, discovery=discovery, observe=recorder, options=InformerOptions(**options)
        )
        made.append(informer)
        return informer

    yield make
    for informer in made:
        informer.stop()
        assert informer.join(100)


@pytest.fixture
def informer(make):
    """An informer of pods, not started."""
    return make()


class TestHandlers:
    """Told on a task of their own, or, where they are prompt, by whoever brings the news."""

    @pytest.fixture(params=[False, True], ids=["own-task", "prompt"])
    def informer(self, make, request):
        """An informer whose handlers are added so."""
        informer = make()
        informer.add_handler = partial(informer.add_handler, prompt=request.param)
        return informer

    def test_a_handler_hears_of_the_first_list_and_then_of_every_change(self, runtime, server, informer):
        """Initial objects are marked as such."""
        diary = Diary()
        server.lists.append(page(5, obj("a", 3)))
        informer.add_handler(diary, name="diary")
        informer.start()
        runtime.settle()
        server.stream_now.send(
            event("MODIFIED", obj("a", 6)), event("ADDED", obj("b", 7)), event("DELETED", obj("a", 8))
        )
        runtime.settle()

        assert [
            ("add", "a", "3", True),
            ("update", "a", "3", "6"),
            ("add", "b", "7", False),
            ("delete", "a", "uid-a", False),
        ] == diary.entries

    def test_what_a_list_changes_after_a_gap_is_told(self, runtime, server, informer):
        """Deletions with an unknown end, a new uid as deletion and addition, and equal objects not at all."""
        diary = Diary()
        server.lists.append(page(5, obj("gone", 1), obj("same", 2), obj("twin", 3, uid="one")))
        informer.start()
        runtime.settle()
        informer.add_handler(diary, name="diary")
        runtime.settle()
        del diary.entries[:]
        server.lists.append(page(20, obj("new", 11), obj("same", 2), obj("twin", 12, uid="two")))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(2)

        assert [
            ("delete", "gone", "uid-gone", True),
            ("delete", "twin", "one", True),
            ("add", "new", "11", False),
            ("add", "twin", "12", False),
        ] == diary.entries

    def test_whoever_hears_of_a_change_finds_it_in_the_store(self, runtime, server, informer):
        """First the store, then the word; also for deletions, whether seen or inferred."""
        found = []

        class Looker(Diary):
            def on_add(self, obj, *, initial):
                found.append(informer.store.get(obj.key) is obj and informer.synced())

            def on_delete(self, obj, *, final_state_unknown):
                found.append(informer.overlay.get(obj.key) is None)

        informer.add_handler(Looker(), name="looker")
        server.lists.extend([page(5, obj("a", 3), obj("b", 4)), page(20)])
        informer.start()
        runtime.settle()
        server.stream_now.send(event("DELETED", obj("a", 8)), error_event(410, "Expired"))
        runtime.advance(2)

        assert [True] * 4 == found

    def test_changes_during_a_replay_come_after_it(self, runtime, server, informer):
        """Never two calls at a time, never a state older than one told before."""

        class Slow(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                runtime.sleep(1 if initial else 0)

        slow = Slow()
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.start()
        runtime.settle()
        runtime.call_later(
            0.5, lambda: server.stream_now.send(event("MODIFIED", obj("b", 9)), event("ADDED", obj("c", 10)))
        )
        registration = informer.add_handler(slow, name="slow")
        runtime.advance(5)

        assert ["add a 3", "add b 4", "update b 4", "add c 10"] == [" ".join(entry[:3]) for entry in slow.entries]
        assert registration.synced()

    def test_a_handler_may_add_a_handler(self, runtime, server, informer):
        """Nothing deadlocks, and the new one misses nothing."""
        late = Diary()

        class Starter(Diary):
            def on_add(self, obj, *, initial):
                if obj.meta.name == "a":
                    informer.add_handler(late, name="late")

        informer.add_handler(Starter(), name="starter")
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.start()
        runtime.settle()

        assert ["a", "b"] == [entry[1] for entry in late.entries]

    def test_a_failing_handler_loses_that_event_alone_and_loudly(self, runtime, server, informer, recorder, caplog):
        """Other handlers, other events and the informer go on."""

        class Broken(Diary):
            def on_add(self, obj, *, initial):
                if obj.meta.name == "a":
                    raise RuntimeError("oops")
                super().on_add(obj, initial=initial)

        broken, diary = Broken(), Diary()
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.add_handler(broken, name="broken")
        informer.add_handler(diary, name="diary")
        informer.start()
        runtime.settle()

        assert (["b"], ["a", "b"]) == tuple([entry[1] for entry in one.entries] for one in (broken, diary))
        assert [("handler failed", "broken", "oops")] == recorder.of("handler failed")
        assert "Pod (v1): handler broken failed on default/a" in caplog.text

    def test_a_removed_handler_hears_nothing_more(self, runtime, server, informer):
        """Removing twice is fine."""
        diary = Diary()
        registration = informer.add_handler(diary, name="diary")
        informer.start()
        runtime.settle()
        registration.remove()
        registration.remove()
        server.stream_now.send(event("ADDED", obj("a", 9)))
        runtime.settle()

        assert [] == diary.entries

    def test_a_handler_may_remove_itself(self, runtime, server, informer):
        """In the middle of a list; the rest of it is not told."""

        class Once(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                registration.remove()

        once = Once()
        registration = informer.add_handler(once, name="once")
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.start()
        runtime.settle()

        assert ["a"] == [entry[1] for entry in once.entries]

    def test_a_handler_may_stop_the_informer(self, runtime, server, informer):
        """From within a call."""

        class Quitter(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                informer.stop()

        quitter = Quitter()
        informer.add_handler(quitter, name="quitter")
        informer.start()
        runtime.settle()
        server.stream_now.send(event("ADDED", obj("a", 9)) + event("ADDED", obj("b", 10)))
        runtime.settle()

        assert (True, 1) == (informer.join(0), len(quitter.entries))


class TestOwnTask:
    def test_a_late_handler_is_told_what_is_there_already(self, runtime, server, informer):
        """As initial additions; it is synced when it was told all; then it hears of changes like the others."""
        diary = Diary()
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.start()
        runtime.settle()
        registration = informer.add_handler(diary, name="late")
        before = registration.synced()
        runtime.settle()
        synced = registration.synced()
        server.stream_now.send(event("MODIFIED", obj("a", 9)))
        runtime.settle()

        assert (False, True) == (before, synced)
        assert [("add", "a", "3", True), ("add", "b", "4", True), ("update", "a", "3", "9")] == diary.entries

    def test_a_slow_handler_holds_up_nobody_else(self, runtime, server, informer, caplog):
        """H22: neither the mirror nor the other handlers; it is named in a warning."""

        class Slow(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                runtime.sleep(10)

        slow, diary = Slow(), Diary()
        informer.add_handler(slow, name="sloth")
        informer.add_handler(diary, name="diary")
        informer.start()
        runtime.settle()
        server.stream_now.send(*(event("ADDED", obj(f"p{i}", 10 + i)) for i in range(100)))
        runtime.advance(35)

        assert (4, 100, 100) == (len(slow.entries), len(diary.entries), len(informer.store))
        assert "handler sloth took 10.0 s" in caplog.text

    def test_what_a_stuck_handler_has_yet_to_hear_grows_with_the_objects_only(self, runtime, server, informer):
        """H22: a hundred times more events than objects take no more room; in the end it knows all of them."""

        class Stuck(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                runtime.sleep(1000 if obj.meta.name == "first" else 0)

        stuck = Stuck()
        informer.add_handler(stuck, name="stuck")
        informer.start()
        runtime.settle()
        server.stream_now.send(event("ADDED", obj("first", 10)))
        runtime.settle()
        server.stream_now.send(*(event("MODIFIED", obj(f"p{i % 50}", 11 + i)) for i in range(5000)))
        runtime.settle()
        backlog = informer.snapshot().handlers[0].backlog
        runtime.advance(1001)

        assert 50 <= backlog <= 1100
        known = {entry[1]: entry[-1] if entry[0] == "update" else entry[2] for entry in stuck.entries}
        assert {obj.meta.name: obj.meta.resource_version for obj in informer.store.list()} == known


class TestPrompt:
    def test_it_is_told_on_the_task_that_reads_the_watch(self, runtime, server, informer):
        """And has none of its own; what is there already is told by whoever adds it, before it returns."""

        class Where(Diary):
            def on_add(self, obj, *, initial):
                self.entries.append((obj.meta.name, runtime.thread()))

        early, late, slow = Where(), Where(), Where()
        server.lists.append(page(5, obj("a", 3)))
        informer.add_handler(early, name="early", prompt=True)
        informer.add_handler(slow, name="slow")
        informer.start()
        runtime.settle()
        registration = informer.add_handler(late, name="late", prompt=True)
        told = list(late.entries)
        server.stream_now.send(event("ADDED", obj("b", 9)))
        runtime.settle()

        reader = dict(early.entries)["b"]
        assert [("a", reader), ("b", reader)] == early.entries
        assert [("a", runtime.thread())] == told
        assert (registration.synced(), ("b", reader)) == (True, late.entries[-1])
        assert reader not in dict(slow.entries).values()

    def test_never_two_calls_at_a_time(self, runtime, server, informer):
        """Whoever brings news while another tells leaves it to that one; nothing is lost."""
        inside = []

        class Waiting(Diary):
            def on_add(self, obj, *, initial):
                inside.append(obj.meta.name)
                runtime.sleep(1)
                self.entries.append([*inside])
                inside.remove(obj.meta.name)

        waiting = Waiting()
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.start()
        runtime.settle()
        runtime.spawn("adder", lambda: informer.add_handler(waiting, name="waiting", prompt=True))
        runtime.call_later(0.5, lambda: server.stream_now.send(event("ADDED", obj("c", 10))))
        runtime.advance(5)

        assert [["a"], ["b"], ["c"]] == waiting.entries

    def test_one_with_a_resync_has_a_task_all_the_same(self, runtime, server, informer):
        """Somebody has to look at the clock."""
        diary = Diary()
        server.lists.append(page(5, obj("a", 3)))
        informer.add_handler(diary, name="diary", resync=20, prompt=True)
        informer.start()
        runtime.advance(60)

        assert ("update", "a", "3", "3") in diary.entries

    def test_what_would_have_ended_its_task_ends_it_alone(self, runtime, server, informer):
        """And shows: the mirror and the others go on."""

        class Fatal(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                raise SystemExit(3)

        fatal, diary = Fatal(), Diary()
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        gone = informer.add_handler(fatal, name="fatal", prompt=True)
        informer.add_handler(diary, name="diary", prompt=True)
        informer.start()
        runtime.settle()
        shown = informer.snapshot()
        server.stream_now.send(event("ADDED", obj("c", 9)))
        runtime.settle()

        assert (["a"], ["a", "b", "c"]) == tuple([entry[1] for entry in one.entries] for one in (fatal, diary))
        assert ("died", "SystemExit(3)", True) == (shown.state, repr(shown.last_error), gone.removed)

    def test_a_call_in_progress_shows(self, runtime, server, informer):
        """Whoever stops the informer in the middle hears that it has not ended."""

        class Waiting(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                runtime.sleep(1)

        waiting = Waiting()
        server.lists.append(page(5, obj("a", 3), obj("b", 4)))
        informer.start()
        runtime.settle()
        runtime.spawn("adder", lambda: informer.add_handler(waiting, name="waiting", prompt=True))
        runtime.advance(0.5)
        (registration,) = informer._audience.members()
        informer.stop()
        alive, ended = registration.alive(), informer.join(0)
        runtime.advance(1)

        assert (True, False) == (alive, ended)
        assert (False, True, ["a"]) == (registration.alive(), informer.join(0), [one[1] for one in waiting.entries])

    def test_what_ends_the_teller_does_not_end_the_telling(self, runtime, server, make):
        """As when a thread that adds a handler is interrupted: the next news is told."""
        informer = make()

        class Interrupted(Diary):
            def on_add(self, obj, *, initial):
                super().on_add(obj, initial=initial)
                if initial:
                    raise KeyboardInterrupt

        interrupted = Interrupted()
        server.lists.append(page(5, obj("a", 3)))
        informer.start()
        runtime.settle()
        with pytest.raises(KeyboardInterrupt):
            informer.add_handler(interrupted, name="interrupted", prompt=True)
        server.stream_now.send(event("ADDED", obj("b", 9)))
        runtime.settle()

        assert ["a", "b"] == [entry[1] for entry in interrupted.entries]


class TestSync:
    def test_it_is_synced_once_a_complete_list_is_in_the_store(self, runtime, server, informer):
        """An empty store and an unsynced one are different things."""
        server.lists.extend([page(5, obj("a", 3), continue_="more"), Unreachable("x"), page(5, obj("b", 4))])
        registration = informer.add_handler(Diary(), name="diary")
        informer.start()
        runtime.settle()
        before = (informer.synced(), registration.synced(), len(informer.store))

        assert informer.wait_for_sync(5)
        runtime.settle()
        assert ((False, False, 0), True, 2) == (before, registration.synced(), len(informer.store))

    def test_waiting_for_it_is_bounded(self, runtime, server, informer):
        """It says no after the time given."""
        server.default = refusal(403, "Forbidden")
        informer.start()

        assert not informer.wait_for_sync(5)
        assert (5.0, True) == (runtime.monotonic(), informer.wait_for_sync(0) is False)

    def test_a_handler_is_synced_when_it_was_told_everything(self, runtime, server, informer):
        """Not as soon as the store is filled."""
        seen = []

        class Asker(Diary):
            def on_add(self, obj, *, initial):
                seen.append((informer.synced(), registration.synced()))

        registration = informer.add_handler(Asker(), name="asker")
        server.lists.append(page(5, obj("a", 3)))
        informer.start()
        runtime.settle()

        assert ([(True, False)], True) == (seen, registration.synced())

    def test_misuse_says_what_to_do(self, informer):
        """Starting twice and adding handlers after the end are mistakes."""
        informer.start()
        with pytest.raises(RuntimeError, match="started before"):
            informer.start()
        informer.stop()
        with pytest.raises(RuntimeError, match="has stopped"):
            informer.add_handler(Diary(), name="late")


class TestAbsence:
    def test_a_kind_that_went_away_is_looked_up_anew(self, runtime, server, informer):
        """Its definition may come back elsewhere; what was learnt of its URL is forgotten."""
        server.default = Response(404, {}, b"404 page not found")
        informer.start()
        runtime.advance(60)

        assert ("absent", "KindNotServed") == (informer.snapshot().state, type(informer.snapshot().last_error).__name__)
        assert server.looked_up > 2


class TestScopes:
    def test_each_namespace_has_a_list_and_a_watch_of_its_own(self, runtime, server, make):
        """And the end of one's list deletes nothing of another's."""
        informer = make(namespaces=("one", "two"))
        server.gets["/api/v1/namespaces/one/pods"] = page(5, obj("a", 3, namespace="one"))
        server.gets["/api/v1/namespaces/two/pods"] = page(6, obj("b", 4, namespace="two"))
        informer.start()
        runtime.settle()
        one = next(stream for stream in server.streams if "one" in stream.call.path)
        server.gets["/api/v1/namespaces/one/pods"] = page(9)
        one.send(error_event(410, "Expired"))
        runtime.advance(2)

        assert ["b"] == [obj.meta.name for obj in informer.store.list()]
        assert ("watching", "one=9,two=6") == (informer.snapshot().state, informer.snapshot().resource_version)

    def test_it_is_synced_when_every_namespace_is(self, runtime, server, make):
        """One that is forbidden keeps it from being so, and the snapshot says why."""
        informer = make(namespaces=("one", "two"))
        server.gets["/api/v1/namespaces/two/pods"] = refusal(403, "Forbidden", "pods is forbidden in two")
        informer.start()
        runtime.advance(10)
        shot = informer.snapshot()

        assert (False, "backoff", "pods is forbidden in two") == (shot.synced, shot.state, str(shot.last_error))
        server.gets.clear()
        assert informer.wait_for_sync(60)

    def test_a_cluster_scoped_kind_is_mirrored_whole_by_one_watch(self, runtime, server, make):
        """Whatever the namespaces, and deletions are seen."""
        informer = make(NODE, namespaces=("one", "two"))
        server.lists.append(page(5, obj("n", 3, namespace="", kind="Node"), obj("m", 4, namespace="", kind="Node")))
        informer.start()
        runtime.settle()
        informer.overlay.written(item("n", 7, namespace="", kind="Node"))
        ahead = len(informer.overlay)
        server.stream_now.send(event("DELETED", obj("m", 8, namespace="", kind="Node")))
        runtime.settle()

        assert (1, 1, {"/api/v1/nodes"}) == (ahead, len(server.streams), {call.path for call in server.calls})
        assert (True, ["n"], 0) == (
            informer.synced(),
            [o.meta.name for o in informer.store.list()],
            len(informer.overlay),
        )

    def test_selectors_narrow_what_is_asked_and_what_own_writes_show(self, runtime, server, make):
        """A write that does not match is not of this mirror."""
        informer = make(mirror=ListWatchOptions(labels="app=x", fields="metadata.name!=b,spec.nodeName=n"))
        informer.start()
        runtime.settle()
        for name, labels in (("a", {"app": "x"}), ("b", {"app": "x"}), ("c", {"app": "y"})):
            informer.overlay.written(item(name, 9, labels=labels))

        assert "app=x" == server.list_queries()[0]["labelSelector"]
        assert ["a"] == [obj.meta.name for obj in informer.overlay.select({})]


class TestOwnWrites:
    def test_events_and_bookmarks_let_go_of_own_writes(self, runtime, server, informer):
        """The overlay follows the watch."""
        informer.start()
        runtime.settle()
        for version in (5, 9):
            informer.overlay.written(item("a", version))
        seen = len(informer.overlay)
        server.stream_now.send(event("ADDED", obj("a", 5)), bookmark(12))
        runtime.settle()

        assert (1, 0) == (seen, len(informer.overlay))

    def test_a_ghost_is_told_as_deleted(self, runtime, server, informer):
        """The owner of a child that vanished in a gap must hear of it, though no watch ever told of the child."""
        diary = Diary()
        informer.add_handler(diary, name="diary")
        informer.start()
        runtime.settle()
        informer.overlay.written(item("a", 5))
        server.lists.append(page(9))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(2)

        assert [("delete", "a", "uid-a", True)] == diary.entries

    def test_a_deleted_known_object_is_told_once_even_if_we_wrote_it(self, runtime, server, informer):
        """As gone from the store, not as a ghost as well."""
        diary = Diary()
        server.lists.extend([page(3, obj("a", 2)), page(9)])
        informer.start()
        runtime.settle()
        informer.add_handler(diary, name="diary")
        informer.overlay.written(item("a", 5))
        server.stream_now.send(error_event(410, "Expired"))
        runtime.advance(2)

        assert [("delete", "a", "uid-a", True)] == diary.entries[1:]

    def test_a_watch_that_does_not_follow_our_writes_is_reopened(self, runtime, server, informer):
        """A dead connection shows long before its deadline."""
        informer.start()
        runtime.settle()
        informer.overlay.written(item("a", 5))
        runtime.advance(91)
        informer.overlay.get(NamespacedName("default", "a"))
        runtime.settle()

        assert (2, 1) == (len(server.streams), len(server.list_queries()))


def test_a_snapshot_tells_how_it_fares(runtime, server, informer):
    """Kind, state, counts, version and the last word of the server."""
    new = informer.snapshot()
    server.lists.append(page(5, obj("a", 3)))
    informer.start()
    runtime.settle()
    informer.overlay.written(item("b", 9))
    shot = informer.snapshot()

    assert ("new", False, None) == (new.state, new.synced, new.since)
    assert ("Pod (v1)", "watching", True, 1, "5") == (
        str(shot.gvk),
        shot.state,
        shot.synced,
        shot.objects,
        shot.resource_version,
    )
    assert (0, None, runtime.wall(), 1) == (shot.failures, shot.last_error, shot.since, shot.overlay)


def test_a_task_that_died_shows(runtime, server, informer, caplog):
    """Nothing but the end of a thread can stop an informer, and then it says so."""

    class Fatal(Diary):
        def on_add(self, obj, *, initial):
            raise SystemExit(3)

    server.lists.append(page(5, obj("a", 3)))
    informer.add_handler(Fatal(), name="fatal")
    informer.start()
    runtime.settle()

    assert ("died", "SystemExit(3)") == (informer.snapshot().state, repr(informer.snapshot().last_error))
    informer.stop()
    informer.join(1)
    assert "died" in caplog.text
