"""Reading: lists with selectors, pages, versions and matches, formats, and what is not there."""

import base64
import json

from tests.contracts.asking import GROUP, PARTIAL, PARTIALS, YAML, area, delete, get, post, watch
from tests.contracts.shapes import o, w

case = area("reads")


def token(content):
    """Return a continue token."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


CASES = [
    case(
        "labels",
        [post("cm", o(n, meta={"labels": {"l": n}})) for n in "ab"]
        + [
            get("cm", labelSelector=s)
            for s in ("l=a", "l in (a,b)", "l!=a,l", "!l,zz", "l=,", "l in a", "l=a b", "l notin (a),l")
        ],
    ),
    case(
        "fields",
        [post("sec", o("a", type="t/x"))]
        + [
            get("sec", fieldSelector=s)
            for s in ("type=t/x", "metadata.name=a", "metadata.name!=a", "nope=1", "type", "metadata.namespace=$ns")
        ],
    ),
    case(
        "custom-fields",
        [post("w", w("a", size=1)), post("w", w("b", size=1, mode="slow"))]
        + [get("w", fieldSelector=s) for s in ("spec.mode=slow", "spec.size=1")],
    ),
    case(
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
    case(
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
    case(
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
    case(
        "watch-refusals",
        [
            get("sec", watch="1", **{"timeoutSeconds": "1", **q})
            for q in (
                {"resourceVersion": "x"},
                {"sendInitialEvents": "true"},
                {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
                {"labelSelector": "l=,,"},
                {"fieldSelector": "no=1"},
            )
        ],
    ),
    case(
        "watch-ends",
        [post("sec", o("a")), get("sec", watch="1", timeoutSeconds="1", fieldSelector="metadata.name=a")],
    ),
    case(
        "metadata-only",
        [
            post("sec", o("a", meta={"labels": {"x": "y"}})),
            get("sec/a", PARTIAL),
            get("sec", PARTIALS, labelSelector="x"),
        ],
    ),
    case(
        "versions-and-matches",
        post("sec", o("a")),
        [
            get("sec", **given, **match, **limit, fieldSelector="metadata.name=a")
            for given in ({}, {"resourceVersion": "0"}, {"resourceVersion": "$rv"})
            for match in ({}, {"resourceVersionMatch": "Exact"}, {"resourceVersionMatch": "NotOlderThan"})
            for limit in ({}, {"limit": "1"})
        ],
        [
            get("sec", resourceVersion=bad, **match)
            for bad in ("-1", "1.5", "x")
            for match in ({}, {"resourceVersionMatch": "Exact"})
        ],
    ),
    case(
        "future",
        post("sec", o("a")),
        get("sec/a", resourceVersion="99999999"),
        get("sec", resourceVersion="99999999"),
        get("sec", resourceVersion="99999999", resourceVersionMatch="Exact"),
        watch("sec", resourceVersion="99999999"),
    ),
    case(
        "one-at-versions",
        post("sec", o("a")),
        [get("sec/a", resourceVersion=version) for version in ("0", "$rv", "x", "-1", "")],
        get("sec/a", resourceVersion="0", resourceVersionMatch="Exact"),
        get("sec/b", resourceVersion="$rv"),
        get("sec/a", watch="1", timeoutSeconds="1"),
        get("sec/a", limit="1", labelSelector="no"),
    ),
    case(
        "continue-tokens",
        post("sec", o("a")),
        post("sec", o("b")),
        get("sec", limit="1", resourceVersion="0"),
        get("sec", **{"continue": token({"v": "v1", "rv": 1, "start": "a"})}),
        get("sec", **{"continue": token({"v": "meta.k8s.io/v1", "rv": 0, "start": "a"})}),
        get("sec", **{"continue": token({"v": "meta.k8s.io/v1", "rv": 5})}),
        get("sec", **{"continue": token({"v": "meta.k8s.io/v1", "rv": -1, "start": "a\0"})}),
        get("sec", **{"continue": token({"v": "meta.k8s.io/v1", "rv": 5, "start": "../a"})}),
        get("sec", **{"continue": token([])}),
        get("sec", **{"continue": "e30"}),
        get("sec", limit="1"),
        get("sec", **{"continue": "$continue", "resourceVersion": "5"}),
        get("sec", **{"continue": "$continue", "resourceVersionMatch": "Exact"}),
        get("sec", **{"continue": "$continue", "resourceVersionMatch": "Exact", "resourceVersion": "5"}),
        get("sec", **{"continue": "$continue", "resourceVersion": "0"}),
        get("sec", **{"continue": "$continue", "sendInitialEvents": "true"}),
    ),
    case(
        "snapshots",
        [post("sec", o(name)) for name in "bdf"],
        get("sec", limit="1"),
        post("sec", o("c")),
        delete("sec/d"),
        get("sec", limit="1", **{"continue": "$continue"}),
        get("sec", limit="5", **{"continue": "$continue"}),
        get("sec", limit="5"),
        get("sec", limit="5", resourceVersion="$first", resourceVersionMatch="Exact"),
    ),
    case(
        "queries",
        post("sec", o("a")),
        [
            get("sec", **query)
            for query in (
                {"limit": "99999999999999999999"},
                {"limit": "1.5"},
                {"timeoutSeconds": "x"},
                {"timeoutSeconds": "-1"},
                {"watch": "perhaps", "timeoutSeconds": "1", "resourceVersion": "x"},
                {"allowWatchBookmarks": "x"},
                {"sendInitialEvents": "true"},
                {"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"},
                {"unknown": "1"},
                {"pretty": "true"},
                {"labelSelector": "a,b", "fieldSelector": "metadata.name=zz"},
            )
        ],
    ),
    case(
        "label-selectors",
        post("sec", o("a", meta={"labels": {"n": "5", "e": ""}})),
        [
            get("sec", labelSelector=selector)
            for selector in (
                "n>4",
                "n<4",
                "n>x",
                "n>",
                "e=",
                "e in ()",
                "e in (,x)",
                "n in (5,6)",
                "n notin (5)",
                "n==5",
                "n != 5",
                "!n",
                "!",
                "n=5,",
                ",n=5",
                "n=5=6",
                "n=>5",
                "(n)",
                "n in (5",
                "n in 5)",
                "a b",
                "in in (a)",
                "n=-x",
                "UPPER/n=1",
                "a/b/c",
                "x" + "y" * 63,
                "n=" + "y" * 64,
                " n = 5 ",
                "n in(5)",
                "n exists",
                "e!=,n",
                "!=x",
            )
        ],
    ),
    case(
        "field-selectors",
        post("sec", o("a", type="t/x")),
        [
            get("sec", fieldSelector=selector)
            for selector in (
                "metadata.name==a",
                "metadata.name=a,type!=t/x",
                "metadata.name=a\\,b",
                "metadata.name=a\\b",
                "=a",
                "metadata.name",
                "metadata.name=",
                "metadata.name=a,,type=t/x",
                "metadata.name in (a)",
                "!type",
                "metadata.labels=x",
                "type=t/x=y",
            )
        ],
        [
            get(kind, fieldSelector=selector)
            for kind, selector in (
                ("pod", "spec.nodeName=x"),
                ("pod", "status.phase!=Running"),
                ("pod", "spec.hostNetwork=true"),
                ("pod", "spec.image=x"),
                ("ev", "involvedObject.kind=Pod"),
                ("ev", "regarding.kind=Pod"),
                ("newev", "regarding.kind=Pod"),
                ("newev", "involvedObject.kind=Pod"),
                ("dep", "spec.replicas=1"),
                ("dep", "metadata.namespace=$ns"),
                ("rs", "status.replicas=1"),
                ("rc", "status.replicas=1"),
                ("job", "status.successful=1"),
                ("svc", "spec.clusterIP=None"),
                ("svc", "spec.type=ExternalName"),
                ("ing", "spec.x=1"),
                ("w", "metadata.name=x"),
                ("w", "status.note=x"),
                ("cron", "status.active=1"),
                ("slice", "spec.nodeName=x"),
                ("csr", "spec.signerName=x"),
                ("csr", "spec.username=x"),
            )
        ],
        get("ns", fieldSelector="metadata.name=$ns,status.phase=Active"),
        get("ns", fieldSelector="name=$ns"),
        get("node", fieldSelector="spec.unschedulable=true"),
        get("node", fieldSelector="spec.nodeName=true"),
    ),
    case(
        "shards",
        post("sec", o("a")),
        get("sec", shardSelector="shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')"),
        get("sec", shardSelector="odd"),
        get("sec", shardSelector="shardRange(object.metadata.uid, '0x1', '0x0')"),
    ),
    case(
        "lists-elsewhere",
        get("/api/v1/namespaces/nowhere-at-all/secrets/a"),
        get("/api/v1/namespaces/nowhere-at-all"),
        get("/api/v1/secrets", fieldSelector="metadata.namespace=$ns"),
        get("/api/v1/secrets/a"),
        get(f"/apis/{GROUP}/v1/widgets", labelSelector="nobody"),
        get("orb/none"),
        get(f"/apis/{GROUP}/v1/namespaces/$ns/orbs"),
        get(f"/apis/{GROUP}/v3/orbs"),
        get("/api/v1/namespaces/$ns/nodes"),
        get("/api/v1/namespaces/$ns/nodes/x"),
        get("/api/v2"),
        get("/apis/apps/v1beta1/deployments"),
        get("/apis/extensions/v1beta1/ingresses"),
        get("/api/v1/namespaces/$ns/secrets/a/b"),
        get("w/none/status"),
        get("w/none/odd"),
        get("/api/"),
        get("/apis/"),
    ),
    case(
        "formats",
        post("sec", o("a", meta={"labels": {"x": "y"}})),
        get("sec/a", YAML),
        get("sec/none", YAML),
        get("sec/a", "application/cbor"),
        get("sec/a", "text/html, application/json;q=0.5"),
        get("sec/a", "*/*"),
        get("sec/a", "application/*"),
        get("sec/a", "application/json;as=Odd;v=v1;g=meta.k8s.io"),
        get("sec/a", "application/json;as=Table;v=v2;g=meta.k8s.io"),
        get("sec/a", PARTIALS),
        get("sec", PARTIAL, labelSelector="x"),
        get("sec", PARTIALS, labelSelector="x", limit="1"),
        get("sec/a", pretty="true"),
    ),
]
