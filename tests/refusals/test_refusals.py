"""Bad requests: whatever comes, there is an answer, it is the real server's, and the store stays whole."""

import re

import pytest

from informers.runtime import ThreadRuntime
from informers.testing import ApiServer, Cluster, ClusterOptions, FakeCluster
from tests.contracts.player import PAGE
from tests.refusals.player import Player, compared
from tests.refusals.soak import soak
from tests.refusals.soundness import faults

ALLOWED = re.compile(r"^\| `((?:request|wire) [\w .]+)` \| [^|]+ \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A cluster that was asked everything, its answers beside the real server's, and what its server says of itself."""
    cluster = Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=frozenset()))
    with ApiServer(cluster) as server:
        lines = list(compared(Player(server.kubeconfig(tmp_path_factory.mktemp("refusals") / "kubeconfig"))))
        return cluster, lines, server.snapshot()


def test_answers_are_those_of_the_real_server(played):
    """Code, reason and message; what differs is on the page of fidelity, and all that is there differs."""
    different = {name: (ours, theirs) for name, _, ours, theirs in played[1] if ours != theirs}
    allowed = set(ALLOWED.findall(PAGE.read_text()))

    assert {} == {name: answers for name, answers in different.items() if name not in allowed}
    assert set() == allowed - set(different)


def test_no_fault_of_ours(played):
    """Nothing was answered by accident, and no watch was left open."""
    assert (0, "", 0) == (played[2].faults, played[2].last_fault, played[2].watches)


def test_the_store_is_whole(played):
    """After all of it."""
    assert [] == faults(played[0])


def test_others():
    """Requests that no real server has seen: all answered, and the store whole."""
    codes = soak(1500)

    assert 1500 == sum(codes.values())
    assert {200, 201, 400, 404, 405, 406, 415, 422} <= set(codes)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda _, store: store.order.reverse(), "the order is not that of the names"),
        (lambda storage, _: storage._uids.clear(), "/a is not found by its uid"),
        (lambda storage, _: setattr(storage, "revision", 1), "/a is kept at"),
    ],
    ids=["order", "index", "version"],
)
def test_a_damaged_store_is_noticed(damage, said):
    """The judge of the others: an order that is wrong, an index that lost an object, a version that lies."""
    with FakeCluster(controllers=False) as world:
        for name in ("a", "b"):
            world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}})
        whole = faults(world.cluster)
        damage(world.cluster.storage, world.cluster.storage.store(("", "configmaps")))

        assert [] == whole
        assert said in " ".join(faults(world.cluster))
