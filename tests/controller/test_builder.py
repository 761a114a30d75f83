"""The builder: what it puts together, and what it refuses."""

from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from controller.builder import Builder
from controller.handlers import enqueue_mapped
from controller.loop import ControllerOptions
from controller.manageroptions import ManagerOptions
from controller.observe import NULL
from controller.sources import ChannelSource
from informers.api.errors import KindNotServed
from informers.api.objects import CachedObject, GroupVersionKind, ObjectMeta, OwnerReference
from informers.api.resource import Resource
from informers.testing.virtual.sim import SimRuntime

DEPLOYMENT, SECRET = ("apps/v1", "Deployment"), ("v1", "Secret")


class Nothing(msgspec.Struct):
    """Nothing."""


class Memcached(Resource[Nothing, Nothing], group="cache.example.com"):
    """A namespaced kind."""


class Fleet(Resource[Nothing, Nothing], group="cache.example.com", namespaced=False):
    """A cluster-scoped kind."""


class Host:
    """A manager's stand-in: caches, discovery and names in one; the test delivers the events."""

    def __init__(self):
        self.runtime, self.observe, self.cache, self.discovery = SimRuntime(), NULL, self, self
        common = ControllerOptions(max_concurrent_reconciles=3, cache_sync_timeout=60.0, drain=True)
        self.options = ManagerOptions(controllers=common, concurrency=("eager=9",))
        self.added, self.handlers, self.scopes = [], {}, {}

    def add(self, controller):
        """Take a controller unless its name is taken."""
        if controller.name in [other.name for other in self.added]:
            raise ValueError(f"{controller.name!r} is taken")
        self.added.append(controller)

    def informer(self, kind):
        """Stand in for an informer that is synced."""

        def add_handler(handler, *, name, prompt):
            self.handlers.setdefault(handler.name, []).append(handler)
            return SimpleNamespace(remove=lambda: None, synced=lambda: True)

        return SimpleNamespace(add_handler=add_handler, snapshot=lambda: SimpleNamespace(last_error=None))

    def resource(self, kind):
        """Say whether a kind lives in namespaces, if the test knows."""
        if kind not in self.scopes:
            raise KindNotServed(str(kind))
        return SimpleNamespace(namespaced=self.scopes[kind])

    def deliver(self, kind, obj):
        """Let the informer of a kind tell of a new object."""
        for handler in self.handlers[kind]:
            handler.on_add(obj, initial=False)
        self.runtime.settle()


@pytest.fixture
def host():
    """Where controllers live."""
    return Host()


def obj(name, *owners, namespace="default", **meta):
    """Return an object."""
    return CachedObject(ObjectMeta(name=name, namespace=namespace, owner_references=owners, **meta), b"{}")


def owner(kind, name, controller=True):
    """Return a reference to an owner."""
    return OwnerReference(api_version=kind.api_version, kind=kind.kind, name=name, uid="u", controller=controller)


def started(builder):
    """Complete and start a controller; return the list of names that it fills."""
    seen = []
    builder.complete(lambda request: seen.append(str(request))).start()
    return seen


class TestWatching:
    def test_for_reconciles_the_objects_themselves(self, host):
        """By their own names."""
        seen = started(Builder(host).for_(Memcached))
        host.deliver("Memcached (cache.example.com/v1)", obj("a"))

        assert ["default/a"] == seen

    def test_owns_reconciles_the_managing_owner(self, host):
        """Not other owners, unless every owner matches."""
        child = obj("child", owner(Memcached.gvk, "guest", None), owner(Memcached.gvk, "boss"))
        seen = started(Builder(host).for_(Memcached).owns(DEPLOYMENT))
        every = started(Builder(host).named("every").for_(Memcached).owns(DEPLOYMENT, match_every_owner=True))
        host.deliver("Deployment (apps/v1)", child)

        assert ["default/boss"] == seen
        assert ["default/guest", "default/boss"] == every

    def test_watches_reconciles_what_the_mapper_says(self, host):
        """Without for_ it needs a name."""
        mapper = enqueue_mapped(lambda secret: [("default", "user-of-" + secret.meta.name)])
        seen = started(Builder(host).named("secrets").watches(SECRET, mapper))
        host.deliver("Secret (v1)", obj("password"))

        assert ["default/user-of-password"] == seen

    def test_other_sources_are_watched_as_they_are(self, host):
        """Event filters do not apply to them."""
        source = ChannelSource(runtime=host.runtime)
        seen = started(Builder(host).named("x").watches_source(source).with_event_filter(lambda event: False))
        source.push("default/a")
        host.runtime.settle()

        assert ["default/a"] == seen

    def test_owns_may_come_before_for(self, host):
        """The order of the words does not matter."""
        seen = started(Builder(host).owns(DEPLOYMENT).for_(Memcached))
        host.deliver("Deployment (apps/v1)", obj("child", owner(Memcached.gvk, "boss")))

        assert ["default/boss"] == seen

    @pytest.mark.parametrize(
        ("kind", "scopes", "expected"),
        [
            (Fleet, {}, ["boss"]),
            (("v1", "Node"), {("v1", "Node"): False}, ["boss"]),
            (DEPLOYMENT, {DEPLOYMENT: True}, ["default/boss"]),
            (DEPLOYMENT, {}, ["default/boss", "boss"]),
        ],
    )
    def test_cluster_scoped_owners_have_no_namespace(self, host, kind, scopes, expected):
        """The class knows, or discovery; while neither does, both are asked for."""
        host.scopes = scopes
        gvk = kind.gvk if isinstance(kind, type) else GroupVersionKind.parse(*kind)
        seen = started(Builder(host).for_(kind).owns(SECRET))
        host.deliver("Secret (v1)", obj("child", owner(gvk, "boss")))

        assert expected == seen


