"""The manager in virtual time on the in-memory cluster: order, readiness, failures, leadership."""

import http.client
import json
from contextlib import closing

import pytest

from controller.builder import Builder
from controller.manager import Manager, ManagerOptions
from controller.runnables import FunctionRunnable
from informers.api.client import Patch
from informers.api.errors import ConfigError, Forbidden, ResponseLost, Unreachable
from informers.api.transport import Response
from informers.runtime import ThreadRuntime
from informers.testing.fake import FakeCluster

CONFIG_MAP, SECRET = ("v1", "ConfigMap"), ("v1", "Secret")
MEMCACHED = ("cache.example.com/v1", "Memcached")
LEASE = ("coordination.k8s.io/v1", "Lease")
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "memcacheds.cache.example.com"},
    "spec": {
        "group": "cache.example.com",
        "scope": "Namespaced",
        "names": {"plural": "memcacheds", "kind": "Memcached", "singular": "memcached", "listKind": "MemcachedList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def options(**changes):
    """Options without sockets."""
    return ManagerOptions(
        **{"metrics_bind_address": "0", "health_probe_bind_address": "0", "debug_bind_address": "0", **changes}
    )


def elected(name, **changes):
    """Options of one replica."""
    return options(leader_election=True, leader_election_id="op", leader_identity=name, **changes)


def config_map(name):
    """A small object."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


class Knocks:
    """One signal, at a given time."""

    def __init__(self, runtime, at):
        self._runtime, self._at, self._woken = runtime, at, runtime.event("woken")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def wait(self):
        """Until the signal, then until woken."""
        at, self._at = self._at, None
        left = None if at is None else at - self._runtime.monotonic()
        return "" if self._woken.wait(left) else "SIGTERM"

    def wake(self):
        """End the waiting."""
        self._woken.set()


@pytest.fixture
def world():
    """A cluster without controllers of its own."""
    return FakeCluster(controllers=False)


def make(world, chosen=None, **kwargs):
    """Return a manager on a transport of its own."""
    return Manager(options=chosen or options(), transport=world.transport(), runtime=world.runtime, **kwargs)


def watching(manager, kind, seen):
    """Add a controller that keeps what it is called for."""
    return Builder(manager).for_(kind).complete(lambda request: seen.append(str(request)))


def failing(manager):
    """Return the names of the readiness checks that fail."""
    return set(manager.endpoints.readyz.failures())


class TestStart:
    def test_controllers_run_once_the_caches_are_synced(self, world):
        """What was there is reconciled, and what comes."""
        world.create(config_map("before"))
        manager, seen = make(world), []
        watching(manager, CONFIG_MAP, seen)
        manager.start()
        world.create(config_map("after"))
        world.settle(1)

        assert ["default/before", "default/after"] == seen
        assert set() == failing(manager)

    def test_others_start_before_controllers_and_stop_after_them(self, world):
        """The order of a program."""
        manager, notes = make(world), []
        for name, needs in (("controller", True), ("other", False)):
            manager.add(Noting(name, notes, needs))
        manager.start()
        manager.stop()

        assert ["start other", "start controller", "stop controller", "stop other"] == notes

    def test_what_answers_stops_after_what_writes(self, world):
        """H30: the last write may need a webhook, and the kubelet wants an answer until the end."""
        manager, notes = make(world), []
        hooks = Noting("hooks", notes, False)
        hooks.starts_with = "webhooks"
        manager.add(hooks)
        manager.add(Noting("controller", notes, True))
        manager.start()
        manager.stop()

        assert ["start hooks", "start controller", "stop controller", "stop hooks"] == notes

    def test_what_is_added_later_starts_at_once(self, world):
        """A controller for a kind that was installed a minute ago."""
        manager, seen = make(world), []
        manager.start()
        world.create(config_map("a"))

        watching(manager, CONFIG_MAP, seen)
        world.settle(1)

        assert ["default/a"] == seen

    def test_names_are_unique_within_one_manager(self, world):
        """Metrics of two would be one."""
        manager = make(world)
        watching(manager, CONFIG_MAP, [])

        with pytest.raises(ValueError, match="already runs something named 'configmap'"):
            watching(manager, CONFIG_MAP, [])
        watching(make(world), CONFIG_MAP, [])

    def test_a_manager_lives_once(self, world):
        """A second start is a mistake."""
        manager = make(world)
        manager.start()

        with pytest.raises(RuntimeError, match="make a new one"):
            manager.start()

    def test_stopping_twice_or_before_the_start_does_nothing(self, world):
        """Clean-up code need not know."""
        manager = make(world)
        manager.stop()
        manager.stop()
        manager.start()

        assert {"shutdown"} == failing(manager)


class Noting:
    """A runnable that notes its life."""

    def __init__(self, name, notes, needs_leader_election):
        self.name, self.notes, self.needs_leader_election = name, notes, needs_leader_election

    def start(self):
        """Note it."""
        self.notes.append(f"start {self.name}")

    def stop(self, deadline):
        """Note it."""
        self.notes.append(f"stop {self.name}")


class Warming(Noting):
    """One that needs the leader, and can prepare."""

    def __init__(self, name, notes):
        super().__init__(name, notes, needs_leader_election=True)

    def warm_up(self):
        """Note it."""
        self.notes.append(f"warm {self.name}")


class TestSharding:
    def test_replicas_share_the_objects(self, world):
        """Each is reconciled by one of them; all are."""
        seen = {"a": [], "b": []}
        for name in "ab":
            manager = make(world, options(sharding="ring", leader_election_id="op", leader_identity=name))
            watching(manager, CONFIG_MAP, seen[name])
            manager.start()
        world.settle(5)
        for number in range(20):
            world.create(config_map(f"x{number}"))
        world.settle(5)

        assert sorted(f"default/x{number}" for number in range(20)) == sorted(seen["a"] + seen["b"])
        assert min(len(seen["a"]), len(seen["b"])) > 2

    def test_what_a_replica_gains_is_reconciled(self, world):
        """All objects of one that stopped, without an event of theirs."""
        seen = {"a": [], "b": []}
        managers = {}
        for name in "ab":
            managers[name] = make(world, options(sharding="ring", leader_election_id="op", leader_identity=name))
            watching(managers[name], CONFIG_MAP, seen[name])
            managers[name].start()
        world.settle(5)
        for number in range(20):
            world.create(config_map(f"x{number}"))
        world.settle(5)

        managers["a"].stop()
        world.settle(5)

        assert {f"default/x{number}" for number in range(20)} == set(seen["b"])

    def test_a_fixed_shard_of_namespaces_is_all_that_is_mirrored(self, world):
        """Memory is shared, too; together the replicas have everything once."""
        for number in range(8):
            world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{number}{number}-team"}})
            world.create({**config_map("x"), "metadata": {"name": "x", "namespace": f"{number}{number}-team"}})
        held = []
        for index in range(2):
            given = {"sharding": "fixed", "shard_by": "namespace", "shard_count": 2, "shard_index": index}
            manager = make(world, options(leader_election_id="op", leader_identity=f"op-{index}", **given))
            watching(manager, CONFIG_MAP, [])
            manager.start()
            held.append({obj["metadata"]["namespace"] for obj in manager.cache.list(CONFIG_MAP)})

        assert (8, set()) == (len(held[0] | held[1]), held[0] & held[1])

    def test_what_needs_a_leader_and_cannot_share_is_refused(self, world):
        """It would run on every replica, or on none."""
        manager = make(world, options(sharding="ring", leader_election_id="op"))

        with pytest.raises(
            ValueError, match=r"job needs a leader, but with sharding=ring .* needs_leader_election=False"
        ):
            manager.add(Noting("job", [], needs_leader_election=True))
        manager.add(Noting("other", [], needs_leader_election=False))


class TestBadInput:
    def test_a_kind_that_is_missing_is_waited_for(self, world):
        """The others work meanwhile; when it is installed, its controller picks it up."""
        manager, seen = make(world), []
        watching(manager, MEMCACHED, seen)
        watching(manager, CONFIG_MAP, seen)
        world.create(config_map("a"))
        manager.start()
        world.advance(600)
        assert (["default/a"], {"cache-sync"}) == (seen, failing(manager))

        world.create(CRD)
        world.create(
            {"apiVersion": MEMCACHED[0], "kind": MEMCACHED[1], "metadata": {"name": "m", "namespace": "default"}}
        )
        world.advance(120)

        assert (["default/a", "default/m"], set()) == (seen, failing(manager))

    def test_a_kind_that_may_not_be_read_holds_up_its_own_controller_alone(self, world):
        """One missing permission keeps nobody else; it is named, and once it is granted, all is well."""
        allowed = []

        def refuse(call):
            if "/secrets" in call.path and not allowed:
                raise Forbidden("secrets is forbidden")

        world.intercept(refuse)
        manager, seen = make(world, elected("a")), []
        watching(manager, SECRET, seen)
        watching(manager, CONFIG_MAP, seen)
        world.create(config_map("a"))
        world.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}})
        manager.start()
        world.advance(600)
        assert (["default/a"], "waiting for Secret (v1) (forbidden)") == (
            seen,
            str(manager.endpoints.readyz.failures()["cache-sync"]),
        )

        allowed.append(True)
        world.advance(60)

        assert (["default/a", "default/s"], set()) == (seen, failing(manager))

    def test_readiness_names_what_is_missing(self, world):
        """Whoever looks at /readyz sees the kind."""
        manager = make(world)
        watching(manager, MEMCACHED, [])
        manager.start()

        assert "waiting for Memcached (cache.example.com/v1)" == str(manager.endpoints.readyz.failures()["cache-sync"])

    def test_a_kind_that_goes_while_it_runs_makes_it_unready(self, world):
        """A CRD deleted under a running controller is as missing as one that never was."""
        world.create(CRD)
        manager = make(world)
        watching(manager, MEMCACHED, [])
        manager.start()
        world.settle(5)
        assert set() == failing(manager)

        world.delete((CRD["apiVersion"], CRD["kind"]), CRD["metadata"]["name"])
        world.advance(120)

        assert {"cache-sync"} == failing(manager)

    def test_an_unreachable_server_ends_it_after_the_sync_timeout(self, world, caplog):
        """Exit code 1, one readable line, not ready meanwhile, nothing reconciled."""
        world.intercept(self.unreachable)
        manager, seen = make(world), []
        watching(manager, CONFIG_MAP, seen)
        began = world.runtime.monotonic()

        assert 1 == manager.run(Knocks(world.runtime, None))
        assert 120 <= world.runtime.monotonic() - began <= 130
        (line,) = [record.fields["error"] for record in caplog.records if record.name == "levelset.manager"]
        assert "ConfigMap" in line
        assert "connection refused" in line

    @staticmethod
    def unreachable(call):
        """Refuse the connection."""
        raise Unreachable("connection refused")

    def test_a_server_that_comes_in_time_is_used(self, world):
        """A minute of outage at the start is nothing."""
        manager, seen = make(world), []
        world.runtime.call_later(60, world.intercept(self.unreachable))
        watching(manager, CONFIG_MAP, seen)
        world.create(config_map("a"))
        manager.start()
        world.settle(1)

        assert ["default/a"] == seen

    def test_a_signal_while_waiting_for_the_server_ends_it_well(self, world):
        """Asked to stop: 0, at once."""
        world.intercept(self.unreachable)
        manager = make(world)
        watching(manager, CONFIG_MAP, [])

        assert 0 == manager.run(Knocks(world.runtime, 10))
        assert world.runtime.monotonic() < 12

    def test_without_a_cluster_the_places_looked_at_are_named(self, tmp_path, monkeypatch):
        """The error is the constructor's."""
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))

        with pytest.raises(ConfigError, match="KUBECONFIG"):
            Manager(options=options())


