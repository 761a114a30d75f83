"""Sources: how events reach a queue, and what a fault on the way costs."""

import logging
from types import SimpleNamespace

import pytest

from controller.handlers import enqueue_self
from controller.observe import ControllerObserver
from controller.predicates import generation_changed
from controller.queue import WorkQueue
from controller.request import LOW_PRIORITY, Request
from controller.sources import ChannelSource, FunctionSource, InformerSource, KindSource, SourceStatus
from informers.api.errors import KindNotServed
from informers.api.objects import CachedObject, ObjectMeta
from informers.testing.virtual.sim import SimRuntime

CONFIG_MAP = ("v1", "ConfigMap")


class Mirror:
    """An informer, or a cache that has only one: the test says what it delivers."""

    def __init__(self):
        self.handlers, self.is_synced, self.last_error = {}, False, None
        self.prompt, self.meanwhile = {}, lambda: None

    def informer(self, kind):
        """Return the one informer."""
        return self

    def add_handler(self, handler, *, name, prompt):
        """Take a handler."""
        self.handlers[name], self.prompt[name] = handler, prompt
        self.meanwhile()
        return SimpleNamespace(remove=lambda: self.handlers.pop(name, None), synced=lambda: self.is_synced)

    def snapshot(self):
        """Return the last error."""
        return SimpleNamespace(last_error=self.last_error)


class Told(ControllerObserver):
    """Remembers lost events."""

    def __init__(self):
        self.lost = []

    def event_lost(self, controller, *, source, error):
        """Note who lost it, and why."""
        self.lost.append((controller, source, type(error).__name__))


def obj(name="web", version="1"):
    """Return an object."""
    return CachedObject(ObjectMeta(name=name, namespace="default", resource_version=version), b"{}")


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def queue(runtime):
    """The queue that is fed."""
    return WorkQueue("test", runtime=runtime)


@pytest.fixture
def mirror():
    """Where events come from."""
    return Mirror()


def taken(queue):
    """Take everything that is ready, as (name, priority)."""
    return [(request.name, priority) for request, priority in (queue.get() for _ in range(len(queue)))]


