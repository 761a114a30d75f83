"""Quotas know what their namespace uses and refuse more than they allow, in virtual time."""

import pytest

from informers.api import errors
from informers.testing.controllers.fates import Fate


def quota(**spec):
    """Return a quota."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec}


def config_map(name):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def pod(name, **spec):
    """Return a Pod that asks for half a CPU and some memory."""
    resources = {"requests": {"cpu": "500m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}}
    container = {"name": "c", "image": "nginx", "resources": resources}
    meta = {"name": name, "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container], **spec}}


def used(lab):
    """Return what the quota says is used."""
    return lab.status("ResourceQuota", "q").get("used")


def test_what_is_there_is_counted(lab):
    """Objects of all kinds, whether by their plural or by `count/`; the quota itself too."""
    lab.create(config_map("a"))
    lab.create(quota(hard={"configmaps": "9", "resourcequotas": "1", "count/deployments.apps": "2"}))
    lab.advance(1)

    assert {"configmaps": "1", "count/deployments.apps": "0", "resourcequotas": "1"} == used(lab)
    assert {"configmaps": "9", "resourcequotas": "1", "count/deployments.apps": "2"} == lab.status(
        "ResourceQuota", "q"
    )["hard"]


def test_what_nothing_served_can_use_is_not_counted(lab):
    """Nobody could ever say how much of it is used."""
    lab.create(quota(hard={"count/widgets.example.com": "1", "pods": "1"}))
    lab.advance(1)

    assert {"pods": "0"} == used(lab)


def test_a_full_quota_refuses_until_something_goes(lab):
    """What is let in counts at once, what is deleted no longer."""
    lab.create(quota(hard={"count/configmaps": "2"}))
    lab.advance(1)
    lab.create(config_map("a"))
    lab.create(config_map("b"))
    with pytest.raises(errors.Forbidden, match="exceeded quota: q, requested: count/configmaps=1, used: count/con"):
        lab.create(config_map("c"))
    lab.delete("ConfigMap", "a")
    lab.advance(1)
    lab.create(config_map("c"))

    assert {"count/configmaps": "2"} == used(lab)


def test_pods_use_what_they_ask_for(lab):
    """Sums in the units of the limit."""
    lab.create(quota(hard={"pods": "5", "requests.cpu": "2", "requests.memory": "1Gi", "limits.cpu": "4"}))
    for name in ("a", "b"):
        lab.advance(1)
        lab.create(pod(name))
    expected = {"limits.cpu": "2", "pods": "2", "requests.cpu": "1", "requests.memory": "128Mi"}
    at_once = used(lab)
    lab.patch("ResourceQuota", "q", {"spec": {"hard": {"pods": "6"}}})
    lab.advance(1)

    assert expected == at_once
    assert expected == used(lab)


def test_a_finished_pod_uses_nothing(make_lab):
    """Except its place among the objects."""
    lab = make_lab(fate=lambda _: Fate.SUCCEED)
    lab.create(quota(hard={"count/pods": "9", "pods": "9", "requests.cpu": "9"}))
    lab.advance(1)
    lab.create(pod("a", restartPolicy="Never"))
    lab.advance(5)

    assert {"count/pods": "1", "pods": "0", "requests.cpu": "0"} == used(lab)


def test_scopes_choose_pods(lab):
    """A quota for Pods that end counts only those that say when."""
    lab.create(quota(hard={"pods": "5"}, scopes=["Terminating"]))
    lab.advance(1)
    lab.create(pod("a"))
    lab.create(pod("b", activeDeadlineSeconds=600))
    lab.advance(1)

    assert {"pods": "1"} == used(lab)


def test_a_changed_status_is_put_right_in_time(lab):
    """Others may write it; five minutes later it is the controller's again."""
    lab.create(quota(hard={"pods": "5"}))
    lab.advance(1)
    lab.patch("ResourceQuota", "q", {"status": {"used": {"pods": "3"}}}, "status")
    lab.advance(100)
    kept = used(lab)
    lab.advance(300)

    assert ({"pods": "3"}, {"pods": "0"}) == (kept, used(lab))


def test_it_comes_to_rest(lab):
    """Once it is told, nothing is written any more."""
    lab.create(quota(hard={"pods": "5"}))
    lab.advance(1)

    assert lab.resting()