class TestFailures:
    @pytest.mark.parametrize("needs", [True, False])
    def test_a_runnable_that_breaks_ends_the_program(self, world, caplog, needs):
        """Its error is told; exit code 1."""
        manager = make(world)
        manager.add(FunctionRunnable("job", lambda stopping: 1 / 0, runtime=world.runtime, needs_leader_election=needs))

        assert 1 == manager.run(Knocks(world.runtime, None))
        assert "division by zero" in caplog.records[-1].fields["error"]

    def test_the_first_failure_counts_and_later_ones_are_told(self, world, caplog):
        """Whoever reads the log sees them all; the reason of the end is the one that came first."""
        manager = make(world)

        def after(seconds, text):
            def fail(stopping):
                world.runtime.sleep(seconds)
                raise OSError(text)

            return fail

        for seconds, text in ((1, "the first"), (3, "the second"), (5, "the third")):
            manager.add(FunctionRunnable(text, after(seconds, text), runtime=world.runtime))

        assert 1 == manager.run(Knocks(world.runtime, None))
        told = [(r.message, r.fields["error"]) for r in caplog.records if r.levelname == "ERROR"]
        assert [
            ("another error while stopping", "the second"),
            ("another error while stopping", "the third"),
            ("ended by an error", "the first"),
        ] == told

    def test_a_reconcile_in_flight_may_finish(self, world):
        """Within the grace: exit code 0."""
        manager, done = make(world), []
        Builder(manager).for_(CONFIG_MAP).complete(lambda request: world.runtime.sleep(25) or done.append(request))
        world.create(config_map("a"))

        assert 0 == manager.run(Knocks(world.runtime, 10))
        assert 1 == len(done)

    def test_while_work_ends_the_caches_go_on_and_nobody_sends_traffic(self, world):
        """H30: what a reconcile reads after the signal is what is true by then; the program is not ready any more."""
        manager, told = make(world), []

        def slow(request):
            world.runtime.sleep(20)
            told.append((manager.cache.get(CONFIG_MAP, request).get("data"), failing(manager)))

        Builder(manager).for_(CONFIG_MAP).complete(slow)
        world.create(config_map("a"))
        change = Patch.merge({"data": {"late": "yes"}})
        world.runtime.call_later(15, lambda: world.patch(CONFIG_MAP, "default/a", change))

        assert 0 == manager.run(Knocks(world.runtime, 10))
        assert [({"late": "yes"}, {"shutdown"})] == told

    def test_one_that_takes_too_long_is_left_and_named(self, world, caplog):
        """After the grace: exit code 1."""
        manager = make(world)
        Builder(manager).for_(CONFIG_MAP).complete(lambda request: world.runtime.sleep(1000))
        world.create(config_map("a"))

        assert 1 == manager.run(Knocks(world.runtime, 10))
        assert world.runtime.monotonic() < 10 + 30 + 6
        assert "default/a" in caplog.records[-1].fields["error"]