class TestKindSource:
    def test_every_kind_of_event_reaches_the_queue(self, queue, mirror):
        """Add, update and delete, each by the name of its object."""
        source = KindSource(mirror, CONFIG_MAP)
        source.start(queue)
        source.on_add(obj("a"), initial=False)
        source.on_update(obj("b", "1"), obj("b", "2"))
        source.on_delete(obj("c"), final_state_unknown=True)

        assert [("a", 0), ("b", 0), ("c", 0)] == taken(queue)

    def test_an_event_that_concerns_nobody_is_told_to_nobody(self, queue, mirror):
        """Observers hear of keys that are added."""
        heard = []

        class Ear(ControllerObserver):
            def enqueued(self, controller, **news):
                heard.append(controller)

        source = KindSource(mirror, CONFIG_MAP, lambda event: (), observe=Ear())
        source.start(queue)
        source.on_add(obj("a"), initial=False)

        assert ([], []) == (taken(queue), heard)

    @pytest.mark.parametrize(
        ("mapper", "predicates", "is_prompt"),
        [(enqueue_self, (generation_changed,), True), (enqueue_self, (lambda event: True,), False), (list, (), False)],
    )
    def test_it_is_told_on_the_reading_task_if_its_functions_are_prompt(
        self, queue, mirror, mapper, predicates, is_prompt
    ):
        """All of them; else it has a task of its own."""
        KindSource(mirror, CONFIG_MAP, mapper, predicates=predicates).start(queue)

        assert {"test": is_prompt} == mirror.prompt

    @pytest.mark.parametrize("again", [False, True])
    def test_one_that_is_stopped_while_it_is_told_what_is_there(self, queue, mirror, again):
        """Leaves, and feeds no more; also when that is told again."""
        source = KindSource(mirror, CONFIG_MAP)
        if again:
            source.start(queue)
        mirror.meanwhile = source.stop
        source.replay() if again else source.start(queue)
        source.on_add(obj("late"), initial=False)

        assert ({}, []) == (mirror.handlers, taken(queue))

    def test_the_first_list_and_repeated_updates_come_last(self, queue, mirror):
        """They are of low priority."""
        source = KindSource(mirror, CONFIG_MAP)
        source.start(queue)
        source.on_add(obj("listed"), initial=True)
        source.on_update(obj("resent"), obj("resent"))
        source.on_add(obj("new"), initial=False)

        assert [("new", 0), ("listed", LOW_PRIORITY), ("resent", LOW_PRIORITY)] == taken(queue)

    def test_a_change_raises_what_the_first_list_brought(self, queue, mirror):
        """The user who changes an object does not wait for the rest of the list."""
        source = KindSource(mirror, CONFIG_MAP)
        source.start(queue)
        for name in ("a", "b"):
            source.on_add(obj(name), initial=True)
        source.on_update(obj("b", "1"), obj("b", "2"))

        assert [("b", 0), ("a", LOW_PRIORITY)] == taken(queue)

    def test_all_predicates_must_agree(self, queue, mirror):
        """The first no ends it; the mapper is not asked."""
        asked = []
        predicates = [
            lambda event: event.obj.meta.name != "no",
            lambda event: asked.append(event.obj.meta.name) or True,
        ]
        source = KindSource(mirror, CONFIG_MAP, predicates=predicates)
        source.start(queue)
        for name in ("no", "yes"):
            source.on_add(obj(name), initial=False)

        assert [("yes", 0)] == taken(queue)
        assert ["yes"] == asked

    def test_it_registers_under_the_controllers_name_and_leaves_on_stop(self, queue, mirror):
        """Stopping twice is harmless."""
        source = KindSource(mirror, CONFIG_MAP)
        source.start(queue)

        assert {"test": source} == mirror.handlers

        source.stop()
        source.stop()

        assert {} == mirror.handlers

    def test_the_informer_is_made_before_the_start(self, mirror):
        """So that a standby's cache is warm."""
        kinds = []
        KindSource(SimpleNamespace(informer=kinds.append), CONFIG_MAP)

        assert [CONFIG_MAP] == kinds

    def test_it_is_synced_when_the_handler_is(self, queue, mirror):
        """Not before it is started, and until then the informer's trouble is shown."""
        source, mirror.last_error = KindSource(mirror, CONFIG_MAP), OSError("refused")

        assert SourceStatus(synced=False, error="refused") == source.status()

        source.start(queue)
        mirror.is_synced = True

        assert SourceStatus(synced=True) == source.status()

    def test_a_missing_kind_is_told_from_other_trouble(self, queue, mirror):
        """It is waited for, and the error says how to install it."""
        source, mirror.last_error = KindSource(mirror, CONFIG_MAP), KindNotServed("install it with: ...")

        assert SourceStatus(synced=False, absent=True, error="install it with: ...") == source.status()


class TestFaults:
    def broken(self, event):
        """Raise for one object."""
        if event.obj.meta.name == "bad":
            raise KeyError("spec")
        return [event.obj.key]

    @pytest.mark.parametrize("where", ["predicates", "mapper"])
    def test_a_fault_loses_one_event_and_nothing_else(self, queue, mirror, where):
        """H26: the informer never hears of it, the next event passes, the observer counts."""
        told = Told()
        options = {"mapper": self.broken} if where == "mapper" else {"predicates": [self.broken]}
        source = KindSource(mirror, CONFIG_MAP, observe=told, **options)
        source.start(queue)
        for name in ("bad", "good"):
            source.on_add(obj(name), initial=False)

        assert [("good", 0)] == taken(queue)
        assert [("test", "ConfigMap (v1)", "KeyError")] == told.lost

    @pytest.mark.parametrize(
        "error", [ValueError(), RecursionError(), MemoryError(), StopIteration(), AssertionError()]
    )
    def test_every_class_of_exception_is_contained(self, queue, mirror, error):
        """H26: whatever a user's function may raise."""

        def raising(event):
            raise error

        source = KindSource(mirror, CONFIG_MAP, raising)
        source.start(queue)
        source.on_add(obj(), initial=False)

        assert 0 == len(queue)

    def test_a_mapper_that_breaks_off_asks_for_nobody(self, queue, mirror):
        """An event counts whole or not at all."""

        def half(event):
            yield Request("default", "first")
            raise ValueError

        source = KindSource(mirror, CONFIG_MAP, half)
        source.start(queue)
        source.on_add(obj(), initial=False)

        assert 0 == len(queue)

    def test_it_is_loud_with_the_traceback_once_per_doubling(self, queue, mirror, caplog):
        """Every lost event is a line; the tracebacks would all be the same."""
        source = KindSource(mirror, CONFIG_MAP, self.broken)
        source.start(queue)
        with caplog.at_level(logging.ERROR, "levelset.controller"):
            for _ in range(5):
                source.on_add(obj("bad"), initial=False)

        assert [True, True, False, True, False] == [record.exc_info is not None for record in caplog.records]
        fields = caplog.records[0].fields
        assert ("test", "ConfigMap (v1)", "Created", "bad") == (
            fields["controller"],
            fields["source"],
            fields["event"],
            fields["name"],
        )


