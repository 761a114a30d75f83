"""Three replicas as processes: killed, stopped past their lease, cut off, told to end, their clocks set.

Never two writers, nothing lost.

What was written, by whom and when comes from the server: the audit log of the real one, the log of requests of the
embedded one. Each replica is a user of its own, by impersonation, so that its writes are known.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from informers import Client, NotFound, Patch, load_config
from informers.api.http import HttpTransport
from informers.runtime import ThreadRuntime
from tests.cluster.clocks import Clock
from tests.cluster.clocks import missing as no_clocks
from tests.cluster.relay import Relay, through

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parent.parent.parent
MEMCACHED, DEPLOYMENT = ("cache.example.com/v1", "Memcached"), ("apps/v1", "Deployment")
LEASE = ("coordination.k8s.io/v1", "Lease")
DURATION, DEADLINE, PERIOD = 6, 4, 1
FEW, MANY = 6, 24
"""Objects of a test; many where replicas share them, so that each surely has some, whatever the names hash to."""
ELECTION = ("--leader-elect",)
RING = {"flags": ("--sharding=ring",), "objects": MANY}
CLOCKS = {"clocks": True}
HOUR = 3600


class Replica:
    """`levelset run memcached` in a process of its own, by a wire of its own."""

    def __init__(self, name, cluster, namespace, folder, flags, *, groups=("system:masters",), clock=None):
        self.name, self.log, self.clock = name, Path(folder) / f"{name}.log", clock
        self.kubeconfig, self.relay = through(Relay, cluster.kubeconfig, folder, name, groups)
        times = zip(("lease-duration", "renew-deadline", "retry-period"), (DURATION, DEADLINE, PERIOD), strict=True)
        command = [sys.executable, "-m", "controller", "run", "memcached", *flags, f"--kubeconfig={self.kubeconfig}"]
        command += [f"--leader-identity={name}", "--leader-election-id=op", f"--leader-election-namespace={namespace}"]
        command += [f"--leader-elect-{what}={seconds}s" for what, seconds in times]
        command += [f"--{what}-bind-address=0" for what in ("metrics", "health-probe", "debug")]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, f"--namespace={namespace}"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=os.environ | (clock.environment if clock else {}),
            )

    def send(self, number):
        """Send a signal."""
        self.process.send_signal(number)

    def end(self):
        """Kill it if it still runs."""
        self.process.kill()
        self.process.wait()
        self.relay.close()


class Fleet:
    """The replicas, a user who never rests, and what the server saw."""

    def __init__(self, cluster, namespace, replicas, *, objects):
        self.cluster, self.namespace, self.objects = cluster, namespace, objects
        self.replicas = {replica.name: replica for replica in replicas}
        runtime = ThreadRuntime()
        self.client = Client(
            HttpTransport(load_config(kubeconfig=cluster.kubeconfig), runtime=runtime), runtime=runtime
        )
        self._resting = threading.Event()
        self._user = threading.Thread(target=self._change, name="user", daemon=True)

    def begin(self):
        """Create the objects, and change them without end."""
        for number in range(self.objects):
            metadata = {"name": f"m{number}", "namespace": self.namespace}
            spec = {"size": 1, "image": "memcached:1.6"}
            self.client.create({"apiVersion": MEMCACHED[0], "kind": MEMCACHED[1], "metadata": metadata, "spec": spec})
        self._user.start()

    def rest(self):
        """Let the user stop."""
        self._resting.set()
        self._user.join(10)

    def _change(self):
        turn = 0
        while not self._resting.wait(0.05):
            turn += 1
            patch = Patch.merge({"spec": {"size": 1 + turn // self.objects % 3}})
            with contextlib.suppress(Exception):
                self.client.patch(MEMCACHED, f"{self.namespace}/m{turn % self.objects}", patch)

    def leader(self):
        """The replica whose name is in the lease; None when there is none."""
        with contextlib.suppress(Exception):
            lease = self.client.get(LEASE, f"{self.namespace}/op")
            return self.replicas.get(lease["spec"].get("holderIdentity", ""))
        return None

    def writes(self):
        """Return (began, ended, replica, object) of every write that worked, leases and events left out."""
        found = [each for each in self.cluster.told() if each[2] in self.replicas and f"/{self.namespace}/" in each[3]]
        return [each for each in found if "/leases" not in each[3] and "/events" not in each[3]]

    def wrote(self, *names):
        """Return whether every one of these has written something."""
        return set(names) <= {each[2] for each in self.writes()}

    def check(self):
        """Once another replica has begun to write an object, the one before must not write it any more."""
        last = {}
        for began, ended, who, path in sorted(self.writes()):
            name = path.split("?")[0].removesuffix("/status").rpartition("/")[2]
            before = last.get(name)
            assert before is None or before[1] == who or before[0] <= began, f"{who} and {before[1]} on {name}"
            last[name] = (ended, who)

    def converged(self):
        """Whether every object is as its spec says."""
        return all(self.done(f"{self.namespace}/m{number}") for number in range(self.objects))

    def done(self, key):
        """Whether one object is as its spec says."""
        wanted = self.client.get(MEMCACHED, key)
        try:
            made = self.client.get(DEPLOYMENT, key)
        except NotFound:
            return False
        seen = wanted.get("status", {}).get("observedGeneration")
        return (wanted["spec"]["size"], wanted["metadata"]["generation"]) == (made["spec"]["replicas"], seen)


@pytest.fixture
def fleet(cluster, namespace, tmp_path, eventually, request):
    """Return three running replicas at work."""
    plan = {"flags": ELECTION, "objects": FEW, "clocks": False, **getattr(request, "param", {})}
    names = ("r0", "r1", "r2")
    if plan["clocks"] and no_clocks():
        pytest.skip(no_clocks())
    clocks = {name: Clock(tmp_path, name) if plan["clocks"] else None for name in names}
    replicas = [Replica(name, cluster, namespace, tmp_path, plan["flags"], clock=clocks[name]) for name in names]
    made = Fleet(cluster, namespace, replicas, objects=plan["objects"])
    try:
        made.begin()
        if plan["flags"] != ELECTION:
            eventually(lambda: made.wrote("r0", "r1", "r2"))
        else:
            eventually(lambda: made.leader() and made.wrote(made.leader().name))
        time.sleep(1.5)  # the standbys fill their caches
        yield made
    finally:
        made.rest()
        for replica in replicas:
            replica.end()
            sys.stdout.write(f"--- {replica.name}\n{replica.log.read_text()[-1500:]}")


def succeeded(fleet, old, eventually, within):
    """Wait for another replica's first write; return the seconds that took."""
    began = time.monotonic()
    eventually(lambda: (now := fleet.leader()) and now is not old and fleet.wrote(now.name), within)
    return time.monotonic() - began


