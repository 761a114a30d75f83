"""The whole mirror against the in-memory cluster, under random schedules and faults, from seeds."""

import logging
from contextlib import suppress

import pytest

from informers.api.client import Client, Patch
from informers.api.discovery import Discovery
from informers.api.errors import Conflict, NotFound, OutcomeUnknown, ResponseLost
from informers.cache import Cache
from informers.runtime import seeded
from informers.testing.fake import FakeCluster
from informers.testing.virtual.sim import RandomChoices, SimRuntime
from tests.informers.scripted import ScriptedStream, refusal

MAP = ("v1", "ConfigMap")
KEYS = {f"default/x{i}" for i in range(4)}
FOREIGN = Patch.merge({"data": {"by": "others"}})


class Follower:
    """A handler that believes what it is told, and checks that the cache never shows less."""

    def __init__(self, cache):
        self.cache, self.world, self.told = cache, {}, []

    def on_add(self, obj, *, initial):
        """An unknown object."""
        assert obj.key not in self.world, f"{obj.key} was told twice"
        self._know(obj)

    def on_update(self, old, new):
        """A known object; the states are in order and of one uid."""
        assert self.world[new.key] == (old.meta.uid, old.meta.resource_version)
        assert old.meta.uid == new.meta.uid
        self._know(new)

    def on_delete(self, obj, *, final_state_unknown):
        """A known object, or a ghost that we alone knew."""
        self.world.pop(obj.key, None)
        self.told.append(("delete", obj.key, final_state_unknown))

    def _know(self, obj):
        self.world[obj.key] = (obj.meta.uid, obj.meta.resource_version)
        self.told.append((obj.key, obj.meta.resource_version))
        seen = self.cache.informer(MAP).overlay.get(obj.key)
        assert seen is None or int(seen.meta.resource_version) >= int(obj.meta.resource_version)


class Faulty:
    """A way to the cluster that refuses some reads and loses the answers to some writes that happened."""

    def __init__(self, below, dice, runtime):
        self.below, self.dice, self.runtime, self.calm = below, dice, runtime, True

    def request(self, call):
        """See `Transport.request`."""
        refused = self._refusal(call)
        answer = refused or self.below.request(call)
        if call.is_write and not self.calm and self.dice.random() < 0.2:
            raise ResponseLost("lost")
        return answer

    def stream(self, call):
        """See `Transport.stream`."""
        refused = self._refusal(call)
        if refused is None:
            return self.below.stream(call)
        stream = ScriptedStream(self.runtime, call, refused.status, refused.headers)
        stream.send(refused.body, None)
        return stream

    def _refusal(self, call):
        if self.calm or call.is_write or self.dice.random() > 0.3 or not call.path.endswith("configmaps"):
            return None
        return self.dice.choice([refusal(410, "Expired"), refusal(503), refusal(429, headers={"retry-after": "1"})])


class Life:
    """One process that reads by cache and writes by client, while others write and the network fails."""

    def __init__(self, seed):
        self.dice = seeded(f"life {seed}")
        self.runtime = SimRuntime(seed, RandomChoices(seed, 0.3))
        self.world = FakeCluster(runtime=self.runtime, controllers=False)
        self.below = self.world.transport()
        self.transport = Faulty(self.below, self.dice, self.runtime)
        discovery = Discovery(self.transport, runtime=self.runtime)
        self.cache = Cache(self.transport, runtime=self.runtime, discovery=discovery)
        self.client = Client(self.transport, runtime=self.runtime, discovery=discovery, writes=self.cache)
        self.follower = Follower(self.cache)
        self.cache.informer(MAP).add_handler(self.follower, name="follower")
        self.cache.start()
        self.cache.wait_for_sync()
        self.transport.calm = False
        self.foreign = set()

    def live(self, key):
        """Return what the server has, or None."""
        try:
            return self.world.get(MAP, key)
        except NotFound:
            return None

    def act(self, step):
        """Decide on what the cache shows, as a reconciler does, and write."""
        name = f"x{self.dice.randrange(4)}"
        key, body = f"default/{name}", {"data": {"step": str(step)}}
        found = self.cache.get(MAP, key)
        self.foreign_before = {key} & self.foreign
        self.foreign.discard(key)
        if found is None:
            self.client.create(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, **body}
            )
        elif self.dice.random() < 0.3:
            self.client.delete(MAP, key, uid=found["metadata"]["uid"])
        else:
            self.client.patch(MAP, key, Patch.merge(body))

    def check(self):
        """What the cache shows is what the server has, of every key that nobody else touched since."""
        for key in sorted(KEYS - self.foreign):
            seen, live = self.cache.get(MAP, key), self.live(key)
            assert (live or {}).get("data") == (seen or {}).get("data"), key

    def disturb(self):
        """Let others write, cut connections, let time pass."""
        if self.dice.random() < 0.3:
            key = f"default/x{self.dice.randrange(4)}"
            self.foreign.add(key)
            with suppress(NotFound):
                self.dice.choice([lambda: self.world.delete(MAP, key), lambda: self.world.patch(MAP, key, FOREIGN)])()
        if self.dice.random() < 0.3:
            self.below.hang_up()
        if self.dice.random() < 0.3:
            self.runtime.advance(self.dice.random() * 5)

    def end(self):
        """Heal everything, and return what was told."""
        self.transport.calm = True
        self.runtime.advance(120)
        with_us = {obj.key: (obj.meta.uid, obj.meta.resource_version) for obj in self.cache.informer(MAP).store.list()}
        real = {(o["metadata"]["namespace"], o["metadata"]["name"]): o for o in self.world.list(MAP)}
        assert set(real) == set(with_us) == set(self.follower.world)
        assert with_us == self.follower.world
        assert ["watching"] == [shot.state for shot in self.cache.snapshot()]
        self.cache.stop()
        return self.follower.told


def live_through(seed):
    """Run one life and return what its handler was told."""
    life = Life(seed)
    for step in range(15):
        try:
            life.act(step)
        except (OutcomeUnknown, NotFound, Conflict):
            life.foreign |= life.foreign_before
        life.check()
        life.disturb()
    return life.end()


@pytest.mark.parametrize("seed", range(30))
def test_under_any_schedule_own_writes_show_and_all_ends_well(seed, caplog):
    """Every read after a write shows it, whatever was lost, cut or expired; in the end all agree."""
    caplog.set_level(logging.CRITICAL)
    live_through(seed)


def test_a_seed_replays_bit_for_bit(caplog):
    """Equal seeds tell equal stories."""
    caplog.set_level(logging.CRITICAL)

    assert live_through(3) == live_through(3)
