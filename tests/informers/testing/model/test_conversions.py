"""CRDs of several versions whose objects a webhook converts."""

import pytest

from informers.api.errors import ApiError, OutcomeUnknown
from informers.api.objects import GroupVersionKind
from informers.testing import ClusterOptions, FakeCluster
from informers.testing.admitting.calls import Unreachable, Webhooks

V1, V2 = (GroupVersionKind("x.test", version, "Host") for version in ("v1", "v2"))
SCHEMA = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def crd():
    """Return a CRD that stores v1 and serves v2, too."""
    names = {"plural": "hosts", "kind": "Host", "singular": "host", "listKind": "HostList"}
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": SCHEMA}}
        for name in ("v1", "v2")
    ]
    where = {"service": {"namespace": "default", "name": "converter", "path": "/convert"}}
    webhook = {"clientConfig": where, "conversionReviewVersions": ["v1"]}
    spec = {"group": "x.test", "scope": "Namespaced", "names": names, "versions": versions}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "hosts.x.test"},
        "spec": {**spec, "conversion": {"strategy": "Webhook", "webhook": webhook}},
    }


def other(obj, version):
    """Return a Host in another version: v1 has `hostPort`, v2 `host` and `port`."""
    obj = {**obj, "apiVersion": version}
    if version == "x.test/v2":
        host, _, port = obj.pop("hostPort").partition(":")
        return {**obj, "host": host, "port": port}
    return {**obj, "hostPort": f"{obj.pop('host')}:{obj.pop('port')}"}


def convert(call):
    """Answer a ConversionReview."""
    request = call.body["request"]
    done = [other(obj, request["desiredAPIVersion"]) for obj in request["objects"]]
    response = {"uid": request["uid"], "result": {"status": "Success"}, "convertedObjects": done}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "response": response}


def world(answer=convert):
    """Return (client, calls) of a cluster with the CRD."""
    calls = []

    def post(call):
        calls.append(call)
        return answer(call)

    options = ClusterOptions(webhooks=Webhooks(answer=post))
    return FakeCluster([crd()], controllers=False, options=options).client(), calls


def host(name, version, **fields):
    """Return a Host."""
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": f"x.test/{version}", "kind": "Host", "metadata": meta, **fields}


def test_objects_are_read_and_written_in_both_versions():
    """Whichever version is stored."""
    client, _ = world()
    client.create(host("a", "v1", hostPort="x:1"))
    client.create(host("b", "v2", host="y", port="2"))

    assert ("x", "1") == tuple(client.get(V2, "default/a")[name] for name in ("host", "port"))
    assert "y:2" == client.get(V1, "default/b")["hostPort"]


def test_a_list_is_converted_in_one_call():
    """And what is known already is not asked for again."""
    client, calls = world()
    for name in "abc":
        client.create(host(name, "v1", hostPort=f"{name}:1"))
    first = [obj["host"] for obj in client.list(V2)]
    second = [obj["host"] for obj in client.list(V2)]

    assert ["a", "b", "c"] == first == second
    assert [3] == [len(call.body["request"]["objects"]) for call in calls]


def test_updates_patches_and_deletions_in_the_other_version():
    """Each is converted there and back."""
    client, _ = world()
    created = client.create(host("a", "v1", hostPort="x:1"))
    client.update({**client.get(V2, "default/a"), "port": "9"})
    assert "x:9" == client.get(V1, "default/a")["hostPort"]

    client.delete(V2, "default/a")
    assert [] == list(client.list(V1))
    assert created


def test_a_webhook_that_fails_is_named():
    """The error is the server's, and says which kind in which version it was about."""

    def fail(call):
        raise Unreachable("EOF")

    client, _ = world(fail)
    client.create(host("a", "v1", hostPort="x:1"))
    with pytest.raises(ApiError, match=r"conversion webhook for x.test/v1, Kind=Host failed: EOF"):
        client.get(V2, "default/a")


def test_a_webhook_may_not_rename():
    """Name, namespace and uid stay."""

    def rename(call):
        answer = convert(call)
        for obj in answer["response"]["convertedObjects"]:
            obj["metadata"] = {**obj["metadata"], "name": "other"}
        return answer

    client, _ = world(rename)
    with pytest.raises((ApiError, OutcomeUnknown), match="must have the same name: a != other"):
        client.create(host("a", "v2", host="x", port="1"))
