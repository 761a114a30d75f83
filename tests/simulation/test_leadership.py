"""Two and three replicas under pauses, crashes, cut connections and clocks that lie: never two writers.

The hazards are those of every election by lease; each test names the one that it is about.
"""

import logging
from datetime import timedelta

import pytest

from controller.fence import Fence
from controller.shards import Shards
from informers.api.errors import ResponseLost
from informers.runtime import seeded
from tests.simulation.replicas import Fleet, TwoWriters

SECONDS = 60
RING = {"sharding": "ring"}


@pytest.fixture(autouse=True)
def _quiet():
    """Keep our loggers out of the way: faults are the point."""
    log = logging.getLogger("levelset")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    yield
    log.setLevel(before)


def fleet(names="ab", **options):
    """Replicas that have been running for ten seconds."""
    made = Fleet(**options)
    for name in names:
        made.start(name)
        made.world.advance(1)
    made.world.advance(10)
    made.check()
    return made


class TestElection:
    def test_a_paused_leader_writes_nothing_when_it_goes_on(self):
        """H17, H19: stopped past its lease in the middle of four reconciles, it finds the fence shut."""
        run = fleet()
        old = run.leader()
        run.runtime.freeze(run.process(old))
        run.world.advance(SECONDS)
        assert old != run.leader()

        run.runtime.freeze()
        run.world.advance(SECONDS)

        run.check()
        assert [old] == [name for name, _, _ in run.log]

    def test_without_the_fence_the_paused_leader_is_found_out(self, monkeypatch):
        """The checker sees what it is for."""
        monkeypatch.setattr(Fence, "admit", lambda self, call: call)
        run = fleet()
        run.runtime.freeze(run.process(run.leader()))
        run.world.advance(SECONDS)
        run.runtime.freeze()
        run.world.advance(SECONDS)

        with pytest.raises(TwoWriters):
            run.check()

    @pytest.mark.parametrize("hours", [-1, 1, 24 * 365])
    def test_a_wall_clock_that_jumps_changes_nothing(self, hours):
        """H16: the leader's time of day jumps, then the standby's; nobody takes over."""
        run = fleet()
        old = run.leader()
        for name in "ab":
            run.clocks[name].jump = timedelta(hours=hours)
            run.world.advance(SECONDS)

        run.check()
        assert (old, []) == (run.leader(), run.log)

    @pytest.mark.parametrize("rates", [(1.0, 1.4), (1.4, 1.0), (0.75, 1.0)])
    def test_clocks_that_run_apart_within_the_margin_are_safe(self, rates):
        """H16: lease_duration is 1.5 times renew_deadline, so clocks may differ by nearly that much."""
        run = Fleet()
        for name, rate in zip("ab", rates, strict=True):
            run.start(name, rate=rate)
        run.world.advance(10)
        old = run.leader()
        run.world.intercept(lambda call: self.deaf(call, old))
        run.world.advance(SECONDS)

        run.check()
        assert old != run.leader()

    @staticmethod
    def deaf(call, name):
        """Lose the renewals of one replica."""
        if call.method == "PUT" and "/leases/" in call.path and f'"holderIdentity": "{name}'.encode() in call.body:
            raise ResponseLost("cut")

    def test_a_cut_off_leader_stops_before_another_begins(self):
        """H17, H18: its renewals are lost, its writes would still get through; the fence shuts at the deadline."""
        run = fleet("abc")
        old = run.leader()
        run.world.intercept(lambda call: self.deaf(call, old))
        run.world.advance(SECONDS)

        run.check()
        assert old != run.leader()
        assert {"work-0", "work-1", "work-2", "work-3"} == set(run.writers(5))

    def test_a_killed_leader_is_followed_within_the_lease(self):
        """H29: fifteen seconds after its last renewal, and every object is seen to, whatever it was waiting for."""
        run = fleet("abc")
        old = run.leader()
        run.crash(old)
        at = run.runtime.monotonic()
        while run.leader() == old:
            run.world.advance(0.1)

        assert run.runtime.monotonic() - at <= 15.2
        assert len(run.writers(6)) == 4
        run.check()

    def test_a_clean_stop_is_followed_in_less_than_two_seconds(self):
        """From SIGTERM to the successor's first write, the reconciles in flight included."""
        run = fleet()
        old = run.leader()
        run.managers[old].halt()

        written = run.writers(2)

        assert {old} != {by[:1] for writers in written.values() for by in writers}
        run.check()

    def test_a_lagging_standby_does_not_act_on_the_past(self):
        """H20: its watches are cut when the leader dies; it begins only when it has seen the last write."""
        run = fleet()
        old = run.leader()
        cut = run.world.intercept(self.no_watch)
        run.world.hang_up()
        run.world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "namespace": "default"}})
        run.crash(old)
        assert {} == run.writers(40)

        cut()
        run.world.advance(60)

        assert len(run.writers(6)) == 4
        run.check()

    @staticmethod
    def no_watch(call):
        """Refuse watches of ConfigMaps."""
        if "configmaps" in call.path and dict(call.query).get("watch"):
            raise ResponseLost("cut")

    def test_a_lease_deleted_by_somebody_makes_no_second_leader(self):
        """The standby has seen it held, and waits; the leader makes it again."""
        run = fleet("abc")
        old = run.leader()
        run.world.delete(("coordination.k8s.io/v1", "Lease"), "default/op")
        run.world.advance(SECONDS)

        run.check()
        assert (old, []) == (run.leader(), run.log)