class TestLeadership:
    def replicas(self, world, seen):
        """Start two; return them, the leader first."""
        both = []
        for name in "ab":
            manager = make(world, elected(name))
            watching(manager, CONFIG_MAP, seen[name])
            manager.start()
            world.settle(1)
            both.append(manager)
        return both

    def test_one_of_two_works(self, world):
        """The other has warm caches and is ready."""
        seen = {"a": [], "b": []}
        _, standby = self.replicas(world, seen)
        world.create(config_map("x"))
        world.advance(60)

        assert {"a": ["default/x"], "b": []} == seen
        assert (set(), 1) == (failing(standby), len(standby.cache.list(CONFIG_MAP)))

    def test_after_a_clean_stop_the_other_works_within_a_period(self, world):
        """The lease was let go of."""
        seen = {"a": [], "b": []}
        leader, _ = self.replicas(world, seen)
        leader.stop()
        world.create(config_map("x"))
        world.advance(5)

        assert {"a": [], "b": ["default/x"]} == seen

    def test_a_standby_cannot_write(self, world):
        """Its client is fenced."""
        _, standby = self.replicas(world, {"a": [], "b": []})

        with pytest.raises(Exception, match="not the leader"):
            standby.client.create(config_map("x"))

    def test_a_lost_lease_ends_the_program_with_1(self, world):
        """And nothing is written any more, nor the lease let go of."""
        manager = make(world, elected("a"))
        watching(manager, CONFIG_MAP, [])
        world.runtime.call_later(10, lambda: world.intercept(self.no_lease))
        world.runtime.call_later(30, lambda: world.create(config_map("x")))

        assert 1 == manager.run(Knocks(world.runtime, None))
        assert 18 <= world.runtime.monotonic() <= 22
        assert "a" == world.get(LEASE, "default/op")["spec"]["holderIdentity"]

    @staticmethod
    def no_lease(call):
        """Lose every answer about leases."""
        if "/leases" in call.path:
            raise ResponseLost("timed out")

    def test_work_that_outlives_the_grace_keeps_the_lease(self, world):
        """H21: somebody might still be writing, so nobody else may lead before it lapses."""
        manager = make(world, elected("a"))
        Builder(manager).for_(CONFIG_MAP).complete(lambda request: world.runtime.sleep(1000))
        world.create(config_map("x"))

        assert 1 == manager.run(Knocks(world.runtime, 10))
        assert "a" == world.get(LEASE, "default/op")["spec"]["holderIdentity"]

    def test_the_lease_is_let_go_of_after_the_last_write(self, world):
        """H21, H30: the write of the reconcile in flight comes first."""
        manager = make(world, elected("a"))

        def slow(request):
            world.runtime.sleep(15)
            manager.client.patch(CONFIG_MAP, request, Patch.merge({"data": {"done": "yes"}}))

        Builder(manager).for_(CONFIG_MAP).complete(slow)
        world.create(config_map("x"))

        assert 0 == manager.run(Knocks(world.runtime, 10))
        ours = [write.path for write in world.writes if write.actor != "user" and "/events" not in write.path]
        last = [path.rpartition("/")[2] for path in ours][-2:]
        assert ["x", "op"] == last

    def test_events_are_told_before_the_lease_is_let_go_of(self, world):
        """H30: those of the last reconcile, too, and the one that says who stopped leading; however slow the server."""
        manager = make(world, elected("a"))
        world.intercept(lambda call: world.runtime.sleep(1) if "/events" in call.path else None)

        def talkative(request):
            world.runtime.sleep(15)
            manager.recorder.event(
                manager.cache.get(CONFIG_MAP, request), "Normal", "Done", "Reconcile", "the last word"
            )

        Builder(manager).for_(CONFIG_MAP).complete(talkative)
        world.create(config_map("x"))

        assert 0 == manager.run(Knocks(world.runtime, 10))
        said = [event["note"] for event in world.list(("events.k8s.io/v1", "Event"))]
        ours = [write.path for write in world.writes if write.actor != "user"]
        assert {"a became leader", "the last word", "a stopped leading"} == set(said)
        assert "/leases/" in ours[-1]

    def test_a_standby_prepares_and_begins_when_it_leads(self, world):
        """What can warm up does so at the start, once, on every replica."""
        notes = []
        for name in "ab":
            manager = make(world, elected(name))
            manager.add(Warming(name, notes))
            manager.start()
            world.settle(1)

        assert ["warm a", "start a", "warm b"] == notes

    def test_who_ceases_to_lead_says_so_in_an_event(self, world):
        """Like every other controller."""
        leader, _ = self.replicas(world, {"a": [], "b": []})
        leader.stop()
        world.advance(5)

        notes = [event["note"] for event in world.list(("events.k8s.io/v1", "Event"))]
        assert ["a became leader", "a stopped leading", "b became leader"] == notes

    def test_a_missing_permission_ends_it_at_the_start(self, world, caplog):
        """Exit code 1, and the rule to add; nobody waits for ever to become the leader."""
        world.intercept(self.no_update)
        manager = make(world, elected("a"))

        assert 1 == manager.run(Knocks(world.runtime, None))
        error = caplog.records[-1].fields["error"]
        assert "may not update leases.coordination.k8s.io 'op' in namespace 'default'" in error
        assert '"verbs": ["update"]' in error

    @staticmethod
    def no_update(call):
        """Answer reviews: everything but updates is allowed."""
        if "/apis/authorization.k8s.io/" in call.path:
            attributes = json.loads(call.body)["spec"].get("resourceAttributes", {})
            status = {"allowed": attributes.get("verb") != "update"}
            return Response(201, {}, json.dumps({"status": status}).encode())
        return None

    def test_a_new_leader_waits_for_its_caches(self, world):
        """H20: a standby whose watch lags does not act on what it remembers of the last leader's world."""
        seen = {"a": [], "b": []}
        world.create(config_map("old"))
        leader, standby = self.replicas(world, seen)
        end = world.intercept(self.no_watch)
        world.hang_up()
        world.create(config_map("x"))
        leader.stop()
        world.advance(30)
        assert (True, []) == (standby.leadership.leader().leading, seen["b"])

        end()
        world.advance(90)

        assert ["default/old", "default/x"] == seen["b"]

    @staticmethod
    def no_watch(call):
        """Refuse watches of ConfigMaps."""
        if "configmaps" in call.path and dict(call.query).get("watch"):
            raise Unreachable("connection refused")


