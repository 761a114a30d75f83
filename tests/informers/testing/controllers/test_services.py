"""Services list the Pods behind them, as slices and as Endpoints, in virtual time."""

import pytest

from informers.testing.controllers.fates import Fate
from informers.testing.controllers.pods import READY_AFTER_ANNOTATION


def pod(name, port=8080, **annotations):
    """Return a Pod with a port called `web`."""
    meta = {"name": name, "labels": {"app": "web"}, "annotations": annotations}
    container = {"name": "c", "image": "nginx", "ports": [{"name": "web", "containerPort": port}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}


def service(name="web", **spec):
    """Return a Service of the port called `web`."""
    ports = [{"name": "http", "port": 80, "targetPort": "web"}]
    wanted = {"selector": {"app": "web"}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": wanted}


def slices(lab, name="web"):
    """Return the slices of a Service."""
    label = "kubernetes.io/service-name"
    return [obj for obj in lab.all("EndpointSlice") if obj["metadata"]["labels"].get(label) == name]


def ends(lab):
    """Return {Pod: (ready, serving, terminating)} of the Service's one slice."""
    (found,) = slices(lab)
    order = ("ready", "serving", "terminating")
    return {e["targetRef"]["name"]: tuple(e["conditions"][name] for name in order) for e in found["endpoints"] or ()}


class TestSlices:
    def test_ready_pods_are_listed(self, lab):
        """With address, node and the number that their port has."""
        lab.create(service())
        lab.create(pod("a"))
        lab.advance(2)
        (found,) = slices(lab)
        (end,) = found["endpoints"]

        assert [{"name": "http", "port": 8080, "protocol": "TCP"}] == found["ports"]
        assert ([lab.status("Pod", "a")["podIP"]], "levelset-node-0") == (end["addresses"], end["nodeName"])
        assert {"a": (True, True, False)} == ends(lab)

    def test_a_service_without_pods_has_an_empty_slice(self, lab):
        """One whose Pods are elsewhere too."""
        lab.create(service(selector={"app": "other"}))
        lab.create(pod("a"))
        lab.advance(2)

        assert {} == ends(lab)

    def test_pods_come_and_go(self, make_lab):
        """Late, unready, leaving and gone."""
        lab = make_lab(fate=lambda p: Fate.NEVER_READY if p["metadata"]["name"] == "b" else None, stop_after=5.0)
        lab.create(service())
        for name in "abc":
            lab.create(pod(name, **({READY_AFTER_ANNOTATION: "4"} if name == "c" else {})))
        lab.advance(2)
        early = ends(lab)
        lab.delete("Pod", "a")
        lab.advance(3)
        late = ends(lab)
        lab.advance(10)

        assert {"a": (True, True, False), "b": (False, False, False)} == early
        assert {"a": (False, True, True), "b": (False, False, False), "c": (True, True, False)} == late
        assert ["b", "c"] == sorted(ends(lab))

    def test_pods_with_other_ports_have_a_slice_of_their_own(self, lab):
        """The port is looked up by name in each Pod."""
        lab.create(service())
        lab.create(pod("a"))
        lab.create(pod("b", port=9090))
        lab.advance(2)

        assert [8080, 9090] == sorted(found["ports"][0]["port"] for found in slices(lab))

    def test_a_slice_holds_a_hundred(self, lab):
        """More make another one."""
        lab.create(service())
        for number in range(120):
            lab.create(pod(f"p{number}"))
        lab.advance(5)

        assert [20, 100] == sorted(len(found["endpoints"]) for found in slices(lab))

    def test_they_go_with_their_service(self, lab):
        """And come back when they alone are deleted."""
        lab.create(service())
        lab.create(pod("a"))
        lab.advance(2)
        lab.delete("EndpointSlice", slices(lab)[0]["metadata"]["name"])
        lab.advance(2)
        again = ends(lab)
        lab.delete("Service", "web")
        lab.advance(2)

        assert ({"a": (True, True, False)}, [], None) == (again, slices(lab), lab.get("Endpoints", "web"))

    @pytest.mark.parametrize("spec", [{"selector": None}, {"type": "ExternalName", "externalName": "x.example"}])
    def test_others_are_left_to_their_users(self, lab, spec):
        """Without a selector, or with a name elsewhere."""
        lab.create(service(**spec))
        lab.create(pod("a"))
        lab.advance(2)

        assert ([], None) == (slices(lab), lab.get("Endpoints", "web"))


class TestEndpoints:
    def test_ready_and_unready_are_told_apart(self, make_lab):
        """In one subset with the port."""
        lab = make_lab(fate=lambda p: Fate.NEVER_READY if p["metadata"]["name"] == "b" else None)
        lab.create(service())
        lab.create(pod("a"))
        lab.create(pod("b"))
        lab.advance(2)
        (subset,) = lab.get("Endpoints", "web")["subsets"]
        names = [[each["targetRef"]["name"] for each in subset[part]] for part in ("addresses", "notReadyAddresses")]

        assert [["a"], ["b"]] == names
        assert [{"name": "http", "port": 8080, "protocol": "TCP"}] == subset["ports"]

    def test_unready_pods_may_be_published(self, make_lab):
        """As peers that must find each other before they are ready want it."""
        lab = make_lab(fate=lambda _: Fate.NEVER_READY)
        lab.create(service(clusterIP="None", publishNotReadyAddresses=True))
        lab.create(pod("a"))
        lab.advance(2)
        labels = lab.get("Endpoints", "web")["metadata"]["labels"]

        assert {"a": (True, False, False)} == ends(lab)
        assert ["addresses", "ports"] == sorted(lab.get("Endpoints", "web")["subsets"][0])
        assert "service.kubernetes.io/headless" in labels


def test_it_comes_to_rest(lab):
    """Once everything is listed, nothing is written any more."""
    lab.create(service())
    lab.create(service("all", clusterIP="None", ports=None))
    lab.create(pod("a"))
    lab.advance(5)

    assert lab.resting()
