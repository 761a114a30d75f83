"""How built-in objects are read and filled in: what a real API server made of them."""

import copy

import pytest

from informers.api.errors import BadRequest
from informers.api.objects import GroupVersionKind
from informers.testing.kinds.defaults import decode_builtin, default_builtin, settle_builtin
from informers.testing.schema.admission import prune
from informers.testing.schema.schemas import builtin

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
SERVER_METADATA = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "namespace", "name")
SERVER_ADDS = {"PersistentVolume": "finalizers", "PersistentVolumeClaim": "finalizers"}
SERVER_SPEC = (
    "clusterIP",
    "clusterIPs",
    "ipFamilies",
    "ipFamilyPolicy",
    "tolerations",
    "priority",
    "preemptionPolicy",
    "taints",
)


def filled_in(obj):
    """An object, read, without unknown fields, defaulted, and as it is kept."""
    obj = copy.deepcopy(obj)
    gvk = GroupVersionKind.of(obj)
    decode_builtin(gvk, obj)
    prune(obj, builtin(gvk))
    default_builtin(gvk, obj)
    settle_builtin(gvk, obj)
    return obj


KINDS = {
    "configmaps": "ConfigMap",
    "events": "Event",
    "limitranges": "LimitRange",
    "pods": "Pod",
    "secrets": "Secret",
    "services": "Service",
    "deployments": "Deployment",
    "jobs": "Job",
    "leases": "Lease",
    "roles": "Role",
}


def kind_at(path):
    """The kind of a collection's path."""
    *version, _, _, plural = path.split("/")[2:]
    return GroupVersionKind.parse("/".join(version), KINDS[plural])


def own(obj):
    """An object without what the server decides beyond defaults: addresses, finalizers, status, a Job's selector."""
    obj = copy.deepcopy(obj)
    spec = obj.get("spec", {})
    for name in (*SERVER_METADATA, SERVER_ADDS.get(obj["kind"])):
        obj["metadata"].pop(name, None)
    for name in SERVER_SPEC:
        spec.pop(name, None)
    for port in spec.get("ports") or ():
        port.pop("nodePort", None)
    obj.pop("status", None)
    if obj["kind"] == "Job":
        for part in (spec["template"]["metadata"], obj["metadata"]):
            part.pop("labels", None)
        spec.pop("selector", None)
    if obj["kind"] == "Namespace":
        del obj["spec"]
    return obj


def deployment(**container):
    """A Deployment of one container."""
    spec = {"containers": [{"name": "c", "image": "nginx", **container}]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}


def test_objects_are_filled_in_as_by_the_server(recorded):
    """Every accepted object of every kind comes out as the server answered it."""
    accepted = [exchange for exchange in recorded("creates") if exchange["code"] == 201]
    different = [
        exchange["body"] for exchange in accepted if own(filled_in(exchange["body"])) != own(exchange["answer"])
    ]

    assert [] == different


def test_odd_values_are_read_as_by_the_server(recorded):
    """Fields of a wrong JSON type, numbers that do not fit, quantities in any form: Go's result, or its sentence."""
    different = []
    for exchange in recorded("decoding"):
        answer, gvk = exchange["answer"], kind_at(exchange["path"])
        wanted = answer["message"] if exchange["code"] == 400 else own(answer) if exchange["code"] == 201 else None
        try:
            ours = own(filled_in({**exchange["body"], "apiVersion": gvk.api_version, "kind": gvk.kind}))
        except BadRequest as error:
            ours = error.message
        if wanted not in (None, ours):
            different.append((exchange["body"], wanted, ours))

    assert [] == different


def test_what_was_read_is_read_again_unchanged(recorded):
    """The form of an answer is the form that reading gives."""
    answers = [exchange["answer"] for exchange in recorded("creates") if exchange["code"] == 201]
    different = []
    for answer in answers:
        again = copy.deepcopy(answer)
        decode_builtin(GroupVersionKind.of(answer), again)
        if answer != again:
            different.append((answer, again))

    assert [] == different


