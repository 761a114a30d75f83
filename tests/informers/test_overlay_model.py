"""Store and overlay against a plain dict: whatever the order of events, answers, duplicates and gaps."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from informers.api.objects import NamespacedName
from informers.overlay import Overlay
from informers.store import Store
from informers.testing.virtual.sim import SimRuntime
from tests.informers.scripted import item

NAMES, OWNERS = ("a", "b", "c"), ("o", "p")


class World(RuleBasedStateMachine):
    """A server with a history, a watch that lags behind it, and writes of our own whose answers are late.

    The model is three plain facts: the server's state at the version that the watch has passed, the newest own answer
    for each name, and the uids whose deletion we were told of.
    """

    def __init__(self):
        super().__init__()
        self.runtime = SimRuntime()
        self.store = Store(runtime=self.runtime)
        self.overlay = Overlay(self.store, runtime=self.runtime)
        self.version, self.uids = 10, 0
        self.server, self.history = {}, []  # history: (version, deleted, obj), in order
        self.delivered, self.passed = 0, 10
        self.mirrored, self.answers, self.own, self.dead = {}, [], {}, set()
        self.overlay.replaced("10")

    # --- The server ---

    def write(self, name, owner, *, anew=False):
        """Create or change an object; return it."""
        old = self.server.get(name)
        if old is not None and anew:
            self.remove(name)
            old = None
        self.version += 1
        self.uids += old is None
        uid = old.meta.uid if old is not None else f"uid-{self.uids}"
        obj = self.server[name] = item(name, self.version, uid=uid, owners=[owner])
        self.history.append((self.version, False, obj))
        return obj

    def remove(self, name):
        """Delete an object; return it."""
        self.version += 1
        old = self.server.pop(name)
        gone = item(name, self.version, uid=old.meta.uid, owners=[old.meta.owner_references[0].uid])
        self.history.append((self.version, True, gone))
        return gone

    @rule(name=st.sampled_from(NAMES), owner=st.sampled_from(OWNERS), anew=st.booleans())
    def somebody_writes(self, name, owner, anew):
        """Create, change or replace."""
        self.write(name, owner, anew=anew)

    @rule(name=st.sampled_from(NAMES))
    def somebody_deletes(self, name):
        """If it is there."""
        if name in self.server:
            self.remove(name)

    # --- Ourselves ---

    @rule(name=st.sampled_from(NAMES), owner=st.sampled_from(OWNERS))
    def we_write(self, name, owner):
        """The answer comes later."""
        self.answers.append((False, self.write(name, owner)))

    @rule(name=st.sampled_from(NAMES))
    def we_delete(self, name):
        """What we know of, and of which the server told the uid."""
        seen = self.overlay.get(NamespacedName("default", name))
        if seen is not None and name in self.server and seen.meta.uid == self.server[name].meta.uid:
            self.answers.append((True, self.remove(name)))

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def an_answer_comes(self, data):
        """In any order."""
        deleted, obj = self.answers.pop(data.draw(st.integers(0, len(self.answers) - 1)))
        if deleted:
            self.overlay.deleted(obj.key, uid=obj.meta.uid)
            self.dead.add(obj.meta.uid)
            return
        self.overlay.written(obj)
        known, version = self.own.get(obj.meta.name), int(obj.meta.resource_version)
        if version > self.passed and (known is None or version > int(known.meta.resource_version)):
            self.own[obj.meta.name] = obj

    # --- The watch ---

    @rule(count=st.integers(1, 4))
    def events_come(self, count):
        """In order."""
        for _ in range(min(count, len(self.history) - self.delivered)):
            version, deleted, obj = self.history[self.delivered]
            self.delivered += 1
            self.hear(version, obj, deleted=deleted)
            self.passed = version
            self.mirrored.pop(obj.meta.name, None)
            if not deleted:
                self.mirrored[obj.meta.name] = obj

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def an_event_comes_again(self, data):
        """Proxies and reconnects repeat what was told."""
        version, deleted, obj = self.history[data.draw(st.integers(0, self.delivered - 1))]
        if version > self.listed_at():
            self.hear(version, obj, deleted=deleted)

    @rule()
    def a_bookmark_comes(self):
        """When there is nothing else to tell."""
        if self.delivered == len(self.history):
            self.passed = self.version
            self.overlay.progress(str(self.version))

    @rule()
    def the_watch_is_cut_and_a_list_made(self):
        """What happened meanwhile is told by nobody."""
        self.delivered, self.passed, self.mirrored = len(self.history), self.version, dict(self.server)
        self.relisted = self.version
        self.store.replace(self.server.values())
        self.overlay.replaced(str(self.version))

    @rule(seconds=st.sampled_from([1.0, 61.0]))
    def time_passes(self, seconds):
        """Memories may fade."""
        self.runtime.advance(seconds)

    relisted = 10

    def listed_at(self):
        """A list forgets what was deleted before it, and the watch that follows it begins there."""
        return self.relisted

    def hear(self, version, obj, *, deleted):
        """Let an event come, as an informer passes it on."""
        self.store.apply(obj, deleted=deleted)
        self.overlay.progress(str(version), gone=obj.meta.uid if deleted else "")

    # --- What must hold ---

    def expected(self, name):
        """Return what a reader must see."""
        own = self.own.get(name)
        if own is not None and int(own.meta.resource_version) <= self.passed:
            own = None
        newest = own or self.mirrored.get(name)
        return None if newest is None or newest.meta.uid in self.dead else newest

    @invariant()
    def reads_are_never_older_than_own_writes(self):
        """And show nothing that was deleted, by name, in lists and by index."""
        expected = {name: obj for name in NAMES if (obj := self.expected(name)) is not None}
        assert list(expected.values()) == list(self.overlay.select({}))
        for name in NAMES:
            assert expected.get(name) == self.overlay.get(NamespacedName("default", name))
        for owner in OWNERS:
            owned = [obj for obj in expected.values() if obj.meta.owner_references[0].uid == owner]
            assert owned == list(self.overlay.select({"owner": owner}))
            assert owned == list(self.overlay.select({"owner": owner, "namespace": "default"}))


World.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestWorld = World.TestCase


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["put", "anew", "delete"])), max_size=12), st.randoms()
)
def test_the_order_in_which_events_come_does_not_matter(steps, dice):
    """However they are shuffled and repeated, the store ends as the server did."""
    world = World()
    for name, step in steps:
        if step != "delete":
            world.write(name, "o", anew=step == "anew")
        elif name in world.server:
            world.remove(name)
    events = world.history + dice.choices(world.history, k=len(world.history) // 2) if world.history else []
    dice.shuffle(events)
    for _, deleted, obj in events:
        world.store.apply(obj, deleted=deleted)

    assert [world.server[name] for name in sorted(world.server)] == world.store.list()
    assert all(world.store.by_index("owner", "o") == world.store.list() for _ in range(1))
