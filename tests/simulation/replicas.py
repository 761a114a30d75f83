"""Several replicas of one program in virtual time: processes that freeze, crash and have clocks of their own."""

from datetime import timedelta

from controller.builder import Builder
from controller.events import Updated
from controller.lease import LeadershipLost
from controller.manager import Manager, ManagerOptions
from controller.request import Result
from informers.api.client import Patch
from informers.testing.fake import FakeCluster
from informers.testing.virtual.sim import SimRuntime

CONFIG_MAP = ("v1", "ConfigMap")
FOREVER = float("inf")


class Freezer(SimRuntime):
    """Virtual time in which whole processes can be stopped, as SIGSTOP does, and continued."""

    frozen: frozenset = frozenset()

    def freeze(self, *processes):
        """Stop these, and continue all others."""
        self.frozen = frozenset(processes)

    def _ready_tasks(self):
        return [task for task in super()._ready_tasks() if task.process not in self.frozen]

    def _others_ready(self):
        return any(task is not self._current for task in self._ready_tasks())

    def _next_deadline(self):
        due = [t.deadline for t in self.tasks() if t.ready is not None and t.process not in self.frozen]
        return min(due, default=FOREVER)


class Clock:
    """A runtime whose clocks go at a rate of their own, and whose wall clock somebody sets."""

    def __init__(self, inner, rate=1.0):
        self.inner, self.rate, self.jump = inner, rate, timedelta()

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def monotonic(self):
        """The inner clock, faster or slower."""
        return self.inner.monotonic() * self.rate

    def wall(self):
        """The time of day, as this machine has it."""
        return self.inner.wall() + self.jump

    def sleep(self, seconds):
        """By this machine's seconds."""
        self.inner.sleep(seconds / self.rate)

    def spawn(self, name, target):
        """A task whose `join` counts this machine's seconds."""
        return Scaled(self.inner.spawn(name, target), self.rate)

    def call_later(self, delay, target):
        """By this machine's seconds."""
        return self.inner.call_later(delay / self.rate, target)

    def condition(self, name):
        """One whose waits count this machine's seconds."""
        return Scaled(self.inner.condition(name), self.rate)

    def event(self, name):
        """One whose waits count this machine's seconds."""
        return Scaled(self.inner.event(name), self.rate)


class Scaled:
    """Something one can wait for."""

    def __init__(self, inner, rate):
        self.inner, self.rate = inner, rate

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def __enter__(self):
        return self.inner.__enter__()

    def __exit__(self, *error):
        return self.inner.__exit__(*error)

    def wait(self, timeout=None):
        """For so many of this machine's seconds."""
        return self.inner.wait(None if timeout is None else timeout / self.rate)

    def join(self, timeout=None):
        """For so many of this machine's seconds."""
        return self.inner.join(None if timeout is None else timeout / self.rate)


class TwoWriters(AssertionError):
    """A replica wrote to an object that another one had already begun to work on."""


class Fleet:
    """A cluster with some objects, and replicas that write to each of them again and again.

    `check` raises when somebody wrote an object after somebody else had begun with it: who begins last on a key must
    be the only one to write it.
    """

    def __init__(self, *, seed=0, objects=4, **options):
        self.runtime = Freezer(seed, turns=3_000_000)
        self.world = FakeCluster(runtime=self.runtime, controllers=False)
        self.options = {"leader_election_id": "op", "metrics_bind_address": "0", "health_probe_bind_address": "0"}
        self.options |= {"debug_bind_address": "0", "leader_election": "sharding" not in options, **options}
        self.begun, self.found, self.lives = {}, [], {}
        self.managers, self.clocks, self.log = {}, {}, []
        self.world.intercept(self.written, after=True)
        for number in range(objects):
            metadata = {"name": f"work-{number}", "namespace": "default"}
            self.world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})

    def start(self, name, *, rate=1.0):
        """Start a replica as a process of its own; the life it begins has a name of its own."""
        self.lives[name] = self.lives.get(name, 0) + 1
        life = f"{name}{self.lives[name]}"
        clock = self.clocks[name] = Clock(self.runtime, rate)
        options = ManagerOptions(**self.options, leader_identity=life, field_manager=life)
        transport = self.world.transport(user_agent=life)
        manager = self.managers[name] = Manager(options=options, transport=transport, runtime=clock)
        builder = Builder(manager).for_(CONFIG_MAP, predicates=[lambda event: not isinstance(event, Updated)])
        builder.complete(lambda request: self.work(life, manager, request))
        self.runtime.spawn(f"{life} main", lambda: self.live(name, manager), process=life)
        return life

    def live(self, name, manager):
        """The life of a process: until it fails, then again after two seconds."""
        manager.start()
        error = manager.wait()
        manager.stop()
        self.log.append((name, self.runtime.monotonic(), error))
        if isinstance(error, LeadershipLost):
            self.runtime.spawn(f"{name} restart", lambda: (self.runtime.sleep(2), self.start(name)), process="")

    def work(self, life, manager, request):
        """Take some time, then write; come again soon."""
        if manager.leadership.elector.snapshot().remaining > 0:  # what begins behind a shut fence writes nothing
            self.begun[request] = life
        manager.runtime.sleep(0.2)
        if request.name.startswith("work-"):
            manager.client.patch(
                CONFIG_MAP, request, Patch.merge({"data": {"by": life, "at": str(manager.runtime.monotonic())}})
            )
        return Result(requeue_after=0.8)

    def written(self, call):
        """Look at a write before anybody else may act."""
        if call.method == "PATCH" and "/configmaps/work-" in call.path:
            name, life = call.path.rpartition("/")[2], dict(call.query)["fieldManager"]
            begun = next(by for key, by in self.begun.items() if key.name == name)
            if begun != life:
                self.found.append(f"{self.runtime.monotonic():.2f}: {life} wrote {name} after {begun} had begun")

    def process(self, name):
        """The process of a replica's present life."""
        return f"{name}{self.lives[name]}"

    def crash(self, name):
        """Kill a replica."""
        self.runtime.crash(self.process(name))

    def check(self):
        """Raise if there were two writers at once."""
        if self.found:
            raise TwoWriters("; ".join(self.found[:5]))

    def writers(self, seconds):
        """Return {object: who wrote it} over the next seconds."""
        before = len(self.world.writes)
        self.world.advance(seconds)
        writes = [w for w in self.world.writes[before:] if "/configmaps/" in w.path and w.status == 200]
        found = {}
        for write in writes:
            found.setdefault(write.path.rpartition("/")[2], set()).add(write.actor)
        return found

    def leader(self):
        """Who leads, as the lease has it."""
        lease = self.world.get(("coordination.k8s.io/v1", "Lease"), "default/op")
        return lease["spec"].get("holderIdentity", "")[:1]