class TestSharding:
    def everything_is_worked_on(self, run):
        """Each object has exactly one writer."""
        written = run.writers(5)
        assert {1} == {len(by) for by in written.values()}
        assert 12 == len(written)

    def test_three_share_the_work(self):
        """Every object is worked on, by one replica, and no replica is idle."""
        run = fleet("abc", objects=12, **RING)
        written = run.writers(5)

        assert (12, {1}) == (len(written), {len(by) for by in written.values()})
        assert 3 == len(set().union(*written.values()))

    def test_a_paused_replica_writes_nothing_when_it_goes_on(self):
        """H17: the others have struck it out of its lease, so that it cannot even renew it."""
        run = fleet("abc", objects=12, **RING)
        run.runtime.freeze(run.process("a"))
        run.world.advance(SECONDS)
        self.everything_is_worked_on(run)

        run.runtime.freeze()
        run.world.advance(SECONDS)

        run.check()
        self.everything_is_worked_on(run)

    def test_replicas_come_and_go(self):
        """A rollout: one after the other leaves and comes back; nothing is lost, nothing has two writers."""
        run = fleet("abc", objects=12, **RING)
        for name in "abc":
            run.managers[name].halt()
            run.world.advance(3)
            run.start(name)
            run.world.advance(5)
            run.check()

        self.everything_is_worked_on(run)

    def test_without_striking_out_the_paused_replica_is_found_out(self, monkeypatch):
        """Taking a lapsed lease for dead is not enough: its holder may come back and renew it first."""
        monkeypatch.setattr(Shards, "_strike_out", lambda self, obj: True)
        monkeypatch.setattr(Fence, "remaining", lambda self: 10.0)
        monkeypatch.setattr(Fence, "admit", lambda self, call: call)
        run = fleet("ab", objects=12, **RING)
        run.runtime.freeze(run.process("a"))
        run.world.advance(SECONDS)
        run.runtime.freeze()
        run.world.advance(SECONDS)

        with pytest.raises(TwoWriters):
            run.check()


@pytest.mark.parametrize("options", [{}, RING], ids=["election", "ring"])
@pytest.mark.parametrize("seed", range(6))
def test_never_two_writers_whatever_happens(seed, options):
    """Pauses, crashes, restarts, stops, cut watches and clocks that jump, in an order that the seed gives."""
    dice = seeded(f"leadership {seed}")
    run = fleet("abc", seed=seed, objects=6, **options)
    for _ in range(8):
        name = dice.choice("abc")
        match dice.choice(("pause", "crash", "stop", "cut", "jump")):
            case "pause":
                run.runtime.freeze(run.process(name))
                run.world.advance(dice.uniform(1, 30))
                run.runtime.freeze()
            case "crash":
                run.crash(name)
                run.start(name)
            case "stop":
                run.managers[name].halt()
                run.world.advance(dice.uniform(0, 5))
                run.start(name)
            case "cut":
                run.world.hang_up()
            case "jump":
                run.clocks[name].jump += timedelta(hours=dice.uniform(-5, 5))
        run.world.advance(dice.uniform(0.1, 20))
        run.check()
    run.world.advance(SECONDS)

    assert 6 == len(run.writers(5))
    run.check()
