"""Disruption budgets know how many Pods may go, and evictions keep to it, in virtual time."""

import pytest

from informers.api import errors
from informers.testing.cluster import WriteOptions
from informers.testing.controllers.fates import Fate


def replica_set(name="web", replicas=3):
    """Return a ReplicaSet of one container."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name}, "spec": spec}


def budget(**spec):
    """Return the budget of a ReplicaSet's Pods."""
    wanted = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": wanted}


def numbers(lab):
    """Return how many there should be, should be healthy, are healthy, and may go."""
    status = lab.status("PodDisruptionBudget", "web")
    return tuple(status[name] for name in ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"))


def evict(lab, name, **options):
    """Evict a Pod."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, **options}
    lab.cluster.create(lab.info("Pod"), "default", eviction, WriteOptions(subresource="eviction"), name=name)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"minAvailable": 2}, (3, 2, 3, 1)),
        ({"minAvailable": "50%"}, (3, 2, 3, 1)),
        ({"maxUnavailable": 1}, (3, 2, 3, 1)),
        ({"maxUnavailable": "34%"}, (3, 1, 3, 2)),
        ({"minAvailable": 5}, (3, 5, 3, 0)),
    ],
)
def test_what_may_go(lab, spec, expected):
    """Shares are of what the ReplicaSet asks for, rounded up."""
    lab.create(replica_set())
    lab.create(budget(**spec))
    lab.advance(2)

    assert expected == numbers(lab)


def test_unhealthy_pods_leave_nothing_to_spare(make_lab):
    """The condition says so."""
    lab = make_lab(fate=lambda _: Fate.NEVER_READY)
    lab.create(replica_set())
    lab.create(budget(maxUnavailable=1))
    lab.advance(2)
    (condition,) = lab.status("PodDisruptionBudget", "web")["conditions"]

    assert (3, 2, 0, 0) == numbers(lab)
    assert ("DisruptionAllowed", "False", "InsufficientPods") == tuple(
        condition[k] for k in ("type", "status", "reason")
    )


def test_evictions_keep_to_it(lab):
    """One goes, the second is refused until the first is replaced."""
    lab.create(replica_set())
    lab.create(budget(maxUnavailable=1))
    lab.advance(2)
    first, second, _ = lab.names()
    evict(lab, first)
    with pytest.raises(errors.TooManyRequests):
        evict(lab, second)
    lab.advance(2)
    evict(lab, second)

    assert first not in lab.names()


def test_a_dry_run_within_the_eviction(lab):
    """Kubectl says so in the options of the deletion: nothing goes, and nothing is spent."""
    lab.create(replica_set())
    lab.create(budget(maxUnavailable=1))
    lab.advance(2)
    names = lab.names()
    evict(lab, names[0], deleteOptions={"dryRun": ["All"]})

    assert names == lab.names()
    assert 1 == numbers(lab)[-1]


def test_it_comes_to_rest(lab):
    """Once it is told, nothing is written any more."""
    lab.create(replica_set())
    lab.create(budget(minAvailable=1))
    lab.advance(5)

    assert lab.resting()