class TestChannelSource:
    def test_a_name_is_enough(self, runtime, queue):
        """So is an object."""
        source = ChannelSource(runtime=runtime)
        source.start(queue)
        source.push("default/by-name")
        source.push(obj("by-object"))

        assert [("by-name", 0), ("by-object", 0)] == taken(queue)

    def test_what_is_pushed_early_is_kept_once_per_key(self, runtime, queue):
        """It waits for the start without growing."""
        source = ChannelSource(runtime=runtime)
        for _ in range(100):
            source.push("default/early")

        assert not source.status().synced

        source.start(queue)

        assert source.status().synced
        assert [("early", 0)] == taken(queue)

    def test_predicates_and_mapper_apply(self, runtime, queue):
        """A generic event is an event."""
        source = ChannelSource(
            runtime=runtime,
            mapper=lambda event: [Request("other", event.obj.meta.name)],
            predicates=[lambda event: event.obj.meta.name != "no"],
        )
        source.push("default/no")
        source.start(queue)
        source.push("default/no")
        source.push("default/yes")

        assert (Request("other", "yes"), 0) == queue.get()
        assert 0 == len(queue)

    def test_a_second_controller_needs_a_source_of_its_own(self, runtime, queue):
        """It would take all events away from the first, without a word."""
        source = ChannelSource(runtime=runtime)
        source.start(queue)

        with pytest.raises(RuntimeError, match="channel feeds controller test already; make another for second"):
            source.start(WorkQueue("second", runtime=runtime))

    def test_any_thread_may_push(self, runtime, queue):
        """While the controller starts, too: nothing is lost."""
        source = ChannelSource(runtime=runtime)
        for number in range(20):
            runtime.spawn(f"pusher {number}", lambda n=number: (runtime.sleep(n), source.push(f"default/{n}")))
        runtime.advance(10)
        source.start(queue)
        runtime.advance(10)

        assert {str(number) for number in range(20)} == {name for name, _ in taken(queue)}


class TestFunctionSource:
    def test_the_function_is_given_the_queue_and_may_return_its_end(self, queue):
        """What it returns is called once, on stop."""
        ended = []

        def feed(queue):
            queue.add(Request("default", "fed"), priority=3)
            return lambda: ended.append(1)

        source = FunctionSource(feed)
        source.start(queue)

        assert ("feed", True) == (source.name, source.status().synced)
        assert [("fed", 3)] == taken(queue)

        source.stop()
        source.stop()

        assert [1] == ended

    def test_it_may_return_nothing(self, queue):
        """Then there is nothing to end."""
        source = FunctionSource(lambda queue: None, name="quiet")
        source.start(queue)
        source.stop()

        assert "quiet" == source.name


class TestInformerSource:
    def test_an_informer_of_ones_own_feeds_a_controller(self, queue, mirror):
        """Without a cache around it; starting the informer is up to whoever made it."""
        mirror.gvk = "ConfigMap (v1)"
        source = InformerSource(mirror)
        source.start(queue)
        mirror.handlers["test"].on_add(obj("mine"), initial=False)

        assert [("mine", 0)] == taken(queue)
        assert "ConfigMap (v1)" == source.name

    def test_a_second_controller_needs_a_source_of_its_own(self, runtime, queue, mirror):
        """The informer can be the same."""
        mirror.gvk = "ConfigMap (v1)"
        source = InformerSource(mirror)
        source.start(queue)

        with pytest.raises(RuntimeError, match="make another for second"):
            source.start(WorkQueue("second", runtime=runtime))

    def test_it_waits_for_the_informers_first_list(self, queue, mirror):
        """As the cache's own informers do."""
        mirror.gvk = "ConfigMap (v1)"
        source = InformerSource(mirror, name="mine")
        source.start(queue)

        assert not source.status().synced

        mirror.is_synced = True

        assert source.status().synced
        assert "mine" == source.name