def settle(fleet, eventually):
    """Let the user rest, and look that nothing was lost and nothing written by two."""
    fleet.rest()
    eventually(fleet.converged, 20)
    fleet.check()


def test_a_killed_leader_is_followed_within_its_lease(fleet, eventually):
    """SIGKILL: no good-bye, the lease has to lapse."""
    old = fleet.leader()
    old.send(signal.SIGKILL)

    seconds = succeeded(fleet, old, eventually, 30)
    settle(fleet, eventually)

    assert seconds <= DURATION + PERIOD + 3


def test_a_stopped_leader_writes_nothing_when_it_goes_on(fleet, eventually):
    """SIGSTOP past the lease, then SIGCONT: it finds the fence shut, and ends with 1 (H17)."""
    old = fleet.leader()
    old.send(signal.SIGSTOP)
    succeeded(fleet, old, eventually, 30)

    old.send(signal.SIGCONT)

    assert 1 == old.process.wait(15)
    settle(fleet, eventually)


def test_a_cut_off_leader_ends_before_another_begins(fleet, eventually):
    """Its wire is dead, and nobody told it (H18)."""
    old = fleet.leader()
    old.relay.cut()

    assert 1 == old.process.wait(DEADLINE + 10)
    succeeded(fleet, old, eventually, 20)
    settle(fleet, eventually)


