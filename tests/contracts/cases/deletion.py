"""Deleting: finalizers, options, propagation, collections, and the grace of Pods."""

from tests.contracts.asking import DRY, area, delete, get, jsonpatch, merge, post, put, watch
from tests.contracts.shapes import SA, o, pod, template, w

case = area("deletion")

CASES = [
    case(
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
    case(
        "create-again",
        [
            post("cm", o("a", meta={"finalizers": ["x.example/f"]})),
            delete("cm/a"),
            post("cm", o("a")),
            merge("cm/a", {"metadata": {"finalizers": []}}),
            post("cm", o("a")),
        ],
    ),
    case(
        "collection",
        [post("cm", o(n, meta={"labels": {"d": "1"}})) for n in "ab"]
        + [delete("cm", labelSelector="d"), get("cm", labelSelector="d"), delete("cm", labelSelector="d=,")],
    ),
    case(
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
    case(
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
    case(
        "foreground",
        [
            post("w", w("a", size=1)),
            delete("w/a", **DRY),
            delete("w/a", {"propagationPolicy": "Background"}),
            get("w/a"),
        ],
    ),
    case(
        "bodies",
        post("cm", o("a")),
        [
            delete("cm/a", body, **DRY)
            for body in (
                {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"},
                {"kind": "DeleteOptions", "apiVersion": "v2"},
                {"kind": "DeleteOptions", "apiVersion": "apps/v1", "dryRun": ["All"]},
                {"dryRun": ["Odd"]},
                {"gracePeriodSeconds": "x"},
                {"preconditions": {"resourceVersion": "1"}},
                {"preconditions": {"uid": "x", "resourceVersion": "1"}},
                {"orphanDependents": True, "propagationPolicy": "Foreground"},
                {"unknown": 1},
                [],
            )
        ],
        get("cm/a"),
    ),
    case(
        "kinds",
        [
            step
            for kind, body in (
                ("sec", o("a")),
                ("svc", o("a", spec={"clusterIP": "None", "ports": [{"port": 1}]})),
                ("lr", o("a")),
                ("role", o("a")),
                ("np", o("a", spec={"podSelector": {}})),
                ("lease", o("a")),
                ("pt", template() | o("a")),
                ("cr", o("a", revision=1)),
                ("w", w("a", size=1)),
                ("eps", o("a", addressType="IPv4")),
            )
            for step in (post(kind, body), delete(f"{kind}/a"))
        ],
        delete("dep/none"),
        delete("w/none"),
        delete("ns/nowhere-at-all"),
    ),
    case(
        "propagation",
        post("w", w("a", size=1)),
        delete("w/a", {"propagationPolicy": "Orphan"}, **DRY),
        delete("w/a", propagationPolicy="Foreground", **DRY),
        post("cm", o("b", meta={"finalizers": ["x.example/f"]})),
        delete("cm/b", {"propagationPolicy": "Background"}),
        delete("cm/b", {"gracePeriodSeconds": 0}),
        merge("cm/b", {"metadata": {"deletionTimestamp": None}}),
        merge("cm/b", {"data": {"a": "b"}}),
        put("cm/b", o("b")),
        get("cm/b"),
    ),
    case(
        "collections",
        [post("sec", o(name, meta={"labels": {"l": name}})) for name in "abc"],
        delete("sec", labelSelector="l=a"),
        delete("sec", labelSelector="l=b", **DRY),
        delete("sec", fieldSelector="metadata.name=c"),
        delete("sec", fieldSelector="no=c"),
        delete("sec", resourceVersion="x"),
        delete("sec", limit="x"),
        delete("sec", {"preconditions": {"uid": "x"}}, labelSelector="l"),
        delete("sec", {"propagationPolicy": "Odd"}),
        delete("sec"),
        delete("sec"),
        delete("svc"),
        delete("w"),
        delete("/api/v1/namespaces/nowhere-at-all/secrets"),
    ),
    case(
        "pods",
        SA,
        post("pod", o("a", spec=pod(nodeName="nowhere", terminationGracePeriodSeconds=60))),
        delete("pod/a", gracePeriodSeconds="20"),
        delete("pod/a", gracePeriodSeconds="40"),
        delete("pod/a", gracePeriodSeconds="10"),
        merge("pod/a", {"metadata": {"labels": {"a": "b"}}}),
        delete("pod/a", {"gracePeriodSeconds": 0}),
        get("pod/a"),
        post("pod", o("b", spec=pod(nodeName="nowhere"))),
        merge("pod/b/status", {"status": {"phase": "Succeeded"}}),
        delete("pod/b"),
        post("pod", o("c", spec=pod(nodeName="nowhere"), meta={"finalizers": ["x.example/f"]})),
        delete("pod/c", gracePeriodSeconds="0"),
        merge("pod/c", {"metadata": {"finalizers": None}}),
        get("pod/c"),
    ),
    case(
        "last-finalizer",
        post("w", {**w("a", size=1), "metadata": {"name": "a", "finalizers": ["x.example/f", "x.example/g"]}}),
        delete("w/a"),
        merge("w/a", {"metadata": {"finalizers": ["x.example/g"]}}),
        merge("w/a", {"metadata": {"finalizers": ["x.example/g", "x.example/h"]}}),
        merge("w/a/status", {"status": {"note": "n"}}),
        jsonpatch("w/a", [{"op": "remove", "path": "/metadata/finalizers"}]),
        watch("w", resourceVersion="$first"),
    ),
]
