"""What a reconcile wrote itself does not bring it in again; whatever anybody else did, does."""

from hypothesis import given
from hypothesis import strategies as st

from controller import Builder
from controller.attempt import Attempts
from controller.echoes import KEPT, REMEMBERED, Authors, Echoes
from controller.events import Created, Deleted, Generic, Updated
from controller.handlers import enqueue_mapped
from controller.observe import NULL
from controller.pipeline import Pipeline
from controller.pool import WorkerPool
from controller.queue import WorkQueue
from controller.request import LOW_PRIORITY, Request
from controller.testing import Harness
from informers.api.objects import CachedObject, GroupVersionKind, ObjectMeta
from informers.api.outcome import Silent
from informers.api.patch import Patch
from informers.testing import FakeCluster
from informers.testing.virtual.sim import SimRuntime

KEY, OTHER = Request("default", "a"), Request("default", "b")
GVK = GroupVersionKind("apps", "v1", "Deployment")
CONFIG_MAP, SECRET = ("v1", "ConfigMap"), ("v1", "Secret")


def at(version, *, uid="u", name="child"):
    """Return the object as it is at a version."""
    meta = ObjectMeta(name=name, namespace="default", uid=uid, resource_version=str(version))
    return CachedObject(meta, b"{}")


class Scene:
    """The queue of one controller and its echoes; events concern one key."""

    def __init__(self, key=KEY):
        runtime = SimRuntime()
        self.queue, self.key = WorkQueue("test", runtime=runtime), key
        self.echoes = Echoes(self.queue, runtime=runtime)
        self.queue.skips = self.echoes.skips
        self._pipeline = Pipeline("test", enqueue_mapped(lambda obj: [self.key]), (), observe=NULL)

    def tell(self, event):
        """Deliver an event; return whether the key is in the queue then."""
        self._pipeline.deliver(event, self.queue)
        return bool(len(self.queue))

    def reconcile(self, *events, wrote=()):
        """Let a reconcile write, and events come while it runs; return whether the key is in the queue afterwards."""
        self.echoes.enter(KEY)
        for event in events:
            self.tell(event)
        for obj, replaced in wrote:
            self.echoes.wrote(KEY, obj, replaced)
        self.echoes.leave(KEY)
        return bool(len(self.queue))


class TestOwnWrites:
    def test_a_creation_and_an_update_are_left_out(self):
        """Where the event leads from the version that the write replaced to the one that it made."""
        scene = Scene()
        scene.reconcile(wrote=[(at(5), ""), (at(7), "5")])

        assert [scene.tell(Created(at(5))), scene.tell(Updated(at(5), at(7)))] == [False, False]

    def test_the_answer_may_come_after_the_event(self):
        """What comes while the key is being worked on is looked at when that has ended."""
        assert not Scene().reconcile(Created(at(5)), wrote=[(at(5), "")])

    def test_every_source_hears_of_it(self):
        """A write is not forgotten with its first event: a controller may watch a kind twice."""
        scene = Scene()
        scene.reconcile(wrote=[(at(5), "")])

        assert [scene.tell(Created(at(5))), scene.tell(Created(at(5)))] == [False, False]


