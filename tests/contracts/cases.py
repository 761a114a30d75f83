"""What every face must do alike: cases of a few requests each, written down as data.

A path is short for a collection in the case's own namespace (`cm/a` is a ConfigMap), or absolute. `$rv`, `$uid` and
`$continue` stand for what the last answer with metadata said; `$ns` for the namespace. Kinds are chosen so that no
controller touches them, which keeps answers equal on a real control plane.
"""

from typing import NamedTuple

GROUP = "contracts.levelset.example"
PATHS = {
    "cm": "/api/v1/namespaces/$ns/configmaps",
    "svc": "/api/v1/namespaces/$ns/services",
    "pod": "/api/v1/namespaces/$ns/pods",
    "sec": "/api/v1/namespaces/$ns/secrets",
    "sa": "/api/v1/namespaces/$ns/serviceaccounts",
    "pt": "/api/v1/namespaces/$ns/podtemplates",
    "lr": "/api/v1/namespaces/$ns/limitranges",
    "dep": "/apis/apps/v1/namespaces/$ns/deployments",
    "cron": "/apis/batch/v1/namespaces/$ns/cronjobs",
    "job": "/apis/batch/v1/namespaces/$ns/jobs",
    "lease": "/apis/coordination.k8s.io/v1/namespaces/$ns/leases",
    "ing": "/apis/networking.k8s.io/v1/namespaces/$ns/ingresses",
    "np": "/apis/networking.k8s.io/v1/namespaces/$ns/networkpolicies",
    "pdb": "/apis/policy/v1/namespaces/$ns/poddisruptionbudgets",
    "role": "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/roles",
    "rb": "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/rolebindings",
    "w": f"/apis/{GROUP}/v1/namespaces/$ns/widgets",
    "crd": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ns": "/api/v1/namespaces",
    "pc": "/apis/scheduling.k8s.io/v1/priorityclasses",
    "vwc": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "vap": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"


class Step(NamedTuple):
    """One request."""

    method: str
    path: str
    body: object = None
    query: dict = {}  # noqa: RUF012 - a tuple's default, never changed
    type: str = "application/json"
    accept: str = "application/json"


class Case(NamedTuple):
    """Requests in order, in a namespace of their own."""

    area: str
    name: str
    steps: list


def _path(short):
    head, _, tail = short.partition("/")
    return short if not head else PATHS[head] + (f"/{tail}" if tail else "")


def get(path, accept="application/json", **query):
    """Read."""
    return Step("GET", _path(path), query=query, accept=accept)


def post(path, body, **query):
    """Create."""
    return Step("POST", _path(path), body, query)


def put(path, body, **query):
    """Replace."""
    return Step("PUT", _path(path), body, query)


def delete(path, body=None, **query):
    """Delete."""
    return Step("DELETE", _path(path), body, query)


def _patch(kind):
    def patch(path, body, **query):
        return Step("PATCH", _path(path), body, query, f"application/{kind}")

    return patch


merge, strategic = _patch("merge-patch+json"), _patch("strategic-merge-patch+json")
jsonpatch, apply = _patch("json-patch+json"), _patch("apply-patch+yaml")


def o(name, **rest):
    """Return an object of a name."""
    meta = rest.pop("meta", {})
    return {"metadata": {"name": name, **meta}, **rest}


def cm(name, **rest):
    """Return a ConfigMap with kind, as apply wants it."""
    return {"apiVersion": "v1", "kind": "ConfigMap", **o(name, **rest)}


def w(name, /, **spec):
    """Return a custom resource."""
    return {"apiVersion": f"{GROUP}/v1", "kind": "Widget", **o(name, spec=spec)}


def pod(**spec):
    """Return the spec of a Pod that nobody schedules."""
    fixed = {"serviceAccountName": "sa", "automountServiceAccountToken": False, "schedulerName": "nobody"}
    return {"containers": [{"name": "c", "image": "i"}], **fixed, **spec}


def template(*containers, **spec):
    """Return a PodTemplate with kind."""
    inner = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": list(containers), **spec}}
    return {"apiVersion": "v1", "kind": "PodTemplate", **o("t", template=inner)}


def c(name, **rest):
    """Return a container."""
    return {"name": name, "image": "i", **rest}


SPEC = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast"},
        "name": {"type": "string", "maxLength": 5, "pattern": "^[a-z]*$"},
        "port": {"x-kubernetes-int-or-string": True},
        "when": {"type": "string", "format": "date-time"},
        "maybe": {"type": "string", "nullable": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "parts": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["id"],
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "n": {"type": "integer", "default": 3}},
            },
        },
        "fixed": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "is fixed"}]},
    },
    "x-kubernetes-validations": [{"rule": "!has(self.name) || self.size > 1", "message": "a name needs a size of two"}],
}
STATUS = {
    "type": "object",
    "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}, "note": {"type": "string"}},
}
SCHEMA = {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}


