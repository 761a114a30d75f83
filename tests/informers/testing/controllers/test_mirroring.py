"""Endpoints that users write appear as slices, in virtual time."""

import pytest

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"


def service(**spec):
    """Return a Service without a selector."""
    wanted = {"ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": wanted}


def endpoints(*addresses, port=8080, **meta):
    """Return Endpoints of the Service."""
    subset = {"addresses": [{"ip": ip} for ip in addresses], "ports": [{"name": "http", "port": port}]}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "web", **meta}, "subsets": [subset]}


def mirrored(lab):
    """Return the slices that mirror something."""
    ours = "endpointslicemirroring-controller.k8s.io"
    return [found for found in lab.all("EndpointSlice") if found["metadata"]["labels"].get(MANAGED_BY) == ours]


def test_addresses_and_ports_are_mirrored(lab):
    """Labels and owner say whose they are."""
    lab.create(service())
    lab.create(endpoints("10.0.0.1", labels={"a": "b"}))
    lab.advance(1)
    (found,) = mirrored(lab)

    assert ["10.0.0.1"] == found["endpoints"][0]["addresses"]
    assert {"ready": True} == found["endpoints"][0]["conditions"]
    assert [{"name": "http", "port": 8080, "protocol": "TCP"}] == found["ports"]
    assert {"a": "b", "kubernetes.io/service-name": "web"}.items() <= found["metadata"]["labels"].items()
    assert "Endpoints" == found["metadata"]["ownerReferences"][0]["kind"]


def test_families_have_slices_of_their_own(lab):
    """An address of the other family, and one that is listed as ready and as not ready: it counts as ready."""
    lab.create(service())
    wanted = endpoints("10.0.0.1", "fd00::1")
    wanted["subsets"][0]["notReadyAddresses"] = [{"ip": "10.0.0.2"}]
    lab.create(wanted)
    lab.advance(1)
    found = {each["addressType"]: [e["conditions"]["ready"] for e in each["endpoints"]] for each in mirrored(lab)}

    assert {"IPv4": [True, False], "IPv6": [True]} == found


def test_changes_are_followed_in_the_same_slice(lab):
    """And the slice goes with the Endpoints."""
    lab.create(service())
    lab.create(endpoints("10.0.0.1"))
    lab.advance(1)
    (before,) = mirrored(lab)
    lab.patch("Endpoints", "web", {"subsets": endpoints("10.0.0.9", port=81)["subsets"]})
    lab.advance(1)
    (after,) = mirrored(lab)
    lab.delete("Endpoints", "web")
    lab.advance(1)

    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    assert (["10.0.0.9"], 81) == (after["endpoints"][0]["addresses"], after["ports"][0]["port"])
    assert [] == mirrored(lab)


@pytest.mark.parametrize(
    ("spec", "meta"),
    [
        ({"selector": {"app": "web"}}, {}),
        ({}, {"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}),
        ({}, {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}),
    ],
)
def test_what_is_not_mirrored(lab, spec, meta):
    """Services that select Pods, and Endpoints that say so or only elect a leader."""
    lab.create(endpoints("10.0.0.1", **meta))
    lab.create(service(**spec))
    lab.advance(1)

    assert [] == mirrored(lab)


def test_it_comes_to_rest(lab):
    """Once mirrored, nothing is written any more."""
    lab.create(service())
    lab.create(endpoints("10.0.0.1"))
    lab.advance(1)

    assert lab.resting()
