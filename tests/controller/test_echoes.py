"""What a reconcile wrote itself does not bring it in again; whatever anybody else did, does."""

from hypothesis import given
from hypothesis import strategies as st

from controller import Builder
from controller.echoes import KEPT, REMEMBERED, Echoes
from controller.events import Created, Deleted, Generic, Updated
from controller.handlers import enqueue_mapped
from controller.observe import NULL
from controller.pipeline import Pipeline
from controller.queue import WorkQueue
from controller.request import LOW_PRIORITY, Request
from controller.testing import Harness
from informers.api.objects import CachedObject, ObjectMeta
from informers.testing import FakeCluster
from informers.testing.virtual.sim import SimRuntime

KEY, OTHER = Request("default", "a"), Request("default", "b")
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
            def enqueued(self, controller, *, event, requests):
                heard.append((controller, event, requests))

        runtime = SimRuntime()
        queue = WorkQueue("test", runtime=runtime)
        echoes, event = Echoes(queue, runtime=runtime, observe=Ear()), Updated(at(5), at(6))
        echoes.enter(KEY)

        assert echoes.skips(KEY, event)
        assert heard == []
        echoes.leave(KEY)
        assert heard == [("test", event, (KEY,))]
        assert queue.get() == (KEY, 0)


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


class TestAController:
    @staticmethod
    def program(calls, **options):
        """Return a setup: each ConfigMap gets a Secret of its name, and an annotation that says so."""

        def setup(manager):
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
        """And again for what others change."""
        assert (1, 1) == self.calls(skip_own_writes=True)

    def test_hears_of_all_it_writes_unless_its_author_says_otherwise(self):
        """One that writes a step and waits for the next depends on it."""
        first, then = self.calls()

        assert first > 1
        assert then == 1
