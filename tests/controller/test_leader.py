"""Leader election in virtual time, against a lease server that hangs, loses answers and refuses."""

import json
from dataclasses import dataclass, field

import pytest

from controller.fence import Fence, FencedTransport
from controller.leader import Elector
from controller.lease import LeaderOptions, LeadershipLost
from informers.api.errors import ResponseLost, Unreachable
from informers.api.transport import Call, Response
from informers.testing.virtual.sim import SimRuntime

PATH = "/apis/coordination.k8s.io/v1/namespaces/ops/leases"
OPTIONS = LeaderOptions(leader_election=True, leader_election_id="op", leader_election_namespace="ops")


@dataclass
class LeaseServer:
    """Keeps one Lease as the API server would, and misbehaves on demand."""

    runtime: SimRuntime
    lease: dict | None = None
    version: int = 0
    calls: list = field(default_factory=list)
    mood: object = None
    watched: bool = False
    streams: list = field(default_factory=list)

    def request(self, call):
        """Answer one call after a millisecond, unless the mood says otherwise."""
        self.calls.append((self.runtime.monotonic(), call))
        self.runtime.sleep(0.001)
        if self.mood is not None:
            answer = self.mood(call)
            if answer is not None:
                return answer
        return self.answer(call)

    def answer(self, call):
        """Do what the call says."""
        if call.method == "GET":
            return self.reply(200, self.lease) if self.lease else self.refuse(404, "NotFound")
        sent = json.loads(call.body)
        if call.method == "POST":
            if self.lease:
                return self.refuse(409, "AlreadyExists")
        elif self.lease is None:
            return self.refuse(404, "NotFound")
        elif sent["metadata"].get("resourceVersion") != self.lease["metadata"]["resourceVersion"]:
            return self.refuse(409, "Conflict")
        self.change(sent)
        return self.reply(201, self.lease)

    def change(self, lease):
        """Keep this lease, None for none, and tell those who watch."""
        self.version += 1
        kind, before = "MODIFIED" if lease else "DELETED", self.lease
        self.lease = lease and {**lease, "metadata": {**lease["metadata"], "resourceVersion": str(self.version)}}
        for stream in self.streams:
            stream.tell(kind, self.lease or before)

    @staticmethod
    def reply(status, body):
        """An answer with a body."""
        return Response(status, {}, json.dumps(body).encode())

    def refuse(self, status, reason):
        """A Status."""
        return self.reply(status, {"kind": "Status", "code": status, "reason": reason, "message": reason})

    def hang(self, call):
        """Never answer: block for as long as the caller waits."""
        self.runtime.sleep(call.timeout)
        raise ResponseLost("timed out")

    def hang_deaf(self, call):
        """Never answer, and do not even listen to the time limit."""
        self.runtime.sleep(10_000)
        raise ResponseLost("timed out")

    def stream(self, call):
        """A watch of the lease, if it may be watched."""
        assert (("fieldSelector", "metadata.name=op"), ("watch", "true")) == call.query[:2]
        if not self.watched:
            return Refusal()
        stream = LeaseStream(self.runtime)
        self.streams.append(stream)
        if self.lease:
            stream.tell("ADDED", self.lease)
        return stream

    def close(self):
        """Nothing to close."""

    @property
    def holder(self):
        """Who holds the lease."""
        return self.lease["spec"].get("holderIdentity", "")


class Refusal:
    """The answer to a watch that is not permitted."""

    status = 403

    def __iter__(self):
        yield b'{"kind":"Status","code":403,"reason":"Forbidden","message":"may not watch"}'

    def close(self):
        """Nothing to hang up."""


class LeaseStream:
    """One watch."""

    status = 200

    def __init__(self, runtime):
        self.news, self.open, self.condition = [], True, runtime.condition("lease stream")

    def tell(self, kind, obj):
        """Send one event."""
        with self.condition:
            self.news.append(json.dumps({"type": kind, "object": obj}).encode() + b"\n")
            self.condition.notify_all()

    def __iter__(self):
        while True:
            with self.condition:
                while not self.news and self.open:
                    self.condition.wait()
                if not self.open:
                    return
                line = self.news.pop(0)
            yield line

    def close(self):
        """Hang up."""
        with self.condition:
            self.open = False
            self.condition.notify_all()