class TestPredicates:
    def test_all_predicates_of_a_watch_must_agree_with_the_filters(self, host):
        """Filters of the whole controller are asked first."""
        asked = []

        def named(what, *names):
            return lambda event: (asked.append(what), event.obj.meta.name in names)[1]

        builder = Builder(host).for_(Memcached, predicates=[named("own", "a"), named("last", "a")])
        seen = started(builder.with_event_filter(named("filter", "a", "b")))
        for name in "abc":
            host.deliver("Memcached (cache.example.com/v1)", obj(name))

        assert ["default/a"] == seen
        assert ["filter", "own", "last", "filter", "own", "filter"] == asked

    def test_each_watch_has_its_own(self, host):
        """What filters the children does not filter the parents."""
        seen = started(Builder(host).for_(Memcached).owns(DEPLOYMENT, predicates=[lambda event: False]))
        host.deliver("Deployment (apps/v1)", obj("child", owner(Memcached.gvk, "boss")))
        host.deliver("Memcached (cache.example.com/v1)", obj("a"))

        assert ["default/a"] == seen


class TestTheController:
    def test_it_is_named_after_its_kind(self, host):
        """In lower case; or as it is told."""
        Builder(host).for_(Memcached).complete(lambda request: None)
        Builder(host).for_(Memcached).named("second").complete(lambda request: None)

        assert ["memcached", "second"] == [controller.name for controller in host.added]
        assert Memcached.gvk == host.added[0].kind

    def test_it_is_added_and_returned_and_not_started(self, host):
        """When is the manager's to say."""
        controller = Builder(host).for_(Memcached).complete(lambda request: None)

        assert [controller] == host.added
        assert {} == host.handlers

    def test_what_options_leave_open_is_the_managers(self, host):
        """What is said counts, be it the default of the library; said in two calls, both count."""
        common = Builder(host).for_(Memcached).complete(lambda request: None)
        builder = Builder(host).for_(Memcached).named("own").with_options(drain=False)
        own = builder.with_options(max_concurrent_reconciles=7).complete(lambda request: None)

        assert host.options.controllers == common.options
        assert replace(host.options.controllers, drain=False, max_concurrent_reconciles=7) == own.options

    def test_the_concurrency_of_one_controller_is_set_from_outside(self, host):
        """By its name; a number in the code comes before it."""
        eager = Builder(host).for_(Memcached).named("eager")
        outside = eager.complete(lambda request: None).options.max_concurrent_reconciles
        host.added.clear()
        inside = eager.with_options(max_concurrent_reconciles=2).complete(lambda request: None)

        assert (9, 2) == (outside, inside.options.max_concurrent_reconciles)

    def test_a_misspelt_option_is_refused(self, host):
        """With its name."""
        with pytest.raises(TypeError, match="max_concurrent_reconcile"):
            Builder(host).for_(Memcached).with_options(max_concurrent_reconcile=2).complete(lambda request: None)

    def test_it_may_do_without_leadership(self, host):
        """The manager reads it off the controller."""
        builder = Builder(host).for_(Memcached).with_options(needs_leader_election=False)
        controller = builder.complete(lambda request: None)

        assert not controller.needs_leader_election


class TestMistakes:
    def test_for_twice(self, host):
        """A controller is for one kind."""
        with pytest.raises(ValueError, match=r"for_\(\) may be called once: Deployment .* after Memcached"):
            Builder(host).for_(Memcached).for_(DEPLOYMENT)

    def test_owns_without_for(self, host):
        """Owners of which kind?"""
        with pytest.raises(ValueError, match=r"only together with for_\(\)"):
            Builder(host).named("x").owns(DEPLOYMENT).complete(lambda request: None)

    def test_nothing_to_watch(self, host):
        """It would never be called."""
        with pytest.raises(ValueError, match="nothing to watch"):
            Builder(host).named("x").complete(lambda request: None)

    def test_no_name(self, host):
        """There is no kind to take it from."""
        with pytest.raises(ValueError, match=r"call for_\(kind\) or named\(name\)"):
            Builder(host).watches(SECRET, enqueue_mapped(lambda obj: [])).complete(lambda request: None)

    def test_a_name_that_is_taken(self, host):
        """Two controllers of one kind need names; another manager does not mind."""
        Builder(host).for_(Memcached).complete(lambda request: None)
        with pytest.raises(ValueError, match="'memcached' is taken"):
            Builder(host).for_(Memcached).complete(lambda request: None)
        Builder(Host()).for_(Memcached).complete(lambda request: None)

    def test_no_reconciler(self, host):
        """Nothing is added."""
        with pytest.raises(TypeError, match="no reconciler"):
            Builder(host).for_(Memcached).complete(None)

        assert [] == host.added