class TestSockets:
    """Real threads, loopback sockets."""

    @pytest.fixture
    def world(self):
        """A cluster in real time."""
        with FakeCluster(controllers=False, runtime=ThreadRuntime()) as made:
            yield made

    def ask(self, port, path):
        """Return (status, body)."""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def test_probes_and_metrics_are_served(self, world):
        """On their own ports, from start to stop."""
        chosen = options(metrics_bind_address="127.0.0.1:0", health_probe_bind_address="127.0.0.1:0")
        manager = make(world, chosen)
        watching(manager, CONFIG_MAP, [])
        manager.start()
        try:
            metrics, probes = (server.port for server in manager.endpoints.servers)

            assert (200, "ok") == self.ask(probes, "/healthz")
            assert "[+]cache-sync ok" in self.ask(probes, "/readyz?verbose")[1]
            assert (
                'controller_runtime_max_concurrent_reconciles{controller="configmap"} 1.0'
                in (self.ask(metrics, "/metrics")[1])
            )
            assert 404 == self.ask(metrics, "/healthz")[0]
        finally:
            manager.stop()

    def test_a_taken_port_is_told_with_its_flag(self, world, caplog):
        """Exit code 1."""
        first = make(world, options(health_probe_bind_address="127.0.0.1:0"))
        first.start()
        port = first.endpoints.servers[0].port
        second = make(world, options(metrics_bind_address=f"127.0.0.1:{port}"))

        assert 1 == second.run(Knocks(world.runtime, None))
        first.stop()
        assert f"port {port} is taken; choose another with --metrics-bind-address" in caplog.records[-1].fields["error"]

    def test_one_address_for_both_is_one_server(self, world):
        """As people with a single open port have it."""
        manager = make(world, options(metrics_bind_address=":18099", health_probe_bind_address=":18099"))

        assert ["metrics and probes"] == [server.name for server in manager.endpoints.servers]