def test_a_leader_that_is_told_to_end_is_followed_at_once(fleet, eventually):
    """SIGTERM: the last write, then the lease, then exit code 0; the next one leads in less than two seconds (H30)."""
    old = fleet.leader()
    old.send(signal.SIGTERM)

    seconds = succeeded(fleet, old, eventually, 20)

    assert 0 == old.process.wait(10)
    assert seconds <= 2 + 1  # a second for finding it out
    settle(fleet, eventually)


@pytest.mark.parametrize("fleet", [CLOCKS], indirect=True, ids=["clocks"])
@pytest.mark.parametrize("hours", [-0.5, 6])
def test_a_clock_that_is_set_makes_no_leader(fleet, eventually, hours):
    """The time of day jumps on the leader's machine, then on the others'; the lease goes by other clocks (H16)."""
    old, others = fleet.leader(), [each for each in fleet.replicas.values() if each is not fleet.leader()]
    for replica in (old, *others):
        replica.clock.set(round(hours * HOUR))
        time.sleep(DURATION + PERIOD)
        assert old is fleet.leader()
    lease = fleet.client.get(LEASE, f"{fleet.namespace}/op")["spec"]
    ahead = datetime.fromisoformat(lease["renewTime"]) - datetime.now(UTC)
    assert abs(ahead.total_seconds() - hours * HOUR) < 60  # it was set, and the lease shows it
    assert {old.name} == {each[2] for each in fleet.writes()}

    others[0].clock.set(0)
    old.send(signal.SIGKILL)

    assert succeeded(fleet, old, eventually, 30) <= DURATION + PERIOD + 3
    settle(fleet, eventually)


@pytest.mark.parametrize("fleet", [RING], indirect=True, ids=["ring"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM], ids=["kill", "stop", "term"])
def test_of_three_that_share_the_work_one_goes(fleet, eventually, number):
    """Its objects go to the others, at once if it says good-bye, else when its lease lapses."""
    gone = fleet.replicas["r1"]
    gone.send(number)
    time.sleep(DURATION + PERIOD + 2)
    if number is signal.SIGSTOP:
        gone.send(signal.SIGCONT)
        assert 1 == gone.process.wait(15)

    settle(fleet, eventually)

    assert ["r0", "r2"] == [name for name, replica in fleet.replicas.items() if replica.process.poll() is None]


@pytest.fixture
def plain(cluster, namespace, tmp_path):
    """Start a replica that may do what the shipped ClusterRole allows, but nothing about leases."""
    if cluster.name == "embedded":
        pytest.skip("the embedded server lets everybody do everything: it evaluates no RBAC")
    cluster.kubectl("apply", "--server-side", "-k", str(ROOT / "manifests"))
    who = f"plain-{namespace}"
    cluster.kubectl("create", "clusterrolebinding", who, "--clusterrole=memcached-operator", f"--user={who}")
    started = []

    def start():
        started.append(Replica(who, cluster, namespace, tmp_path, ELECTION, groups=("system:authenticated",)))
        return started[-1]

    yield start
    for replica in started:
        replica.end()
    cluster.kubectl("delete", "clusterrolebinding", who)


def test_missing_permissions_are_told_with_the_rule_to_add(plain, namespace):
    """Asked at the start, for nobody reads a log that says `forbidden` every two seconds."""
    replica = plain()

    assert 1 == replica.process.wait(30)
    told = replica.log.read_text()
    for verb in ("get", "create", "update"):
        assert f"may not {verb} leases" in told or f"; {verb} leases" in told
    assert f"add to a Role in namespace '{namespace}'" in told


def test_the_shipped_role_is_enough_to_lead_and_to_watch(cluster, plain, namespace, eventually):
    """A right to watch one name counts for a watch that selects this name."""
    rules = ("--verb=get,update,watch", "--resource=leases.coordination.k8s.io", "--resource-name=op")
    cluster.kubectl("-n", namespace, "create", "role", "use", *rules)
    cluster.kubectl("-n", namespace, "create", "role", "make", "--verb=create", rules[1])
    for role in ("use", "make"):
        user = f"--user=plain-{namespace}"
        cluster.kubectl("-n", namespace, "create", "rolebinding", role, f"--role={role}", user)
    replica = plain()
    eventually(lambda: "became leader" in replica.log.read_text())
    time.sleep(1)

    assert "may not watch" not in replica.log.read_text()
