"""Replicas that share the work, in virtual time against the in-memory cluster's leases."""

import pytest

from controller.fence import Fence
from controller.lease import LeadershipLost
from controller.request import Request
from controller.sharding import ShardingOptions, shard_index
from controller.shards import RING_LABEL, Shards
from informers.api.errors import ResponseLost
from informers.api.transport import Call, Response
from informers.testing.fake import FakeCluster

KEYS = [Request("default", f"name-{number}") for number in range(60)]
LEASE = ("coordination.k8s.io/v1", "Lease")


class Replica:
    """One member: its shards, its fence, and what it may write now."""

    def __init__(self, world, name, *, caught_up=lambda: True, **changes):
        self.runtime, self.lost, self.shares = world.runtime, [], []
        given = {"sharding": "ring", "leader_election_id": "op", "leader_identity": name, **changes}
        options = ShardingOptions(**given)
        self.fence = Fence(options, runtime=world.runtime)
        self.transport = world.transport(user_agent=name)
        self.shards = Shards(
            options,
            self.transport,
            runtime=world.runtime,
            fence=self.fence,
            namespace="default",
            caught_up=caught_up,
            on_share=lambda: self.shares.append(round(self.runtime.monotonic(), 2)),
            on_lost=self.lost.append,
        )
        self.gate = self.shards.gate
        self.shards.start()

    def may_write(self):
        """The keys on which a write would pass gate and fence now."""
        try:
            self.fence.admit(Call("PUT", "/x"))
        except LeadershipLost:
            return set()
        return {key for key in KEYS if self.gate.admits(key)} | set(self.gate.inside())

    def stop(self, *, release=True):
        """Leave."""
        self.shards.stop(self.runtime.monotonic() + 10, release=release)


@pytest.fixture
def world():
    """An API server."""
    return FakeCluster(controllers=False)


def watched(world, replicas, seconds):
    """Let time pass, and look ten times a second that no key is in two hands."""
    for _ in range(round(seconds * 10)):
        world.advance(0.1)
        hands = [replica.may_write() for replica in replicas]
        assert sum(map(len, hands)) == len(set().union(*hands))


def covered(*replicas):
    """How many keys somebody works on."""
    return len(set().union(*(replica.may_write() for replica in replicas)))


class TestJoining:
    def test_one_alone_has_everything(self, world):
        """Within a second of its start."""
        only = Replica(world, "a")
        world.advance(1)

        assert (60, 1) == (covered(only), len(only.shares))

    def test_three_share_everything_and_nothing_twice(self, world):
        """Each has some; they agree without anybody's order."""
        replicas = [Replica(world, name) for name in "abc"]

        watched(world, replicas, 10)

        assert 60 == covered(*replicas)
        assert all(8 <= len(replica.may_write()) <= 35 for replica in replicas)
        seen = replicas[0].shards.snapshot()
        assert (("op-a", "op-b", "op-c"), ()) == (seen.members, seen.waiting_for)

    def test_a_newcomer_gets_its_share_at_once(self, world):
        """Leases are watched: no period has to pass."""
        first = Replica(world, "a")
        world.advance(5)
        second = Replica(world, "b")

        watched(world, [first, second], 1)

        assert 60 == covered(first, second)
        assert len(second.may_write()) >= 15

    def test_a_newcomer_waits_for_its_caches(self, world):
        """H20: it must not act on what was before the last write of whoever had the key before."""
        first = Replica(world, "a")
        world.advance(5)
        second = Replica(world, "b", caught_up=lambda: world.runtime.sleep(3) or True)
        watched(world, [first, second], 2)
        assert 0 == len(second.may_write())

        watched(world, [first, second], 3)

        assert 60 == covered(first, second)
        assert len(second.may_write()) >= 15

    def test_a_key_that_is_worked_on_is_handed_over_when_that_ends(self, world):
        """Until then nobody else begins with any key of the newcomer's share, and the old owner takes none in."""
        first = Replica(world, "a")
        world.advance(1)
        for key in KEYS:
            assert first.gate.enter(key)
        second = Replica(world, "b")
        watched(world, [first, second], 30)
        assert (0, False) == (len(second.may_write()), not first.gate.inside())

        for key in KEYS:
            first.gate.leave(key)
        watched(world, [first, second], 1)

        assert 60 == covered(first, second)
        assert len(second.may_write()) >= 15