class TestNews:
    def test_what_somebody_else_wrote(self):
        """Before, after, and while the reconcile runs."""
        assert Scene().tell(Updated(at(5), at(6)))
        assert Scene().reconcile(Updated(at(5), at(6)), wrote=[(at(7), "6")])

    def test_two_changes_told_as_one(self):
        """An event that leads past somebody else's version is theirs too."""
        scene = Scene()
        scene.reconcile(wrote=[(at(7), "6")])

        assert scene.tell(Updated(at(5), at(7)))

    def test_a_creation_that_was_changed_before_it_was_told(self):
        """Its version is another one."""
        scene = Scene()
        scene.reconcile(wrote=[(at(5), "")])

        assert scene.tell(Created(at(6)))

    def test_another_key_s_write(self):
        """Whoever else is concerned hears of it."""
        scene = Scene(key=OTHER)
        scene.reconcile(wrote=[(at(5), "")])

        assert scene.tell(Created(at(5)))

    def test_an_update_that_changed_nothing_hides_nothing(self):
        """The server answers it with the version that was there: it may be somebody else's, and yet to be told."""
        scene = Scene()
        scene.reconcile(wrote=[(at(6), "6")])

        assert scene.tell(Updated(at(6), at(6)))

    def test_a_version_that_is_given_out_a_second_time(self):
        """Once the server was restored, it is somebody else's."""
        scene = Scene()
        scene.reconcile(wrote=[(at(10), "9")])

        assert scene.tell(Updated(at(10), at(9)))
        scene.queue.done(scene.queue.get()[0])
        assert scene.tell(Updated(at(9), at(10)))

    def test_what_is_told_once_more(self):
        """A list that comes again, and a resync, have reasons of their own; they keep their low priority."""
        for event in (Created(at(5), initial=True), Updated(at(5), at(5))):
            scene = Scene()
            scene.reconcile(wrote=[(at(5), "")])
            scene.tell(event)

            assert scene.queue.get() == (KEY, LOW_PRIORITY)

    def test_deletions_and_what_comes_from_outside(self):
        """They always count."""
        for event in (Deleted(at(5)), Generic(at(5))):
            scene = Scene()
            scene.reconcile(wrote=[(at(5), "")])

            assert scene.tell(event)

    def test_what_is_kept_comes_with_its_priority_and_is_told(self):
        """As if it had just come."""
        heard = []

        class Ear(type(NULL)):
            def enqueued(self, controller, *, event, requests, waited=0.0):
                heard.append((controller, event, requests, waited))

        runtime = SimRuntime()
        queue = WorkQueue("test", runtime=runtime)
        echoes, event = Echoes(queue, runtime=runtime, observe=Ear()), Updated(at(5), at(6))
        echoes.enter(KEY)

        assert echoes.skips(KEY, event)
        assert heard == []
        runtime.advance(3)
        echoes.leave(KEY)
        assert heard == [("test", event, (KEY,), 3)]
        assert queue.get() == (KEY, 0)


class TestTheEnd:
    def test_a_queue_that_drains_hands_out_what_came_meanwhile(self):
        """As it does with keys that were added while they were worked on."""
        scene = Scene()
        scene.queue.add(KEY)
        scene.queue.get()
        scene.echoes.enter(KEY)
        scene.tell(Updated(at(5), at(6)))
        scene.echoes.flush()
        scene.queue.shut_down(drain=True)
        scene.echoes.leave(KEY)
        scene.queue.done(KEY)

        assert scene.queue.get() == (KEY, 0)

    def test_a_worker_that_ends_keeps_nothing(self):
        """Whatever ended it."""

        def reconcile(request):
            raise SystemExit

        runtime, ended, scene = SimRuntime(), [], Scene()
        attempts = Attempts("test", reconcile, runtime=runtime)
        workers = WorkerPool(scene.queue, attempts, runtime=runtime, failed=ended.append)
        workers.echoes = scene.echoes
        scene.queue.add(KEY)
        workers.start(1)
        runtime.settle()

        assert len(ended) == 1
        assert scene.tell(Updated(at(5), at(6)))


class TestBounds:
    def test_a_reconcile_that_never_ends_keeps_a_few_events(self):
        """The next one is news at once."""
        scene = Scene()
        scene.echoes.enter(KEY)

        assert [scene.tell(Updated(at(n), at(n + 1))) for n in range(KEPT + 1)] == [False] * KEPT + [True]

    def test_the_oldest_write_is_forgotten(self):
        """At the price of a reconcile."""
        scene = Scene()
        scene.reconcile(wrote=[(at(n, uid=f"u{n}"), "") for n in range(REMEMBERED + 1)])

        assert not scene.tell(Created(at(1, uid="u1")))
        assert scene.tell(Created(at(0, uid="u0")))


@given(data=st.data())
def test_whoever_writes_whenever_it_is_told_nothing_of_others_is_lost(data):
    """One object's versions, by us or by others, told one by one or several as one, before and after our answers."""
    ours = data.draw(st.lists(st.booleans(), min_size=1, max_size=12), label="whose is each version")
    ends = sorted({*data.draw(st.sets(st.integers(1, len(ours)))), len(ours)})
    scene, begin = Scene(), 0
    told = data.draw(st.lists(st.sampled_from(["before", "during", "after"]), min_size=len(ends), max_size=len(ends)))
    told.sort(key=["before", "during", "after"].index)  # events come in order
    events = []
    for end in ends:
        event = Updated(at(begin), at(end)) if begin else Created(at(end))
        news = not all(ours[begin:end]) or end - begin > 1
        events.append((event, news))
        begin = end
    writes = [(at(n + 1), str(n) if n else "") for n, own in enumerate(ours) if own]

    early = [scene.tell(event) for (event, _), when in zip(events, told, strict=True) if when == "before"]
    assert all(early)  # nothing is known of a write yet
    while len(scene.queue):
        scene.queue.done(scene.queue.get()[0])
    during = [pair for pair, when in zip(events, told, strict=True) if when == "during"]
    assert scene.reconcile(*(event for event, _ in during), wrote=writes) == any(news for _, news in during)
    while len(scene.queue):
        scene.queue.done(scene.queue.get()[0])
    for (event, news), when in zip(events, told, strict=True):
        if when == "after":
            assert scene.tell(event) == news
            while len(scene.queue):
                scene.queue.done(scene.queue.get()[0])


