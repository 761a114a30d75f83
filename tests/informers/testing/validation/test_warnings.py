"""What is taken and warned of, in the words of a real API server."""

import pytest

from informers.api.objects import GroupVersionKind
from informers.testing.validation.warnings import warnings_of

CORE, NS = "/api/v1/namespaces/default", "namespaces/default"
OWNER = {"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "u1"}
MERGE = "application/merge-patch+json"


def container(name="c", **more):
    """Return a container."""
    return {"name": name, "image": "i", **more}


def pod(**spec):
    """Return a Pod."""
    return {"metadata": {"name": "p"}, "spec": {"containers": [container()], **spec}}


def port(number, **more):
    """Return a container's port."""
    return {"containerPort": number, **more}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        (
            {"containers": [container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])]},
            ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
        ),
        (
            {"containers": [container(ports=[port(80), port(80), port(80, hostPort=8), port(80, protocol="UDP")])]},
            [
                "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
                "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]",
                "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]",
            ],
        ),
        (
            {
                "containers": [
                    container(ports=[port(80, name="x")]),
                    container("d", ports=[port(80, name="x", hostPort=8, hostIP="10.0.0.1")]),
                ]
            },
            [
                "spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[0]",
                'spec.containers[1].ports[0]: duplicate port name "x" with spec.containers[0].ports[0], services and '
                "probes that select ports by name will use spec.containers[0].ports[0]",
            ],
        ),
        (
            {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
            ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
        ),
        (
            {"imagePullSecrets": [{"name": ""}, {}]},
            [
                'spec.imagePullSecrets[1].name: duplicate name ""',
                'spec.imagePullSecrets[0].name: invalid empty name ""',
                'spec.imagePullSecrets[1].name: invalid empty name ""',
            ],
        ),
        (
            {"containers": [container(resources={"limits": {"memory": "1100m"}, "requests": {"memory": "1"}})]},
            [
                'spec.containers[0].resources.limits[memory]: fractional byte value "1100m" is invalid, '
                "must be an integer"
            ],
        ),
        (
            {"volumes": [{"name": "v", "gitRepo": {"repository": "x"}}]},
            ["spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"],
        ),
    ],
)
def test_pods(ask, spec, expected):
    """What hides something else, what is deprecated, what makes no sense."""
    code, _, warnings = ask("POST", f"{CORE}/pods", pod(**spec))

    assert (201, expected) == (code, warnings)


def test_templates_are_looked_at_when_they_change(ask):
    """The path leads through the template; a write that leaves it alone warns of nothing."""
    twice = container(env=[{"name": "A"}, {"name": "A"}])
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [twice]}}
    workload = {"metadata": {"name": "w"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    base = f"/apis/apps/v1/{NS}/deployments"
    made = ask("POST", base, workload)[2]
    labelled = ask("PATCH", f"{base}/w", {"metadata": {"labels": {"x": "y"}}}, MERGE)[2]
    changed = ask("PATCH", f"{base}/w", {"spec": {"template": {"metadata": {"labels": {"c": "d"}}}}}, MERGE)[2]
    hidden = 'hides previous definition of "A", which may be dropped when using apply'
    said = f"spec.template.spec.containers[0].env[1]: {hidden}"

    assert ([said], [], [said]) == (made, labelled, changed)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            f"{CORE}/services",
            {"spec": {"ports": [{"port": 80}], "externalIPs": ["1.2.3.4"]}},
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        ),
        (
            f"/apis/networking.k8s.io/v1/{NS}/ingresses",
            {
                "metadata": {"annotations": {"kubernetes.io/ingress.class": "x"}},
                "spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}},
            },
            "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
        ),
        (
            f"{CORE}/secrets",
            {"type": "kubernetes.io/tls", "data": {"tls.crt": "eA==", "tls.key": "eA=="}},
            "tls: failed to find any PEM data in certificate input",
        ),
        (
            "/api/v1/persistentvolumes",
            {
                "spec": {
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "hostPath": {"path": "/x"},
                    "persistentVolumeReclaimPolicy": "Recycle",
                }
            },
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended "
            "approach is to use dynamic provisioning.",
        ),
    ],
)
def test_other_kinds(ask, path, body, expected):
    """One sentence each."""
    code, _, warnings = ask("POST", path, {**body, "metadata": {"name": "a", **body.get("metadata", {})}})

    assert (201, [expected]) == (code, warnings)


def test_an_owner_that_is_named_twice_counts_once(ask):
    """Whichever way it is written."""
    owned = {"metadata": {"name": "a", "ownerReferences": [OWNER, OWNER]}}
    told = (
        "; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your "
        "requests; duplicate UID(s) observed: u1"
    )
    _, made, first = ask("POST", f"{CORE}/configmaps", owned)
    _, patched, second = ask("PATCH", f"{CORE}/configmaps/a", owned, MERGE)

    assert [OWNER] == made["metadata"]["ownerReferences"] == patched["metadata"]["ownerReferences"]
    assert [f".metadata.ownerReferences contains duplicate entries{told}"] == first
    assert [f".metadata.ownerReferences contains duplicate entries after mutating admission happens{told}"] == second


def crd(*fields):
    """A CRD with fields of these schemas."""
    schema = {"type": "object", "properties": {f"f{index}": field for index, field in enumerate(fields)}}
    return {"metadata": {}, "spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}}


CRD = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


@pytest.mark.parametrize(
    ("kind", "form", "warned"),
    [
        ("string", "date-time", False),
        ("string", "odd", True),
        ("integer", "int32", False),
        ("number", "int32", True),
        ("boolean", "byte", True),
    ],
)
def test_formats_that_nobody_looks_at(kind, form, warned):
    """Each type has its own; a list is looked into."""
    field = {"type": kind, "format": form}
    expected = [f'unrecognized format "{form}"'] * warned

    assert expected == warnings_of(CRD, crd(field), None)
    assert expected == warnings_of(CRD, crd({"type": "array", "items": field}), None)


def test_a_format_is_told_of_once():
    """What was there before is not new."""
    old, odd = {"type": "string", "format": "old"}, {"type": "string", "format": "odd"}

    assert ['unrecognized format "odd"'] == warnings_of(CRD, crd(old, odd), crd(old))
