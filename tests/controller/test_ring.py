"""Claims on keys: who owns what, how evenly, and what may be worked on meanwhile."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.request import Request
from controller.ring import EVERYTHING, NOTHING, Admitted, Fixed, Ring, apart, read_claim
from informers.shards import fnv1a

KEYS = [Request(f"ns-{number % 40}", f"name-{number}") for number in range(4000)]
MEMBERS = ("op-a", "op-b", "op-c", "op-d")
names = st.text("abcdef", min_size=1, max_size=3)


class TestRing:
    def test_every_key_has_one_owner_and_the_shares_are_even(self):
        """Within a third of the mean for four members."""
        shares = Counter(Ring(MEMBERS[0], MEMBERS, "object").owner(key) for key in KEYS)

        assert set(MEMBERS) == set(shares)
        assert all(670 <= share <= 1330 for share in shares.values()), shares

    def test_members_agree_on_who_owns_what(self):
        """Exactly one of them claims each key."""
        rings = [Ring(member, MEMBERS, "object") for member in MEMBERS]

        assert {1} == {sum(ring.covers(key) for ring in rings) for key in KEYS}

    def test_when_one_leaves_only_its_keys_move(self):
        """That is what makes the hashing consistent."""
        before, after = Ring("op-a", MEMBERS, "object"), Ring("op-a", MEMBERS[:3], "object")

        moved = {before.owner(key) for key in KEYS if before.owner(key) != after.owner(key)}

        assert {"op-d"} == moved

    def test_by_namespace_a_namespace_stays_together(self):
        """Parents and children are in one hand."""
        ring = Ring("op-a", MEMBERS, "namespace")

        assert {1} == {len({ring.owner(key) for key in KEYS if key[0] == name}) for name in {key[0] for key in KEYS}}

    def test_cluster_scoped_keys_are_spread_by_their_names(self):
        """They have no namespace to be kept together by."""
        ring = Ring("op-a", MEMBERS, "namespace")

        assert len({ring.owner(Request("", f"node-{number}")) for number in range(50)}) > 1


CLAIMS = [
    EVERYTHING,
    NOTHING,
    *(Ring(member, members, by) for members in (MEMBERS[:2], MEMBERS[:3]) for member in members for by in ("object",)),
    Ring("op-a", MEMBERS[:2], "namespace"),
    *(Fixed(index, count, by) for count in (1, 2, 3) for index in range(count) for by in ("object", "namespace")),
]


@pytest.mark.parametrize("one", CLAIMS, ids=str)
def test_claims_that_are_apart_share_no_key(one):
    """Never the other way round; and of one division all parts are apart."""
    found = {other for other in CLAIMS if apart(one, other)}

    assert all(not (one.covers(key) and other.covers(key)) for other in found for key in KEYS[:300])
    assert found >= ({EVERYTHING, *CLAIMS} if one == NOTHING else {NOTHING})
    if isinstance(one, Fixed):
        assert found >= {Fixed(index, one.count, one.by) for index in range(one.count)} - {one}


class TestFixed:
    @pytest.mark.parametrize("by", ["object", "namespace"])
    @pytest.mark.parametrize("count", [1, 2, 3, 7])
    def test_the_ranges_meet_and_never_overlap(self, by, count):
        """Each key is in exactly one."""
        ranges = [Fixed(index, count, by) for index in range(count)]

        assert {1} == {sum(part.covers(key) for part in ranges) for key in KEYS}

    def test_by_namespace_it_is_the_range_that_the_server_selects(self):
        """The same hash of the same text, within the same bounds."""
        low, high = Fixed(1, 4, "namespace").bounds

        assert (0x4000000000000000, 0x8000000000000000) == (low, high)
        assert [low <= fnv1a(key[0]) < high for key in KEYS] == [Fixed(1, 4, "namespace").covers(key) for key in KEYS]


class TestReading:
    @pytest.mark.parametrize("claim", [NOTHING, Ring("b", ("a", "b"), "object"), Fixed(0, 3, "namespace")])
    def test_a_claim_is_read_as_it_was_written(self, claim):
        """It travels in an annotation."""
        assert claim == read_claim(str(claim), "b")

    @pytest.mark.parametrize(
        "text", ["ring/object/a,c", "ring/colour/b", "fixed/object/3-of-3", "fixed/object/x-of-3", "what?", "ring"]
    )
    def test_what_cannot_be_read_counts_as_everything(self, text):
        """A version to come may claim in ways that we do not know: its keys are safe from us."""
        assert EVERYTHING == read_claim(text, "b")


class TestAdmitted:
    def test_nothing_is_admitted_before_the_others_were_looked_at(self):
        """A claim alone permits nothing."""
        ours = Admitted().narrowed(Ring("a", ("a",), "object"))

        assert not any(ours.covers(key) for key in KEYS)

    def test_what_others_claim_is_not_admitted_until_they_let_go(self):
        """The newcomer waits for the others' claims to shrink."""
        old, new, mine = Ring("a", ("a",), "object"), Ring("a", ("a", "b"), "object"), Ring("b", ("a", "b"), "object")
        first = Admitted().narrowed(mine).widened([old])
        assert not any(first.covers(key) for key in KEYS)

        second = first.widened([new])

        assert [mine.covers(key) for key in KEYS] == [second.covers(key) for key in KEYS]

    def test_what_is_worked_on_stays_when_somebody_else_claims_it_too(self):
        """They claimed later, and see our claim."""
        mine = Admitted().narrowed(Ring("a", ("a",), "object")).widened([])

        contested = mine.widened([Ring("b", ("b",), "object")])

        assert all(contested.covers(key) for key in KEYS)

    def test_narrowing_only_takes_away(self):
        """Between two claims only what is in both goes on."""
        whole, half = Ring("a", ("a",), "object"), Ring("a", ("a", "b"), "object")
        mine = Admitted().narrowed(whole).widened([])

        assert [half.covers(key) for key in KEYS] == [mine.narrowed(half).covers(key) for key in KEYS]
        assert not any(mine.narrowed(half).narrowed(NOTHING).covers(key) for key in KEYS)

    @given(st.lists(st.tuples(names, st.booleans()), max_size=8))
    def test_what_was_admitted_and_is_still_claimed_is_never_taken_away_by_others(self, events):
        """Whatever claims come and go, a key leaves only by our own claim."""
        claim = Ring("me", ("me", "you"), "object")
        admitted, held = Admitted().narrowed(claim), set()
        for name, alone in events:
            admitted = admitted.widened([] if alone else [Ring(name, (name, "x"), "object")])
            now = {key for key in KEYS[:60] if admitted.covers(key)}

            assert held <= now
            held = now