class Candidate:
    """One replica: elector, fence, and a transport for its work."""

    def __init__(self, server, name, options=OPTIONS):
        self.runtime, self.events = server.runtime, []
        options = LeaderOptions(
            **{f: getattr(options, f) for f in options.__dataclass_fields__} | {"leader_identity": name}
        )
        self.fence = Fence(options, runtime=self.runtime)
        self.work = FencedTransport(server, self.fence)
        self.elector = Elector(
            options,
            server,
            runtime=self.runtime,
            fence=self.fence,
            on_leading=lambda: self.note("leading"),
            on_lost=lambda error: self.note("lost"),
        )
        self.elector.start()

    def note(self, what):
        """Remember when something happened."""
        self.events.append((what, round(self.runtime.monotonic(), 2)))

    @property
    def leading(self):
        """Whether it believes to lead."""
        return self.elector.snapshot().leading

    def may_write(self):
        """Whether a write would be let through now."""
        try:
            self.fence.admit(Call("PUT", "/x"))
        except LeadershipLost:
            return False
        return True

    def stop(self, *, release=True):
        """Stop within a minute."""
        self.elector.stop(self.runtime.monotonic() + 60, release=release)


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def server(runtime):
    """A lease server."""
    return LeaseServer(runtime)


class TestWinning:
    def test_the_first_one_creates_the_lease_and_leads(self, server, runtime):
        """At once, without waiting a period."""
        first = Candidate(server, "a")

        runtime.advance(1)

        assert [("leading", 0.0)] == first.events
        assert ("a", 0) == (server.holder, server.lease["spec"]["leaseTransitions"])
        assert ("POST", PATH) == (server.calls[1][1].method, server.calls[1][1].path)

    def test_a_leader_renews_every_period_with_one_request(self, server, runtime):
        """The lease is written from memory; nothing is read while all is well."""
        leader = Candidate(server, "a")
        runtime.advance(1)
        server.calls.clear()

        runtime.advance(60)

        assert leader.leading
        assert {"PUT"} == {call.method for _, call in server.calls}
        assert 29 <= len(server.calls) <= 31

    def test_the_second_one_waits_as_long_as_the_first_renews(self, server, runtime):
        """Ten minutes, one leader."""
        Candidate(server, "a")
        runtime.advance(1)
        second = Candidate(server, "b")

        runtime.advance(600)

        assert [] == second.events
        assert "a" == second.elector.snapshot().holder

    def test_of_two_that_start_together_one_wins(self, server, runtime):
        """The server's version check decides."""
        both = Candidate(server, "a"), Candidate(server, "b")

        runtime.advance(30)

        assert [False, True] == sorted(candidate.leading for candidate in both)

    def test_an_answer_lost_on_the_way_does_not_shut_us_out(self, server, runtime):
        """The lease names us although we never heard: the next look finds it and renews."""
        server.mood = self.lose_first_post(server)
        only = Candidate(server, "a")

        runtime.advance(10)

        assert only.leading
        assert 0 == server.lease["spec"]["leaseTransitions"]

    @staticmethod
    def lose_first_post(server):
        """Do the write, then lose the answer."""

        def mood(call):
            if call.method == "POST":
                server.mood = None
                server.answer(call)
                raise ResponseLost("cut")

        return mood

    def test_a_renewal_counts_from_when_it_was_sent(self, server, runtime):
        """A slow answer has used up part of the lease already."""
        server.mood = lambda call: runtime.sleep(3)
        leader = Candidate(server, "a")

        runtime.advance(6.01)

        assert leader.leading
        assert pytest.approx(7, abs=0.01) == leader.elector.snapshot().remaining

    def test_the_clock_on_the_wall_is_never_looked_at(self, server, runtime):
        """A lease dated an hour ahead by its dead holder is taken when our own clock says so."""
        spec = {"holderIdentity": "dead", "leaseDurationSeconds": 15, "renewTime": "2099-01-01T00:00:00.000000Z"}
        server.lease = {"metadata": {"name": "op", "resourceVersion": "1"}, "spec": spec}
        heir = Candidate(server, "a")

        runtime.advance(25)

        assert "leading" == heir.events[0][0]
        assert 15 <= heir.events[0][1] <= 15.1