def crd(plural="widgets", kind="Widget", schema=SCHEMA, **version):
    """Return a CRD."""
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "shortNames": [f"{plural[:3]}z"]}
    one = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **version}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [one]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        **o(f"{plural}.{GROUP}", spec=spec),
    }


WIDGETS = crd(
    subresources={
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.size",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        },
    },
    additionalPrinterColumns=[{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    selectableFields=[{"jsonPath": ".spec.mode"}],
)
DRY = {"dryRun": "All"}
LONG = "x" * 300
SA = post("sa", o("sa"))

CASES = [
    # --- storage ---
    Case(
        "storage", "create-read-delete", [post("cm", o("a", data={"k": "v"})), get("cm/a"), delete("cm/a"), get("cm/a")]
    ),
    Case("storage", "exists", [post("cm", o("a")), post("cm", o("a"))]),
    Case(
        "storage", "generate-name", [post("cm", {"metadata": {"generateName": "gen-"}}), post("cm", {"metadata": {}})]
    ),
    Case(
        "storage", "names", [post("cm", o(n)) for n in ("A", "a_b", "-a", "a.b", LONG, "..")] + [post("svc", o("9a"))]
    ),
    Case(
        "storage",
        "labels",
        [
            post("cm", o("a", meta={"labels": bad}))
            for bad in ({"a b": "c"}, {"a": "b c"}, {"x/": "v"}, {"a": "y" * 70})
        ],
    ),
    Case(
        "storage",
        "annotations",
        [post("cm", o("a", meta={"annotations": a})) for a in ({"A b": ""}, {"ok": "x" * 10}, {"big": "x" * 262200})],
    ),
    Case(
        "storage",
        "locking",
        [
            post("cm", o("a")),
            put("cm/a", o("a", meta={"resourceVersion": "$rv"}, data={"a": "1"})),
            put("cm/a", o("a", meta={"resourceVersion": "1"})),
        ],
    ),
    Case(
        "storage",
        "unconditional",
        [
            post("cm", o("a")),
            put("cm/a", o("a", data={"x": "y"})),
            post("w", w("a", size=1)),
            put("w/a", w("a", size=2)),
        ],
    ),
    Case(
        "storage",
        "uid-precondition",
        [
            post("cm", o("a")),
            put("cm/a", o("a", meta={"uid": "wrong"})),
            delete("cm/a", {"preconditions": {"uid": "wrong"}}),
            delete("cm/a", {"preconditions": {"uid": "$uid"}}),
        ],
    ),
    Case(
        "storage",
        "rv-precondition",
        [
            post("cm", o("a")),
            delete("cm/a", {"preconditions": {"resourceVersion": "1"}}),
            delete("cm/a", {"preconditions": {"resourceVersion": "$rv"}}),
        ],
    ),
    Case(
        "storage",
        "namespace-mismatch",
        [
            post("cm", o("a", meta={"namespace": "other"})),
            post("cm", o("a")),
            put("cm/a", o("b")),
            put("cm/a", o("a", meta={"namespace": "other"})),
        ],
    ),
    Case(
        "storage",
        "dry-run",
        [
            post("cm", o("a"), **DRY),
            get("cm/a"),
            post("cm", o("a")),
            put("cm/a", o("a", data={"k": "v"}), **DRY),
            delete("cm/a", **DRY),
            get("cm/a"),
            post("cm", o("b"), dryRun="Some"),
        ],
    ),
    Case("storage", "no-op", [post("cm", o("a")), put("cm/a", o("a")), merge("cm/a", {}), put("cm/b", o("b"))]),
    Case(
        "storage",
        "generation",
        [
            post("w", w("a", size=1)),
            merge("w/a", {"metadata": {"labels": {"l": "1"}}}),
            merge("w/a", {"spec": {"size": 2}}),
            merge("w/a/status", {"status": {"note": "n"}}),
        ],
    ),
    Case(
        "storage",
        "immutable",
        [
            post("cm", o("a", immutable=True, data={"k": "v"})),
            merge("cm/a", {"data": {"k": "w"}}),
            merge("cm/a", {"immutable": None}),
        ],
    ),
    Case(
        "storage",
        "absent-namespace",
        [
            post("/api/v1/namespaces/nowhere-at-all/configmaps", o("a")),
            get("/api/v1/namespaces/nowhere-at-all/configmaps"),
        ],
    ),
    Case(
        "storage",
        "system-metadata",
        [
            post(
                "cm",
                o(
                    "a",
                    meta={"uid": "u", "creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7, "selfLink": "x"},
                ),
            ),
            post("cm", o("b", meta={"resourceVersion": "5"})),
            post("cm", o("c", meta={"deletionTimestamp": "2001-01-01T00:00:00Z"})),
        ],
    ),
    Case(
        "storage",
        "owner-references",
        [
            post("cm", o("a", meta={"ownerReferences": r}))
            for r in (
                [{}],
                [{"apiVersion": "v1", "kind": "X", "name": "n", "uid": "1", "controller": True}] * 2,
                [{"apiVersion": "v1", "kind": "Event", "name": "n", "uid": "1"}],
            )
        ],
    ),
    # --- reads ---
    Case(
        "reads",
        "labels",
        [post("cm", o(n, meta={"labels": {"l": n}})) for n in "ab"]
        + [
            get("cm", labelSelector=s)
            for s in ("l=a", "l in (a,b)", "l!=a,l", "!l,zz", "l=,", "l in a", "l=a b", "l notin (a),l")
        ],
    ),
    Case(
        "reads",
        "fields",
        [post("sec", o("a", type="t/x"))]
        + [
            get("sec", fieldSelector=s)
            for s in ("type=t/x", "metadata.name=a", "metadata.name!=a", "nope=1", "type", "metadata.namespace=$ns")
        ],
    ),
    Case(
        "reads",
        "custom-fields",
        [post("w", w("a", size=1)), post("w", w("b", size=1, mode="slow"))]
        + [get("w", fieldSelector=s) for s in ("spec.mode=slow", "spec.size=1")],
    ),
    Case(
        "reads",
        "pages",
        [post("cm", o(n, meta={"labels": {"p": "1"}})) for n in "abc"]
        + [
            get("cm", limit="2", labelSelector="p"),
            get("cm", limit="2", **{"continue": "$continue", "labelSelector": "p"}),
            get("cm", **{"limit": "1", "continue": "garbage"}),
            get("cm", limit="-1", labelSelector="p"),
            get("cm", limit="x"),
        ],
    ),
    Case(
        "reads",
        "versions",
        [post("sec", o("a"))]
        + [
            get("sec", **q)
            for q in (
                {"resourceVersion": "0"},
                {"resourceVersion": "x"},
                {"resourceVersionMatch": "Exact"},
                {"resourceVersion": "0", "resourceVersionMatch": "Exact"},
                {"resourceVersion": "$rv", "resourceVersionMatch": "Exact"},
                {"resourceVersion": "$rv", "resourceVersionMatch": "NotOlderThan"},
                {"resourceVersion": "5", "resourceVersionMatch": "Odd"},
            )
        ],
    ),
    Case(
        "reads",
        "missing",
        [
            get("cm/none"),
            get("cm/none", resourceVersion="0"),
            get("/api/v1/nope"),
            get("/apis/nope.example/v1/things"),
            get("/apis/apps/v9/deployments"),
            get("/nope"),
        ],
    ),
    Case(
        "reads",
        "watch-refusals",
        [
            get("sec", watch="1", **q)
            for q in (
                {"resourceVersion": "x"},
                {"sendInitialEvents": "true"},
                {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
                {"labelSelector": "l=,,"},
                {"fieldSelector": "no=1"},
            )
        ],
    ),
    Case(
        "reads",
        "watch-ends",
        [post("sec", o("a")), get("sec", watch="1", timeoutSeconds="1", fieldSelector="metadata.name=a")],
    ),
    Case(
        "reads",
        "metadata-only",
        [
            post("sec", o("a", meta={"labels": {"x": "y"}})),
            get("sec/a", PARTIAL),
            get("sec", PARTIAL.replace("Metadata", "MetadataList"), labelSelector="x"),
        ],
    ),
    # --- writes ---
    Case(
        "writes",
        "unknown-fields",
        [
            post("cm", o("a", typo=1, data={"k": "v"}), **DRY, fieldValidation=v)
            for v in ("Strict", "Warn", "Ignore", "Odd")
        ],
    ),
    Case(
        "writes",
        "wrong-types",
        [
            post("cm", o("a", data={"k": 1})),
            post("cm", o("a", data=[])),
            post("svc", o("a", spec={"ports": [{"port": "x"}]})),
            post("cm", [1]),
            post("cm", "text"),
            post("cm", {"kind": "Pod", "metadata": {"name": "a"}}),
            post("cm", {"apiVersion": "v2", "kind": "ConfigMap"}),
        ],
    ),
    Case(
        "writes",
        "kinds-in-body",
        [
            post("dep", {"apiVersion": "apps/v2", "kind": "Deployment", "metadata": {"name": "a"}}),
            post("w", {"apiVersion": f"{GROUP}/v2", "kind": "Widget", "metadata": {"name": "a"}}),
            post("w", {"metadata": {"name": "a"}}),
        ],
    ),
    Case(
        "writes",
        "methods",
        [
            put("cm", o("a")),
            Step("POST", PATHS["cm"] + "/a", o("a")),
            Step("PATCH", PATHS["cm"], {}),
            get("cm/a/status"),
            Step("PUT", "/version", {}),
            Step("DELETE", "/api/v1/nodes/none/status"),
        ],
    ),
    Case(
        "writes",
        "content-types",
        [
            Step("POST", PATHS["cm"], o("a"), {}, "text/plain"),
            Step("PATCH", PATHS["cm"] + "/a", {}, {}, "application/json"),
            Step("PATCH", PATHS["cm"] + "/a", {}, {}, "application/strange"),
            get("cm", "text/html"),
            get("cm/none", "application/xml"),
        ],
    ),
    Case(
        "writes",
        "service-validation",
        [
            post("svc", o("a", spec=s))
            for s in (
                {},
                {"ports": [{}]},
                {"ports": [{"port": 0}]},
                {"ports": [{"port": 1}, {"port": 2}]},
                {"ports": [{"port": 80, "protocol": "X"}]},
                {"type": "Odd", "ports": [{"port": 1}]},
                {"type": "ExternalName"},
            )
        ],
    ),
    Case(
        "writes",
        "pod-validation",
        [SA]
        + [
            post("pod", o("a", spec=s))
            for s in (
                {},
                {"containers": []},
                pod(containers=[{}]),
                pod(containers=[c("A")]),
                pod(containers=[c("a"), c("a")]),
                pod(restartPolicy="Odd"),
                pod(volumes=[{"name": "v"}] * 2),
                pod(containers=[c("a", volumeMounts=[{"name": "x", "mountPath": "/x"}])]),
                pod(containers=[c("a", resources={"requests": {"cpu": "x"}})]),
                pod(containers=[c("a", resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})]),
            )
        ],
    ),
    Case(
        "writes",
        "workload-validation",
        [
            post("dep", o("a", spec=s))
            for s in (
                {},
                {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": [c("c")]}},
                },
                {
                    "replicas": -1,
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {
                        "metadata": {"labels": {"a": "b"}},
                        "spec": {"containers": [c("c")], "restartPolicy": "Never"},
                    },
                },
            )
        ]
        + [
            post(
                "cron",
                o(
                    "a",
                    spec={"schedule": "bad", "jobTemplate": {"spec": {"template": {"spec": {"containers": [c("c")]}}}}},
                ),
            ),
            post("job", o("a", spec={})),
        ],
    ),
    Case(
        "writes",
        "other-validation",
        [
            post("ing", o("a", spec={})),
            post("np", o("a", spec={"podSelector": {"matchLabels": {"a b": ""}}})),
            post("pdb", o("a", spec={"minAvailable": 1, "maxUnavailable": 1, "selector": {}})),
            post("role", o("a", rules=[{"verbs": []}])),
            post("rb", o("a", roleRef={}, subjects=[])),
            post("lease", o("a", spec={"leaseDurationSeconds": -1})),
            post("sec", o("a", type="kubernetes.io/tls")),
            post("lr", o("a", spec={"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "2"}}]})),
            post("pc", o("contract-pc", value=2000000000)),
        ],
    ),
    Case(
        "writes",
        "defaults",
        [
            post(
                "dep",
                o(
                    "a",
                    spec={
                        "selector": {"matchLabels": {"a": "b"}},
                        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [c("c")]}},
                    },
                ),
                **DRY,
            ),
            post(
                "cron",
                o(
                    "a",
                    spec={
                        "schedule": "* * * * *",
                        "jobTemplate": {
                            "spec": {"template": {"spec": {"containers": [c("c")], "restartPolicy": "Never"}}}
                        },
                    },
                ),
                **DRY,
            ),
            post("np", o("a", spec={"podSelector": {}})),
            post("ing", o("a", spec={"defaultBackend": {"service": {"name": "s", "port": {"number": 1}}}})),
            post("sec", o("a", stringData={"k": "v"})),
            post("lease", o("a", spec={})),
            SA,
            post("pod", o("a", spec=pod())),
        ],
    ),
    Case(
        "writes",
        "secrets",
        [
            post("sec", o("a", type="kubernetes.io/basic-auth", stringData={"username": "u"})),
            post("sec", o("b", data={"k": "!!"})),
            merge("sec/a", {"type": "Opaque"}),
            post("sec", o("c", data={"a/b": "eA=="})),
        ],
    ),
    Case(
        "writes",
        "pod-updates",
        [
            SA,
            post("pod", o("a", spec=pod())),
            strategic("pod/a", {"spec": {"containers": [{"name": "c", "image": "j"}]}}),
            strategic("pod/a", {"spec": {"nodeName": "n"}}),
            merge("pod/a/status", {"status": {"phase": "Running"}}),
            merge("pod/a", {"status": {"phase": "Failed"}}),
        ],
    ),
    # --- patches ---
    Case(
        "patches",
        "merge",
        [
            post("cm", o("a", data={"k": "v", "l": "w"})),
            merge("cm/a", {"data": {"k": None, "m": "n"}}),
            merge("cm/a", {"metadata": {"name": "b"}}),
            merge("cm/a", {"metadata": {"resourceVersion": "1"}}),
            merge("cm/a", [1]),
            merge("cm/none", {}),
        ],
    ),
    Case(
        "patches",
        "json",
        [
            post("cm", o("a", data={"k": "v"})),
            jsonpatch("cm/a", [{"op": "add", "path": "/data/x~1y", "value": "z"}]),
            jsonpatch("cm/a", [{"op": "replace", "path": "/data/k", "value": "w"}]),
            jsonpatch("cm/a", [{"op": "test", "path": "/data/k", "value": "no"}]),
            jsonpatch("cm/a", [{"op": "remove", "path": "/data/none"}]),
            jsonpatch("cm/a", [{"op": "odd", "path": "/data"}]),
            jsonpatch("cm/a", {}),
            jsonpatch(
                "cm/a",
                [
                    {"op": "copy", "from": "/data/k", "path": "/data/c"},
                    {"op": "move", "from": "/data/c", "path": "/data/d"},
                ],
            ),
        ],
    ),
    Case(
        "patches",
        "strategic-containers",
        [
            post("pt", template(c("a"), c("b"))),
            strategic("pt/t", {"template": {"spec": {"containers": [{"name": "b", "image": "j"}]}}}),
            strategic("pt/t", {"template": {"spec": {"containers": [{"name": "c", "image": "k"}]}}}),
            strategic("pt/t", {"template": {"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}}),
            strategic("pt/t", {"template": {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}]}}}),
            strategic(
                "pt/t", {"template": {"spec": {"containers": [{"$patch": "replace"}, {"name": "z", "image": "z"}]}}}
            ),
        ],
    ),
    Case(
        "patches",
        "strategic-errors",
        [
            post("pt", template(c("a"))),
            strategic("pt/t", {"template": {"spec": {"containers": [{"image": "x"}]}}}),
            strategic("pt/t", {"template": {"$patch": "odd"}}),
            strategic("pt/t", {"template": {"spec": {"containers": "x"}}}),
            post("w", w("a", size=1)),
            strategic("w/a", {}),
        ],
    ),
    Case(
        "patches",
        "strategic-ports",
        [
            post(
                "svc", o("a", spec={"clusterIP": "None", "ports": [{"name": "x", "port": 1}, {"name": "y", "port": 2}]})
            ),
            strategic("svc/a", {"spec": {"ports": [{"port": 2, "name": "z"}]}}),
            strategic("svc/a", {"spec": {"ports": [{"port": 1, "$patch": "delete"}]}}),
        ],
    ),
    Case(
        "patches",
        "finalizers",
        [
            post("cm", o("a", meta={"finalizers": ["x.example/a"]})),
            strategic("cm/a", {"metadata": {"finalizers": ["x.example/b"]}}),
            strategic("cm/a", {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.example/a"]}}),
            merge("cm/a", {"metadata": {"finalizers": ["nodomain"]}}),
            merge("cm/a", {"metadata": {"finalizers": None}}),
        ],
    ),
    Case(
        "patches",
        "custom",
        [
            post("w", w("a", size=1)),
            merge("w/a", {"spec": {"size": 3, "free": {"x": {"y": [1]}}}}),
            jsonpatch("w/a", [{"op": "add", "path": "/spec/tags", "value": ["b", "a"]}]),
            merge("w/a", {"spec": {"size": "x"}}),
            merge("w/a", {"spec": None}),
        ],
    ),
    # --- apply ---
    Case(
        "apply",
        "owners",
        [
            apply("cm/a", cm("a", data={"k": "v"}), fieldManager="one"),
            apply("cm/a", cm("a", data={"k": "w"}), fieldManager="two"),
            apply("cm/a", cm("a", data={"k": "w"}), fieldManager="two", force="true"),
            apply("cm/a", cm("a", data={"l": "x"}), fieldManager="two"),
            apply("cm/a", cm("a"), fieldManager="two"),
        ],
    ),
    Case(
        "apply",
        "refusals",
        [
            apply("cm/a", cm("a")),
            apply("cm/a", cm("b"), fieldManager="m"),
            apply("cm/a", {"metadata": {"name": "a"}}, fieldManager="m"),
            apply("cm/a", cm("a", meta={"managedFields": []}), fieldManager="m"),
            apply("cm/a", cm("a", typo=1), fieldManager="m"),
            apply("cm/a", cm("a", meta={"resourceVersion": "1"}), fieldManager="m"),
            merge("cm/a", {}, force="true"),
        ],
    ),
    Case(
        "apply",
        "containers",
        [
            apply("pt/t", template(c("a", env=[{"name": "X", "value": "1"}])), fieldManager="one"),
            apply("pt/t", template(c("b")), fieldManager="two"),
            apply("pt/t", template(c("a", env=[{"name": "X", "value": "2"}])), fieldManager="two"),
            apply("pt/t", template(c("a")), fieldManager="one"),
            apply("pt/t", template(c("a"), c("a")), fieldManager="one"),
        ],
    ),
    Case(
        "apply",
        "custom",
        [
            apply("w/a", w("a", size=1, tags=["x"], parts=[{"id": "p"}]), fieldManager="one"),
            apply("w/a", w("a", tags=["y"], parts=[{"id": "q", "n": 1}]), fieldManager="two"),
            apply("w/a", w("a", size=2), fieldManager="two"),
            apply("w/a", w("a", size=1, tags=["z"]), fieldManager="one"),
            apply("w/a", w("a", tags=["y", "y"]), fieldManager="two"),
        ],
    ),
    Case(
        "apply",
        "status",
        [
            apply("w/a", w("a", size=1), fieldManager="one"),
            apply("w/a/status", {**w("a"), "status": {"note": "x"}}, fieldManager="boss"),
            apply("w/a", {**w("a", size=1), "status": {"note": "y"}}, fieldManager="one"),
            get("w/a"),
        ],
    ),
    Case(
        "apply",
        "over-updates",
        [
            post("cm", o("a", data={"k": "v"}), fieldManager="creator"),
            apply("cm/a", cm("a", data={"k": "x", "l": "y"}), fieldManager="m"),
            apply("cm/a", cm("a", data={"k": "v", "l": "y"}), fieldManager="m"),
            merge("cm/a", {"data": {"l": "z"}}, fieldManager="editor"),
        ],
    ),
    Case(
        "apply",
        "dry-run",
        [
            apply("cm/a", cm("a", data={"k": "v"}), fieldManager="m", **DRY),
            get("cm/a"),
            apply(
                "svc/s",
                {"apiVersion": "v1", "kind": "Service", **o("s", spec={"clusterIP": "None", "ports": [{"port": 1}]})},
                fieldManager="m",
            ),
        ],
    ),
    # --- deletion ---
    Case(
        "deletion",
        "finalizers",
        [
            post("cm", o("a", meta={"finalizers": ["x.example/f"]})),
            delete("cm/a"),
            get("cm/a"),
            delete("cm/a"),
            merge("cm/a", {"metadata": {"finalizers": ["x.example/f", "x.example/g"]}}),
            merge("cm/a", {"metadata": {"finalizers": None}}),
            get("cm/a"),
        ],
    ),
    Case(
        "deletion",
        "create-again",
        [
            post("cm", o("a", meta={"finalizers": ["x.example/f"]})),
            delete("cm/a"),
            post("cm", o("a")),
            merge("cm/a", {"metadata": {"finalizers": []}}),
            post("cm", o("a")),
        ],
    ),
    Case(
        "deletion",
        "collection",
        [post("cm", o(n, meta={"labels": {"d": "1"}})) for n in "ab"]
        + [delete("cm", labelSelector="d"), get("cm", labelSelector="d"), delete("cm", labelSelector="d=,")],
    ),
    Case(
        "deletion",
        "options",
        [
            post("cm", o("a")),
            delete("cm/a", {"propagationPolicy": "Odd"}),
            delete("cm/a", {"propagationPolicy": "Orphan", "orphanDependents": True}),
            delete("cm/a", {"kind": "Pod", "apiVersion": "v1"}),
            delete("cm/a", gracePeriodSeconds="x"),
            delete("cm/a", {"gracePeriodSeconds": -1}),
            delete("cm/a"),
            delete("cm/a"),
        ],
    ),
    Case(
        "deletion",
        "pod-grace",
        [
            SA,
            post("pod", o("a", spec=pod())),
            delete("pod/a"),
            get("pod/a"),
            post("pod", o("b", spec=pod())),
            delete("pod/b", gracePeriodSeconds="0"),
        ],
    ),
    Case(
        "deletion",
        "foreground",
        [
            post("w", w("a", size=1)),
            delete("w/a", **DRY),
            delete("w/a", {"propagationPolicy": "Background"}),
            get("w/a"),
        ],
    ),
    # --- CRDs ---
    Case(
        "crds",
        "defaults-and-pruning",
        [
            post("w", w("a", size=1, gone=1, free={"kept": 1}, parts=[{"id": "a"}])),
            post("w", w("b", size=1, gone=1), fieldValidation="Strict"),
            post("w", w("c", size=1, gone=1), fieldValidation="Warn"),
        ],
    ),
    Case(
        "crds",
        "validation",
        [
            post("w", w("a", **s))
            for s in (
                {},
                {"size": 0},
                {"size": 10},
                {"size": "1"},
                {"size": 1.5},
                {"size": 1, "mode": "odd"},
                {"size": 2, "name": "toolong"},
                {"size": 2, "name": "A"},
                {"size": 1, "port": True},
                {"size": 1, "when": "today"},
                {"size": 1, "tags": ["a", "a"]},
                {"size": 1, "parts": [{"id": "a"}, {"id": "a"}]},
                {"size": 1, "parts": [{}]},
                {"size": None},
                {"size": 1, "mode": None, "maybe": None},
            )
        ],
    ),
    Case(
        "crds",
        "rules",
        [
            post("w", w("a", size=1, name="x")),
            post("w", w("a", size=2, name="x", fixed="f")),
            merge("w/a", {"spec": {"fixed": "g"}}),
            merge("w/a", {"spec": {"size": 1}}),
        ],
    ),
    Case(
        "crds",
        "status",
        [
            post("w", {**w("a", size=1), "status": {"note": "ignored"}}),
            put(
                "w/a/status",
                {**w("a", size=5), "metadata": {"name": "a", "resourceVersion": "$rv"}, "status": {"note": "n"}},
            ),
            merge("w/a/status", {"status": {"note": 1}}),
            get("w/a/status"),
        ],
    ),
    Case(
        "crds",
        "scale",
        [
            post("w", w("a", size=1)),
            get("w/a/scale"),
            put("w/a/scale", {"apiVersion": "autoscaling/v1", "kind": "Scale", **o("a", spec={"replicas": 4})}),
            merge("w/a/scale", {"spec": {"replicas": 5}}),
            merge("w/a/scale", {"spec": {"replicas": -1}}),
            merge("w/a/scale", {"spec": {"replicas": 50}}),
            get("w/a"),
        ],
    ),
    Case(
        "crds",
        "structure",
        [
            post("crd", crd(schema=s, plural="gadgets", kind="Gadget"), **DRY)
            for s in (
                {},
                {"type": "string"},
                {"type": "object", "properties": {"a": {}}},
                {"type": "object", "properties": {"a": {"type": "odd"}}},
                {"type": "object", "properties": {"a": {"type": "array"}}},
                {"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}},
                {"type": "object", "x-kubernetes-preserve-unknown-fields": False},
                {
                    "type": "object",
                    "properties": {"a": {"type": "string", "x-kubernetes-validations": [{"rule": "self +"}]}},
                },
            )
        ],
    ),
    Case(
        "crds",
        "names",
        [
            post("crd", {**crd(plural="gadgets", kind="Gadget"), "metadata": {"name": "wrong"}}, **DRY),
            post("crd", crd(plural="Gadgets", kind="gadget"), **DRY),
            post("crd", crd(plural="gadgets", kind="Gadget", storage=False), **DRY),
            post("crd", crd(plural="gadgets", kind="Gadget"), **DRY),
        ],
    ),
    # --- admission ---
    Case(
        "admission",
        "webhook-configurations",
        [
            post("vwc", o("contract-vwc", webhooks=h), **DRY)
            for h in (
                [{}],
                [
                    {
                        "name": "a.b.c",
                        "clientConfig": {"url": "http://x"},
                        "sideEffects": "None",
                        "admissionReviewVersions": ["v1"],
                    }
                ],
                [
                    {
                        "name": "short",
                        "clientConfig": {"url": "https://x"},
                        "sideEffects": "Some",
                        "admissionReviewVersions": ["v1"],
                    }
                ],
                [
                    {
                        "name": "a.b.c",
                        "clientConfig": {"url": "https://x.example"},
                        "sideEffects": "None",
                        "admissionReviewVersions": ["v1"],
                    }
                ],
            )
        ],
    ),
    Case(
        "admission",
        "policies",
        [
            post("vap", o("contract-vap", spec=s), **DRY)
            for s in (
                {},
                {"validations": [{"expression": "true"}]},
                {
                    "matchConstraints": {
                        "resourceRules": [
                            {
                                "apiGroups": [""],
                                "apiVersions": ["v1"],
                                "operations": ["CREATE"],
                                "resources": ["configmaps"],
                            }
                        ]
                    },
                    "validations": [{"expression": "object.metadata.name != 'x'"}],
                },
                {
                    "matchConstraints": {
                        "resourceRules": [
                            {
                                "apiGroups": [""],
                                "apiVersions": ["v1"],
                                "operations": ["CREATE"],
                                "resources": ["configmaps"],
                            }
                        ]
                    },
                    "validations": [{"expression": "1 +"}],
                },
            )
        ],
    ),
    Case(
        "admission",
        "namespaces",
        [
            delete("ns/default"),
            delete("ns/kube-system"),
            post("ns", o("Bad_Name")),
            post("ns", o("contract-dry"), **DRY),
        ],
    ),
    Case(
        "admission",
        "limits",
        [
            post(
                "lr", o("a", spec={"limits": [{"type": "Container", "default": {"cpu": "200m"}, "max": {"cpu": "1"}}]})
            ),
            SA,
            post("pod", o("a", spec=pod())),
            post("pod", o("b", spec=pod(containers=[c("c", resources={"limits": {"cpu": "2"}})]))),
        ],
    ),
    Case(
        "admission",
        "priority",
        [
            SA,
            post("pod", o("a", spec=pod(priorityClassName="none-such"))),
            post("pod", o("b", spec=pod(priorityClassName="system-node-critical"))),
            post("pod", o("c", spec=pod(runtimeClassName="none-such"))),
        ],
    ),
    # --- tables ---
    Case(
        "tables",
        "config-maps",
        [
            post("cm", o("a", data={"k": "v"}, meta={"labels": {"x": "y"}})),
            get("cm/a", TABLE),
            get("cm", TABLE, labelSelector="x", includeObject="None"),
            get("cm", TABLE, includeObject="Odd"),
        ],
    ),
    Case(
        "tables",
        "services",
        [
            post("svc", o("a", spec={"clusterIP": "None", "ports": [{"port": 80}]})),
            get("svc/a", TABLE, includeObject="None"),
        ],
    ),
    Case("tables", "custom", [post("w", w("a", size=3)), get("w", TABLE, includeObject="Object"), get("w/a", TABLE)]),
    Case(
        "tables",
        "pods",
        [SA, post("pod", o("a", spec=pod())), get("pod/a", TABLE, includeObject="None"), get("pod/none", TABLE)],
    ),
    Case(
        "tables",
        "others",
        [
            post("sec", o("a")),
            get("sec/a", TABLE),
            post("role", o("r", rules=[])),
            get("role/r", TABLE),
            post("np", o("n", spec={"podSelector": {"matchLabels": {"a": "b"}}})),
            get("np/n", TABLE, includeObject="None"),
            post("lease", o("l", spec={"holderIdentity": "me"})),
            get("lease/l", TABLE, includeObject="None"),
        ],
    ),
    # --- discovery ---
    Case("discovery", "roots", [get("/api"), get("/healthz"), get("/livez"), get("/readyz")]),
    Case("discovery", "groups", [get(f"/apis/{g}") for g in ("apps", "batch", GROUP, "nope.example")]),
    Case(
        "discovery",
        "resources",
        [
            get(p)
            for p in (
                "/api/v1",
                "/apis/apps/v1",
                "/apis/batch/v1",
                "/apis/networking.k8s.io/v1",
                "/apis/policy/v1",
                "/apis/rbac.authorization.k8s.io/v1",
                "/apis/coordination.k8s.io/v1",
                "/apis/autoscaling/v2",
                "/apis/storage.k8s.io/v1",
                f"/apis/{GROUP}/v1",
                "/apis/apps/v9",
            )
        ],
    ),
]
