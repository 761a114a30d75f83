"""The rules of leader election, as plain values."""

import math
import re
from datetime import UTC, datetime

import pytest

from controller.lease import LeaderOptions, Lease, Move, View, micro_time, step, written

NOON = datetime(2030, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
OBJ = {
    "metadata": {"name": "x", "resourceVersion": "7", "labels": {"team": "a"}},
    "spec": {"holderIdentity": "other", "leaseTransitions": 3, "acquireTime": "then", "strategy": "kept"},
}
HELD = Lease(holder="other", duration=15.0, transitions=3, renewed="t1")


def view(lease, changed_at=0.0):
    """What candidate `me` knows."""
    return View("me", lease, changed_at)


class TestStep:
    @pytest.mark.parametrize(
        ("lease", "now", "move"),
        [
            (None, 0.0, Move.CREATE),
            (HELD, 14.9, Move.WAIT),
            (HELD, 15.0, Move.TAKE),
            (Lease("", 1.0, 3), 0.0, Move.TAKE),
            (Lease("me", 15.0, 3, "t2"), 0.0, Move.RENEW),
            (Lease("me", 15.0, 3, "t2"), 999.0, Move.RENEW),
            (Lease("me", 15.0, 3, "t1"), 14.9, Move.WAIT),
            (Lease("me", 15.0, 3, "t1"), 15.0, Move.TAKE),
            (Lease("", 15.0, 3), 14.9, Move.WAIT),
            (Lease("", 15.0, 3), 15.0, Move.TAKE),
        ],
    )
    def test_what_a_candidate_does(self, lease, now, move):
        """Absent: create. Free or expired: take. Written by us: renew. Else, our own name or none included: wait."""
        assert move is step(view(lease).sending("t2"), now)

    @pytest.mark.parametrize(("now", "move"), [(14.9, Move.WAIT), (15.0, Move.CREATE)])
    def test_a_lease_that_was_deleted_under_its_holder_is_waited_out(self, now, move):
        """Its holder may write until its own deadline, whether or not the object is there."""
        assert move is step(view(HELD).seen(None, 7.0), now)

    @pytest.mark.parametrize("lease", [None, Lease("", 1.0, 3), Lease("me", 15.0, 3, "t2")])
    def test_a_lease_that_bound_nobody_else_is_made_again_at_once(self, lease):
        """There was none, it was let go of, or it was ours."""
        assert Move.CREATE is step(view(lease).sending("t2").seen(None, 0.0), 0.0)

    def test_the_record_of_the_holder_decides_its_length(self):
        """A holder with more patience than ours keeps its lease for as long as it wrote."""
        assert Move.WAIT is step(view(Lease("other", 60.0, 0)), 59.0)


class TestView:
    def test_only_what_we_saw_change_counts(self):
        """An unchanged lease ages by our clock, from when we first saw it."""
        known = View("me").seen(HELD, 100.0).seen(HELD, 110.0)

        assert 100.0 == known.changed_at
        assert Move.TAKE is step(known, 115.0)

    def test_a_renewal_makes_it_young_again(self):
        """Whatever time the other machine believes it is."""
        known = View("me").seen(HELD, 100.0).seen(Lease("other", 15.0, 3, "1970"), 114.0)

        assert Move.WAIT is step(known, 128.0)

    def test_a_lease_that_went_and_came_back_unchanged_keeps_its_age(self):
        """Nobody renewed it in between."""
        known = View("me").seen(HELD, 100.0).seen(None, 105.0).seen(HELD, 110.0)

        assert (100.0, False) == (known.changed_at, known.gone)

    def test_only_so_many_unanswered_writes_are_remembered(self):
        """A server that never answers must not fill the memory."""
        known = View("me")
        for number in range(100):
            known = known.sending(f"t{number}")

        assert ("t84", "t99") == (known.wrote[0], known.wrote[-1])

    def test_labels_do_not_keep_a_dead_leader_alive(self):
        """Only the record counts, not the object's version."""
        spec = {"holderIdentity": "other", "leaseDurationSeconds": 15, "renewTime": "t"}
        first = Lease.read({"metadata": {"resourceVersion": "1"}, "spec": spec})
        labelled = Lease.read({"metadata": {"resourceVersion": "2", "labels": {"a": "b"}}, "spec": spec})

        assert 0.0 == View("me").seen(first, 0.0).seen(labelled, 14.0).changed_at

    @pytest.mark.parametrize("obj", [{}, {"spec": {}}, {"spec": {"holderIdentity": None}}, {"metadata": {}}])
    def test_an_empty_lease_is_free(self, obj):
        """Somebody may have created it by hand."""
        assert Move.TAKE is step(view(Lease.read(obj)), 0.0)


class TestWritten:
    def test_taking_counts_and_dates_the_change(self):
        """Transitions go up, acquireTime is now, what others wrote stays."""
        spec = written(OBJ, Move.TAKE, "me", 15.0, NOON)["spec"]

        assert {
            "holderIdentity": "me",
            "leaseDurationSeconds": 15,
            "leaseTransitions": 4,
            "acquireTime": "2030-01-01T12:00:00.000005Z",
            "renewTime": "2030-01-01T12:00:00.000005Z",
            "strategy": "kept",
        } == spec

    def test_renewing_keeps_when_it_was_won(self):
        """Only renewTime moves."""
        spec = written(OBJ, Move.RENEW, "me", 15.0, NOON)["spec"]

        assert (3, "then") == (spec["leaseTransitions"], spec["acquireTime"])

    def test_letting_go_leaves_no_holder(self):
        """The server takes no empty name, so there is none; the lease lasts a second."""
        spec = written(OBJ, Move.RENEW, "", 1.0, NOON)["spec"]

        assert "holderIdentity" not in spec
        assert 1 == spec["leaseDurationSeconds"]

    def test_the_object_that_was_read_stays(self):
        """The resourceVersion goes back for the server to compare; the input is not touched."""
        obj = written(OBJ, Move.TAKE, "me", 0.5, NOON)

        assert ("7", "other") == (obj["metadata"]["resourceVersion"], OBJ["spec"]["holderIdentity"])
        assert 1 == obj["spec"]["leaseDurationSeconds"]

    def test_micro_time_has_six_decimals_even_when_they_are_zero(self):
        """The API server refuses any other number of them."""
        assert "2030-01-01T00:00:00.000000Z" == micro_time(datetime(2030, 1, 1, tzinfo=UTC))


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"lease_duration": 10.0},
                "lease_duration (--leader-elect-lease-duration=10s) must be greater than "
                "renew_deadline (--leader-elect-renew-deadline=10s): raise the first or lower the second",
            ),
            (
                {"retry_period": 9.0},
                "renew_deadline (--leader-elect-renew-deadline=10s) must be greater than 1.2 times "
                "retry_period (--leader-elect-retry-period=9s), which is 10.8 s",
            ),
            ({"retry_period": 0.0}, "retry_period (--leader-elect-retry-period=0s) must be greater than zero"),
            ({"lease_duration": math.inf}, "lease_duration (--leader-elect-lease-duration=infs) must be"),
            ({"renew_deadline": math.nan}, "renew_deadline (--leader-elect-renew-deadline=nans) must be"),
            ({"leader_election": True}, "set leader_election_id (--leader-election-id)"),
        ],
    )
    def test_times_that_cannot_work_are_refused(self, options, message):
        """A lease that lapses between two renewals helps nobody; the message names option, flag and value."""
        with pytest.raises(ValueError, match=re.escape(message)):
            LeaderOptions(**options)