class TestLosing:
    def led(self, server, name="a"):
        """Return a candidate that leads since a second."""
        leader = Candidate(server, name)
        server.runtime.advance(1)
        assert leader.leading
        return leader

    @pytest.mark.parametrize("how", ["hang", "hang_deaf"])
    def test_a_request_that_hangs_cannot_postpone_the_end(self, server, runtime, how):
        """Even when the time limit of the request is ignored."""
        leader = self.led(server)
        server.mood = getattr(server, how)

        runtime.advance(30)

        assert "lost" == leader.events[-1][0]
        assert leader.events[-1][1] <= 2 + 10.5

    def test_one_renewal_that_hangs_leaves_time_for_another(self, server, runtime):
        """H18: each has a limit of its own, and a connection that died costs no lease."""
        leader = self.led(server)
        server.mood = server.hang
        runtime.advance(3)
        server.mood = None
        runtime.advance(30)

        assert [("leading", 0.0)] == leader.events

    def test_no_renewal_is_waited_for_longer_than_the_fence_stays_open(self, server, runtime):
        """H18: an answer after that would be of no use to anybody."""
        self.led(server)
        server.mood = server.hang
        runtime.advance(30)
        began = next(at for at, call in server.calls if call.timeout and at > 1) - 2.0
        late = [at + call.timeout - began for at, call in server.calls if 1 < at < began + 10]

        assert len(late) >= 2
        assert max(late) <= 10.1

    def test_an_unreachable_server_costs_the_lease_after_the_deadline(self, server, runtime):
        """Not before: a short outage is nothing."""
        leader = self.led(server)
        server.mood = self.unreachable

        runtime.advance(8)
        assert leader.leading
        runtime.advance(4)

        assert not leader.leading

    @staticmethod
    def unreachable(call):
        """Refuse the connection."""
        raise Unreachable("connection refused")

    @pytest.mark.parametrize("trouble", [(500, "InternalError"), (503, "ServiceUnavailable"), (429, "TooManyRequests")])
    def test_refusals_while_renewing_are_borne_until_the_deadline(self, server, runtime, trouble):
        """Eight seconds of them cost nothing; twelve cost the lease."""
        leader = self.led(server)
        server.mood = lambda call: server.refuse(*trouble)
        runtime.advance(8)
        assert leader.leading

        runtime.advance(4)

        assert "lost" == leader.events[-1][0]

    def test_a_conflict_while_renewing_is_settled_by_looking(self, server, runtime):
        """Somebody labelled the lease: the next look has the new version, the label stays, the leader too."""
        leader = self.led(server)
        server.change({**server.lease, "metadata": {**server.lease["metadata"], "labels": {"seen": "yes"}}})

        runtime.advance(10)

        assert ([("leading", 0.0)], {"seen": "yes"}) == (leader.events, server.lease["metadata"]["labels"])

    def test_a_renewal_whose_answer_is_lost_is_found_by_looking(self, server, runtime):
        """The lease is of a version that we never heard of, but the renewal time in it is one we sent."""
        leader = self.led(server)
        server.mood = self.lose_one(server)

        runtime.advance(60)

        assert [("leading", 0.0)] == leader.events

    @staticmethod
    def lose_one(server):
        """Do the next renewal, and lose its answer."""

        def mood(call):
            if call.method == "PUT":
                server.mood = None
                server.answer(call)
                raise ResponseLost("cut")

        return mood

    def test_a_slow_server_does_not_stretch_the_period(self, server, runtime):
        """Answers that take 1.5 s: a renewal still goes out every 2 s, and the fence is never about to close."""
        leader = self.led(server)
        server.mood = lambda call: runtime.sleep(1.5)
        server.calls.clear()

        runtime.advance(60)

        assert 29 <= len(server.calls) <= 31
        assert leader.elector.snapshot().remaining >= 6

    def test_a_usurper_is_noticed_at_once_when_the_lease_is_watched(self, server, runtime):
        """Not only at the next renewal."""
        server.watched = True
        leader = self.led(server)
        runtime.advance(9.5)
        usurped = {**server.lease, "spec": {**server.lease["spec"], "holderIdentity": "usurper"}}
        server.change(usurped)

        runtime.advance(0.1)

        assert ("lost", False) == (leader.events[-1][0], leader.may_write())

    def test_a_holder_struck_out_by_hand_is_written_in_again(self, server, runtime):
        """Nobody let go of it: no standby takes it, and the leader goes on."""
        leader = self.led(server)
        standby = Candidate(server, "b")
        runtime.advance(3)
        spec = {name: value for name, value in server.lease["spec"].items() if name != "holderIdentity"}
        server.change({**server.lease, "spec": spec})

        runtime.advance(10)

        assert ("a", True, False) == (server.holder, leader.leading, standby.leading)

    def test_a_short_outage_is_survived(self, server, runtime):
        """Six seconds without a server, then all is well again."""
        leader = self.led(server)
        server.mood = self.unreachable
        runtime.advance(6)
        server.mood = None

        runtime.advance(60)

        assert [("leading", 0.0)] == leader.events

    def test_somebody_else_in_the_lease_ends_it_at_once(self, server, runtime):
        """However that came about."""
        leader = self.led(server)
        server.lease["spec"]["holderIdentity"] = "usurper"
        server.lease["metadata"]["resourceVersion"] = "99"

        runtime.advance(3)

        assert ("lost", False) == (leader.events[-1][0], leader.may_write())

    def test_a_deleted_lease_is_made_again(self, server, runtime):
        """Somebody cleaned up too much."""
        leader = self.led(server)
        server.lease = None

        runtime.advance(5)

        assert ("a", True) == (server.holder, leader.leading)

    def test_a_loser_does_not_come_back(self, server, runtime):
        """A fresh process competes with a fresh memory."""
        leader = self.led(server)
        server.mood = self.unreachable
        runtime.advance(15)
        server.mood = None
        server.calls.clear()

        runtime.advance(60)

        assert [] == server.calls
        assert ["leading", "lost"] == [what for what, _ in leader.events]


