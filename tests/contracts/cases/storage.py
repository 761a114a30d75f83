"""How objects are kept: names, versions, locking, dry runs, generations, limits."""

from tests.contracts.asking import DRY, GROUP, apply, area, delete, get, jsonpatch, merge, post, put, strategic
from tests.contracts.shapes import cm, o, owner, t, template, w, workload

case = area("storage")
LONG = "x" * 300

CASES = [
    case("create-read-delete", [post("cm", o("a", data={"k": "v"})), get("cm/a"), delete("cm/a"), get("cm/a")]),
    case("exists", [post("cm", o("a")), post("cm", o("a"))]),
    case("generate-name", [post("cm", {"metadata": {"generateName": "gen-"}}), post("cm", {"metadata": {}})]),
    case("names", [post("cm", o(n)) for n in ("A", "a_b", "-a", "a.b", LONG, "..")] + [post("svc", o("9a"))]),
    case(
        "labels",
        [
            post("cm", o("a", meta={"labels": bad}))
            for bad in ({"a b": "c"}, {"a": "b c"}, {"x/": "v"}, {"a": "y" * 70})
        ],
    ),
    case(
        "annotations",
        [post("cm", o("a", meta={"annotations": a})) for a in ({"A b": ""}, {"ok": "x" * 10}, {"big": "x" * 262200})],
    ),
    case(
        "locking",
        [
            post("cm", o("a")),
            put("cm/a", o("a", meta={"resourceVersion": "$rv"}, data={"a": "1"})),
            put("cm/a", o("a", meta={"resourceVersion": "1"})),
        ],
    ),
    case(
        "unconditional",
        [
            post("cm", o("a")),
            put("cm/a", o("a", data={"x": "y"})),
            post("w", w("a", size=1)),
            put("w/a", w("a", size=2)),
        ],
    ),
    case(
        "uid-precondition",
        [
            post("cm", o("a")),
            put("cm/a", o("a", meta={"uid": "wrong"})),
            delete("cm/a", {"preconditions": {"uid": "wrong"}}),
            delete("cm/a", {"preconditions": {"uid": "$uid"}}),
        ],
    ),
    case(
        "rv-precondition",
        [
            post("cm", o("a")),
            delete("cm/a", {"preconditions": {"resourceVersion": "1"}}),
            delete("cm/a", {"preconditions": {"resourceVersion": "$rv"}}),
        ],
    ),
    case(
        "namespace-mismatch",
        [
            post("cm", o("a", meta={"namespace": "other"})),
            post("cm", o("a")),
            put("cm/a", o("b")),
            put("cm/a", o("a", meta={"namespace": "other"})),
        ],
    ),
    case(
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
    case("no-op", [post("cm", o("a")), put("cm/a", o("a")), merge("cm/a", {}), put("cm/b", o("b"))]),
    case(
        "generation",
        [
            post("w", w("a", size=1)),
            merge("w/a", {"metadata": {"labels": {"l": "1"}}}),
            merge("w/a", {"spec": {"size": 2}}),
            merge("w/a/status", {"status": {"note": "n"}}),
        ],
    ),
    case(
        "immutable",
        [
            post("cm", o("a", immutable=True, data={"k": "v"})),
            merge("cm/a", {"data": {"k": "w"}}),
            merge("cm/a", {"immutable": None}),
        ],
    ),
    case(
        "absent-namespace",
        [
            post("/api/v1/namespaces/nowhere-at-all/configmaps", o("a")),
            get("/api/v1/namespaces/nowhere-at-all/configmaps"),
        ],
    ),
    case(
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
    case(
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
    case(
        "put-creates",
        [put(f"{kind}/x", o("x")) for kind in ("cm", "sec", "sa", "lr", "role", "np", "ep", "quota")],
        put("lease/x", o("x", spec={})),
        put("svc/x", o("x", spec={"clusterIP": "None", "ports": [{"port": 1}]})),
        put("rb/x", o("x", roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"})),
        put("dep/x", o("x", spec=workload())),
        put("pdb/x", o("x", spec={"minAvailable": 1})),
        put("w/x", w("x", size=1)),
        put("role/y", o("y", meta={"uid": "wrong"})),
        put("role/z", o("z", meta={"resourceVersion": "5"})),
    ),
    case(
        "versions-given",
        post("cm", o("a")),
        put("cm/a", o("a", meta={"resourceVersion": "0"}, data={"a": "1"})),
        put("cm/a", o("a", meta={"resourceVersion": "abc"})),
        put("cm/a", o("a", meta={"resourceVersion": "99999999"})),
        put("cm/a", o("a", meta={"resourceVersion": "-1"})),
        merge("cm/a", {"metadata": {"resourceVersion": "abc"}}),
        post("cm", o("b", meta={"resourceVersion": "0"})),
        post("cm", o("c", meta={"resourceVersion": "abc"})),
    ),
    case(
        "updates-need-versions",
        post("pdb", o("a", spec={"minAvailable": 1, "selector": {"matchLabels": {"z": "z"}}})),
        put("pdb/a", o("a", spec={"minAvailable": 2})),
        post("lease", o("a", spec={"holderIdentity": "me"})),
        put("lease/a", o("a", spec={"holderIdentity": "you"})),
        put("lease/a", o("a", meta={"resourceVersion": "$rv"}, spec={"holderIdentity": "you"})),
        post("w", w("a", size=1)),
        put("w/a/status", {**w("a", size=1), "status": {"note": "n"}}),
        put("w/a", w("a", size=1, mode="odd")),
    ),
    case(
        "no-name",
        put("cm/a", {"data": {}}),
        post("cm", {}),
        post("cm", {"metadata": None}),
        post("cm", {"metadata": "x"}),
        post("cm", {"metadata": {"name": 1}}),
        post("cm", {"metadata": {"name": "a", "labels": {"a": 1}}}),
        post("cm", {"metadata": {"name": "a", "finalizers": "x"}}),
        post("cm", {"metadata": {"name": "a", "creationTimestamp": "today"}}),
        post("w", {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "spec": {"size": 1}}),
        post("w", {"apiVersion": f"{GROUP}/v1", "kind": "Widget", "metadata": {"labels": {"a": 1}, "name": "a"}}),
    ),
    case(
        "generated",
        post("cm", {"metadata": {"generateName": "Gen_"}}),
        post("cm", {"metadata": {"generateName": "gen-", "name": "a"}}),
        post("cm", {"metadata": {"generateName": "gen-"}}, **DRY),
        post("w", {**w("", size=1), "metadata": {"generateName": "gen-"}}),
        post("w", {**w("", size=0), "metadata": {"generateName": "gen-"}}),
        merge("cm/a", {"metadata": {"generateName": "other-"}}),
    ),
    case(
        "too-big",
        post("cm", o("a", data={"k": "x" * 1_100_000})),
        post("sec", o("a", stringData={"k": "x" * 1_100_000})),
        post("cm", o("a", data={"k": "x" * 3_200_000})),
        post("w", w("a", size=1, free={"k": "x" * 1_600_000})),
        merge("w/a", {"spec": {"free": {"k": "x" * 3_200_000}}}),
    ),
    case(
        "names-by-kind",
        [post(kind, o(name), **DRY) for kind in ("sa", "role", "crole") for name in ("a.b", "a:b", "A", "a_b")],
        post("ns", o("a.b"), **DRY),
        post("svc", o("a.b", spec={"clusterIP": "None"}), **DRY),
        post("svc", o("x" * 64, spec={"clusterIP": "None"}), **DRY),
        post("role", o("a/b"), **DRY),
        post("role", o("a%b"), **DRY),
        post("role", o(".."), **DRY),
        post("w", w("A", size=1), **DRY),
        post("w", w(LONG, size=1), **DRY),
        post("pc", o("system-x", value=1), **DRY),
        post("cron", o("x" * 53, spec={"schedule": "* * * * *", "jobTemplate": {"spec": {"template": t()}}}), **DRY),
        post("sts", o("a.b", spec=workload(serviceName="s")), **DRY),
        post("dep", o("a.b", spec=workload()), **DRY),
    ),
    case(
        "label-rules",
        [
            post("w", {**w("a", size=1), "metadata": {"name": "a", "labels": bad}}, **DRY)
            for bad in (
                {"a b": "c"},
                {"a": "b c"},
                {"A.b/c": "d"},
                {"x" * 64: ""},
                {"x" * 254 + "/a": ""},
                {"a/b/c": ""},
            )
        ],
        [
            post("cm", o("a", meta={"labels": good}), **DRY)
            for good in ({"a": ""}, {"a.b/c_d.e": "F-1"}, {"a": "y" * 63}, {"a": "-x"}, {"": "x"}, {"a": "é"})
        ],
        post("w", {**w("a", size=1), "metadata": {"name": "a", "annotations": {"a b": ""}}}, **DRY),
        post("cm", o("a", meta={"labels": None, "annotations": None, "finalizers": None}), **DRY),
        post("cm", o("a", meta={"labels": {"a": None}}), **DRY),
    ),
    case(
        "finalizer-names",
        [
            post("cm", o("a", meta={"finalizers": names}), **DRY)
            for names in (
                ["x"],
                ["orphan", "foregroundDeletion"],
                ["x.example/a", "x.example/a"],
                ["kubernetes"],
                ["a b/c"],
            )
        ],
        post("w", {**w("a", size=1), "metadata": {"name": "a", "finalizers": ["plain"]}}, **DRY),
    ),
    case(
        "managers",
        post("cm", o("a", data={"k": "v"})),
        put("cm/a", o("a", meta={"managedFields": [{}]}, data={"k": "v"})),
        apply("cm/a", cm("a", data={"k": "w"}), fieldManager="m"),
        merge("cm/a", {"metadata": {"managedFields": None}}),
        put("cm/a", o("a", meta={"managedFields": [{"operation": "Odd"}]}, data={"k": "x"})),
        post("cm", o("b", data={"k": "v"}), fieldManager="x" * 129),
        post("cm", o("b", data={"k": "v"}), fieldManager="a\u0007b"),
    ),
    case(
        "owners",
        [
            post("cm", o("a", meta={"ownerReferences": r}), **DRY)
            for r in (
                [owner(), owner(uid="2")],
                [owner(controller=True), owner(uid="2", controller=True)],
                [owner(), owner()],
                [owner(apiVersion="")],
                [owner(blockOwnerDeletion=True)],
                [{**owner(), "extra": 1}],
            )
        ],
    ),
    case(
        "generations",
        post("pt", template()),
        merge("pt/t", {"metadata": {"labels": {"l": "1"}}}),
        post("np", o("a", spec={"podSelector": {}})),
        merge("np/a", {"metadata": {"annotations": {"l": "1"}}}),
        merge("np/a", {"spec": {"podSelector": {"matchLabels": {"a": "b"}}}}),
        post("ing", o("a", spec={"defaultBackend": {"service": {"name": "s", "port": {"number": 1}}}})),
        merge("ing/a", {"spec": {"ingressClassName": "x"}}),
        merge("ing/a/status", {"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}),
        post("w", {**w("b", size=1), "metadata": {"name": "b", "finalizers": ["x.example/f"], "generation": 9}}),
        delete("w/b"),
        merge("w/b", {"spec": {"size": 2}}),
        merge("w/b", {"metadata": {"finalizers": None}}),
    ),
    case(
        "unmoved",
        post("cm", o("a", data={"k": "v"})),
        merge("cm/a", {"data": {"k": "v"}}),
        strategic("cm/a", {"data": {"k": "v"}}),
        jsonpatch("cm/a", [{"op": "test", "path": "/data/k", "value": "v"}]),
        put("cm/a", o("a", data={"k": "v"})),
        merge("cm/a", {"data": {"k": "w"}}, **DRY),
        get("cm/a"),
        apply("cm/a", cm("a", data={"k": "v"}), fieldManager="m"),
        apply("cm/a", cm("a", data={"k": "v"}), fieldManager="m"),
        merge("cm/a", {"metadata": {"resourceVersion": "1"}, "data": {"k": "v"}}),
    ),
    case(
        "immutable-fields",
        post("sec", o("a", immutable=True, stringData={"k": "v"})),
        merge("sec/a", {"stringData": {"k": "w"}}),
        merge("sec/a", {"immutable": False}),
        merge("sec/a", {"metadata": {"labels": {"a": "b"}}}),
        merge("sec/a", {"metadata": {"uid": "other"}}),
        merge("sec/a", {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}}),
        merge("sec/a", {"metadata": {"namespace": "other"}}),
        merge("sec/a", {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}}),
        put("sec/a", o("a", meta={"creationTimestamp": "2001-01-01T00:00:00Z"}, data={"k": "dg=="}, immutable=True)),
    ),
]