def test_defaults_depend_on_what_is_there():
    """A probe and a port have their own."""
    probe = {"httpGet": {"port": 8080}}
    obj = filled_in(deployment(livenessProbe=probe, ports=[{"containerPort": 80}]))
    container = obj["spec"]["template"]["spec"]["containers"][0]

    assert [{"containerPort": 80, "protocol": "TCP"}] == container["ports"]
    assert {"path": "/", "port": 8080, "scheme": "HTTP"} == container["livenessProbe"]["httpGet"]
    assert (1, 10, 1, 3) == tuple(
        container["livenessProbe"][name]
        for name in ("timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    )


def test_requests_come_from_limits_in_pods_alone():
    """A pod asks for what it may use at most; a template does not say so, for its pods will."""
    limits = {"limits": {"cpu": "1000m"}}
    template = deployment(resources=limits)["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {"name": "p"}}

    assert {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}} == filled_in(pod)["spec"]["containers"][0]["resources"]
    assert {"limits": {"cpu": "1"}} == (
        filled_in(deployment(resources=limits))["spec"]["template"]["spec"]["containers"][0]["resources"]
    )


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("host:5000/nginx", "Always"),
        ("nginx@sha256:" + "0" * 64, "IfNotPresent"),
    ],
)
def test_the_pull_policy_goes_by_the_tag(image, policy):
    """No tag is `latest`; a port is no tag; a digest is fixed."""
    container = filled_in(deployment(image=image))["spec"]["template"]["spec"]["containers"][0]

    assert policy == container["imagePullPolicy"]


def test_nulls_and_empty_values_go():
    """What Go omits when empty is not written back, whoever sends it; what it always writes appears."""
    obj = deployment(command=[], env=None, workingDir="")
    obj["metadata"].update(labels={}, annotations=None)
    decode_builtin(DEPLOYMENT, obj)

    assert {"name": "d"} == obj["metadata"]
    assert {"name": "c", "image": "nginx", "resources": {}} == obj["spec"]["template"]["spec"]["containers"][0]
    assert {} == obj["status"]


def test_a_wrong_type_names_the_field():
    """The sentence is that of Go's decoder, with the structs on the way."""
    obj = deployment()
    obj["spec"]["replicas"] = "3"
    text = (
        'Deployment in version "v1" cannot be handled as a Deployment: '
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    )
    with pytest.raises(BadRequest) as caught:
        decode_builtin(DEPLOYMENT, obj)

    assert text == caught.value.message


def test_an_unknown_kind_is_left_alone():
    """What is no built-in kind is neither read nor filled in."""
    obj = {"apiVersion": "example.com/v1", "kind": "X", "metadata": {"labels": None}, "spec": {"a": None}}

    assert obj == filled_in_unknown(obj)


def filled_in_unknown(obj):
    """A custom resource, sent through the same steps."""
    obj = copy.deepcopy(obj)
    decode_builtin(GroupVersionKind.of(obj), obj)
    default_builtin(GroupVersionKind.of(obj), obj)
    return obj


@pytest.mark.parametrize(("given", "replicas"), [({"replicas": 0}, 0), ({}, 1)])
def test_a_zero_that_was_asked_for_is_no_default(given, replicas):
    """A controller of no replicas stays without any; one that does not say how many gets one."""
    controller = {"metadata": {}, "spec": {**given, "selector": {"a": "b"}, "template": {"metadata": {}, "spec": {}}}}
    gvk = GroupVersionKind("", "v1", "ReplicationController")
    decode_builtin(gvk, controller)
    default_builtin(gvk, controller)

    assert replicas == controller["spec"]["replicas"]


def test_an_empty_list_is_told_from_a_missing_one_until_it_is_kept():
    """Where a list is always written: owners and sentences see the difference, and nobody who reads it later does."""
    gvk = GroupVersionKind("rbac.authorization.k8s.io", "v1", "Role")
    role = {"metadata": {}, "rules": []}
    decode_builtin(gvk, role)

    assert [] == role["rules"]

    settle_builtin(gvk, role)

    assert role["rules"] is None