class TestTakeover:
    def test_after_a_kill_within_the_lease_and_a_period(self, server, runtime):
        """The heir waits out the lease, counted from when it saw the last renewal, and is there when it lapses."""
        heir, killed = self.widowed(server)

        runtime.advance(60)

        assert 15 - 2 <= heir.events[0][1] - killed <= 15 + 2 * 2.2 + 0.1
        assert ("b", 1) == (server.holder, server.lease["spec"]["leaseTransitions"])

    def test_after_a_kill_one_who_watches_waits_for_the_lease_alone(self, server, runtime):
        """It heard of the last renewal when that was made."""
        server.watched = True
        heir, killed = self.widowed(server)

        runtime.advance(60)

        assert 15 - 2 <= heir.events[0][1] - killed <= 15 + 0.1

    @staticmethod
    def widowed(server):
        """Return a candidate whose leader was just killed, and when."""
        server.runtime.spawn("a", lambda: Candidate(server, "a"), process="a")
        server.runtime.advance(10)
        heir = Candidate(server, "b")
        server.runtime.advance(5)
        server.runtime.crash("a")
        return heir, server.runtime.monotonic()

    def test_after_a_clean_stop_within_a_period(self, server, runtime):
        """The lease is let go of, so nobody waits for it to lapse."""
        leader, heir = Candidate(server, "a"), Candidate(server, "b")
        runtime.advance(10)
        leader, heir = (leader, heir) if leader.leading else (heir, leader)
        leader.stop()
        stopped = runtime.monotonic()

        runtime.advance(10)

        assert heir.events[0][1] - stopped <= 2 * 2.2 + 0.1

    def test_after_a_clean_stop_at_once_when_the_lease_is_watched(self, server, runtime):
        """Two requests after the release, however long the period is."""
        server.watched = True
        leader = Candidate(server, "a")
        runtime.advance(3)
        heir = Candidate(server, "b")
        runtime.advance(9)
        leader.stop()
        stopped = runtime.monotonic()

        runtime.advance(1)

        assert heir.events[0][1] - stopped <= 0.1
        assert ("b", 1) == (server.holder, server.lease["spec"]["leaseTransitions"])

    @pytest.mark.parametrize("watched", [False, True])
    def test_a_lease_deleted_under_its_leader_is_not_taken_by_a_standby(self, server, runtime, watched):
        """The leader is still within its deadline, so whoever creates the lease first must not decide."""
        server.watched = watched
        leader, heir = Candidate(server, "a"), Candidate(server, "b")
        runtime.advance(10)
        leader, heir = (leader, heir) if leader.leading else (heir, leader)

        server.change(None)
        runtime.advance(5)

        assert (True, []) == (leader.leading, heir.events)

    def test_two_of_one_name_never_lead_together(self, server, runtime):
        """A second process under the same identity takes the lease for somebody else's, which it is."""
        first = Candidate(server, "a")
        runtime.advance(3)
        second = Candidate(server, "a")

        runtime.advance(100)

        assert (True, False) == (first.leading, second.leading)

    def test_a_second_life_waits_for_the_first_ones_lease(self, server, runtime):
        """A container that was killed and restarted under a fixed name: its last writes may still be on the way."""
        runtime.spawn("a", lambda: Candidate(server, "a"), process="a")
        runtime.advance(4.5)
        runtime.crash("a")
        again = Candidate(server, "a")

        runtime.advance(30)

        assert 4.5 + 15 <= again.events[0][1] <= 4.5 + 15.1

    def test_two_never_may_write_at_once(self, server, runtime):
        """At every tenth of a second through hang, takeover and return, at most one fence is open."""
        first = Candidate(server, "a")
        runtime.advance(3)
        second = Candidate(server, "b")
        runtime.advance(3)
        server.mood = lambda call: server.hang(call) if b'"a"' in (call.body or b"") else None
        open_at_once = []

        for _ in range(400):
            runtime.advance(0.1)
            open_at_once.append(first.may_write() + second.may_write())

        assert second.leading
        assert max(open_at_once) == 1