class TestLeaving:
    def pair(self, world, **changes):
        """Two replicas that share the work."""
        both = [Replica(world, name, **changes) for name in "ab"]
        world.advance(5)
        return both

    def test_after_a_clean_stop_the_others_take_over_at_once(self, world):
        """The lease was let go of, and that is seen."""
        first, second = self.pair(world)
        first.stop()

        watched(world, [first, second], 1)

        assert 60 == len(second.may_write())

    def test_after_a_kill_they_take_over_when_the_lease_lapses(self, world):
        """Not before: its last writes may still be on their way."""
        first = Replica(world, "a")
        world.runtime.spawn("b", lambda: Replica(world, "b"), process="b")
        world.advance(5)
        world.runtime.crash("b")
        watched(world, [first], 12)
        assert len(first.may_write()) < 60

        watched(world, [first], 3.5)

        assert 60 == len(first.may_write())
        assert "holderIdentity" not in world.get(LEASE, "default/op-b")["spec"]  # were it back, it could not renew it

    def test_one_that_cannot_be_struck_out_keeps_its_keys(self, world):
        """H17: taking them while it could still renew its lease would make two writers."""
        first = Replica(world, "a")
        world.runtime.spawn("b", lambda: Replica(world, "b"), process="b")
        world.advance(5)
        world.runtime.crash("b")
        allow = world.intercept(self.no_striking_out)
        world.advance(60)
        assert len(first.may_write()) < 60

        allow()
        world.advance(5)

        assert 60 == len(first.may_write())

    @staticmethod
    def no_striking_out(call):
        """Lose what anybody sends to close the lease of b."""
        if call.method == "PUT" and call.path.endswith("/op-b"):
            raise ResponseLost("cut")

    def test_without_release_the_lease_is_waited_out(self, world):
        """Somebody might still be writing there."""
        first, second = self.pair(world)
        first.stop(release=False)
        world.advance(10)
        assert len(second.may_write()) < 60

        world.advance(8)

        assert 60 == len(second.may_write())

    def test_one_that_was_struck_out_never_writes_again(self, world):
        """It was cut off for as long as its lease lasts; when it is back, the others have its keys."""
        first, second = self.pair(world)
        cut = world.intercept(self.cut_off)
        watched(world, [first, second], 25)
        assert ([LeadershipLost], 60) == ([type(error) for error in first.lost], len(second.may_write()))

        cut()
        watched(world, [first, second], 30)

        assert (0, 60) == (len(first.may_write()), len(second.may_write()))

    @staticmethod
    def cut_off(call):
        """Lose what replica a sends about its own lease."""
        if call.method == "PUT" and call.path.endswith("/op-a") and b'"holderIdentity": "a"' in call.body:
            raise ConnectionError("cut")

    def test_a_member_whose_lease_was_deleted_ends(self, world):
        """The others no longer see its claim, so it must not go on."""
        first, second = self.pair(world)
        world.delete(LEASE, "default/op-a")

        watched(world, [second], 5)

        assert (1, 60) == (len(first.lost), len(second.may_write()))

    def test_the_leases_of_the_dead_are_cleared_away(self, world):
        """Every restart leaves one."""
        first, second = self.pair(world)
        first.stop()
        world.advance(40)

        assert ["op-b"] == [lease["metadata"]["name"] for lease in world.list(LEASE, labels={RING_LABEL: "op"})]
        assert 60 == len(second.may_write())


class TestFixed:
    def test_each_has_the_shard_of_its_number(self, world):
        """And nothing is in two hands, nor forgotten."""
        replicas = [
            Replica(world, f"op-{number}", sharding="fixed", shard_count=3, shard_index=number) for number in range(3)
        ]
        watched(world, replicas, 5)

        assert 60 == covered(*replicas)

    def test_a_missing_one_is_waited_for(self, world):
        """Nobody takes its shard: its objects wait until the replica is back."""
        only = Replica(world, "op-0", sharding="fixed", shard_count=2, shard_index=0)
        world.advance(60)

        assert 20 <= len(only.may_write()) <= 40

    def test_another_count_waits_for_the_old_ones_to_leave(self, world):
        """A rollout from one shard to two: ranges that overlap are never in two hands."""
        old = Replica(world, "old", sharding="fixed", shard_count=1, shard_index=0)
        world.advance(1)
        new = [Replica(world, f"new-{n}", sharding="fixed", shard_count=2, shard_index=n) for n in range(2)]
        watched(world, [old, *new], 5)
        assert 60 == len(old.may_write())

        old.stop()
        watched(world, [old, *new], 1)

        assert 60 == covered(*new)


class TestTrouble:
    def test_who_may_not_list_leases_says_so_once_per_doubling(self, world, caplog):
        """And works on nothing: it cannot know what others claim."""
        refusal = Response(403, {}, b'{"kind":"Status","code":403,"reason":"Forbidden","message":"may not list"}')
        world.intercept(lambda call: refusal if "labelSelector" in dict(call.query) else None)
        only = Replica(world, "a")
        world.advance(60)

        lines = [record for record in caplog.records if "cannot look at the other replicas" in record.message]
        assert (0, True) == (len(only.may_write()), 1 <= len(lines) <= 6)

    def test_a_claim_of_a_version_to_come_is_respected(self, world):
        """What cannot be read counts as everything, until its holder is gone."""
        spec = {"holderIdentity": "z", "leaseDurationSeconds": 15, "renewTime": "2030-01-01T00:00:00.000000Z"}
        metadata = {"name": "op-z", "namespace": "default", "labels": {RING_LABEL: "op"}}
        metadata["annotations"] = {"levelset.dev/claim": "quantum/both"}
        world.create({"apiVersion": LEASE[0], "kind": LEASE[1], "metadata": metadata, "spec": spec})
        only = Replica(world, "a")
        world.advance(14)
        assert 0 == len(only.may_write())

        world.advance(4)

        assert 60 == len(only.may_write())


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"sharding": "ring"}, "--leader-election-id"),
            ({"sharding": "ring", "leader_election_id": "x" * 64}, "more than 63 characters"),
            ({"sharding": "fixed", "leader_election_id": "op"}, "--shard-count=0.* must be at least 1"),
            (
                {"sharding": "fixed", "leader_election_id": "op", "shard_count": 2, "shard_index": 2},
                "--shard-index=2.* must be from 0 to 1",
            ),
        ],
    )
    def test_what_cannot_work_is_refused(self, options, message):
        """With option, flag and value."""
        with pytest.raises(ValueError, match=message):
            ShardingOptions(**options)

    @pytest.mark.parametrize(("host", "index"), [("op-0", 0), ("op-1", 1), ("op-7", None), ("op", None)])
    def test_the_number_of_a_pod_is_in_its_name(self, monkeypatch, host, index):
        """As a StatefulSet numbers them."""
        monkeypatch.setattr("os.uname", lambda: type("Uname", (), {"nodename": host}))
        options = ShardingOptions(sharding="fixed", leader_election_id="op", shard_count=2)

        if index is None:
            with pytest.raises(ValueError, match=r"run the replicas as a StatefulSet, or set shard_index"):
                shard_index(options)
        else:
            assert index == shard_index(options)