class TestAuthors:
    def test_a_write_is_the_running_reconcile_s(self):
        """Of the controller that runs it, whatever others are called, and only if it is known what it replaced."""
        heard, mine, others = [], Scene(), Scene()

        class Listener(Silent):
            def written(self, gvk, obj, *, replaced=None):
                heard.append(replaced)

        authors = Authors(Listener())
        authors.written(GVK, at(1), replaced="")
        mine.echoes.enter(KEY)
        authors.written(GVK, at(5), replaced="4")
        authors.written(GVK, at(6), replaced=None)
        mine.echoes.leave(KEY)
        authors.written(GVK, at(8), replaced="7")

        assert heard == ["", "4", None, "7"]
        assert not mine.tell(Updated(at(4), at(5)))
        assert others.tell(Updated(at(4), at(5)))
        for event in (Created(at(1)), Updated(at(5), at(6)), Updated(at(7), at(8))):
            assert mine.tell(event)
            mine.queue.done(mine.queue.get()[0])


class Late:
    """A transport whose answers take a second, in which the watch tells what was done."""

    def __init__(self, transport, runtime):
        self._transport, self._runtime = transport, runtime

    def request(self, call):
        """Answer late."""
        answer = self._transport.request(call)
        self._runtime.sleep(1)
        return answer


class TestAController:
    @staticmethod
    def program(calls, **options):
        """Return a setup: each ConfigMap gets a Secret of its name, and an annotation that says so."""

        def setup(manager):
            manager.client.transport = Late(manager.client.transport, manager.runtime)

            def reconcile(request):
                calls.append(request.name)
                found = manager.cache.get(CONFIG_MAP, request)
                if manager.cache.get(SECRET, request) is None:
                    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": request.name, "controller": True}
                    owners = [{**owner, "uid": found["metadata"]["uid"]}]
                    metadata = {"name": request.name, "namespace": request.namespace, "ownerReferences": owners}
                    manager.client.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
                if "done" not in (found["metadata"].get("annotations") or {}):
                    found["metadata"]["annotations"] = {"done": "yes"}
                    manager.client.update(found)

            Builder(manager).for_(CONFIG_MAP).owns(SECRET).with_options(**options).complete(reconcile)

        return setup

    @staticmethod
    def config_map(name):
        """Return an object to create."""
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}

    def calls(self, **options):
        """Return how often a controller was called for one new object, and then for a change of its child."""
        world, calls = FakeCluster(), []
        with Harness(world, self.program(calls, **options)) as harness:
            harness.settle()
            world.client().create(self.config_map("a"))
            harness.settle()
            first = calls.count("a")
            secret = world.client().get(SECRET, "default/a")
            world.client().update(secret | {"data": {"by": "aGFuZA=="}})
            harness.settle()
        return first, calls.count("a") - first

    def test_is_called_once_for_what_it_made_itself(self):
        """And again for what others change; its answers come later than the events."""
        assert (1, 1) == self.calls(skip_own_writes=True)

    def test_hears_of_all_it_writes_unless_its_author_says_otherwise(self):
        """One that writes a step and waits for the next depends on it."""
        first, then = self.calls()

        assert first > 1
        assert then == 1

    def test_is_called_again_for_what_others_change_meanwhile(self):
        """While it waits for an answer."""
        world, calls = FakeCluster(), []
        with Harness(world, self.program(calls, skip_own_writes=True)) as harness:
            harness.settle()
            world.client().create(self.config_map("a"))
            harness.advance(0.5)
            assert calls == ["a"]
            world.client().patch(CONFIG_MAP, "default/a", Patch.merge({"data": {"by": "a hand"}}))
            harness.settle()

        assert len(calls) > 1