class TestStopping:
    def test_letting_go_is_the_last_thing(self, server, runtime):
        """The fence is closed before the lease is free."""
        leader = Candidate(server, "a")
        runtime.advance(1)
        seen = []
        server.mood = lambda call: seen.append(leader.may_write())

        leader.stop()

        assert [False, False] == seen
        assert "" == server.holder

    def test_somebody_elses_change_does_not_keep_the_lease(self, server, runtime):
        """A label that is added at the very moment is a conflict; letting go is tried again."""
        leader = Candidate(server, "a")
        runtime.advance(1)
        changes = ["a label"]

        def change(call):
            if call.method == "PUT" and changes:
                server.change(
                    {**server.lease, "metadata": {**server.lease["metadata"], "labels": {changes.pop(): "x"}}}
                )

        server.mood = change
        leader.stop()

        assert ("", {"a label": "x"}) == (server.holder, server.lease["metadata"]["labels"])

    def test_a_lease_is_kept_when_work_may_still_run(self, server, runtime):
        """It lapses by itself instead."""
        leader = Candidate(server, "a")
        runtime.advance(1)

        leader.stop(release=False)

        assert ("a", False) == (server.holder, leader.may_write())

    def test_a_standby_lets_go_of_nothing(self, server, runtime):
        """The lease of the other stays as it is."""
        Candidate(server, "a")
        runtime.advance(1)
        standby = Candidate(server, "b")
        runtime.advance(1)

        standby.stop()

        assert "a" == server.holder

    def test_a_silent_server_does_not_hold_up_the_stop(self, server, runtime):
        """Releasing is given up at the deadline."""
        leader = Candidate(server, "a")
        runtime.advance(1)
        server.mood = server.hang
        began = runtime.monotonic()

        leader.elector.stop(began + 3, release=True)

        assert runtime.monotonic() - began <= 3 + 5

    def test_a_watch_that_hangs_does_not_hold_up_the_stop(self, server, runtime):
        """It is hung up."""
        server.watched = True
        leader = Candidate(server, "a")
        runtime.advance(1)

        leader.stop()

        assert runtime.monotonic() < 1.1
        assert ["main"] == [task.name for task in runtime.tasks()]

    def test_missing_permission_says_what_to_do(self, server, runtime, caplog):
        """Once per doubling, with the command that prints the Role."""
        server.mood = lambda call: server.refuse(403, "Forbidden")
        Candidate(server, "a")

        runtime.advance(60)

        lines = [record for record in caplog.records if "cannot reach the lease" in record.message]
        assert "levelset manifests rbac" in lines[0].fields["error"]
        assert len(lines) <= 6
