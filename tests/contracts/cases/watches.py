"""Watching: history, selector transitions, initial events, refusals."""

from tests.contracts.asking import PARTIAL, TABLE, YAML, area, delete, get, merge, post, watch
from tests.contracts.shapes import o, w

case = area("watches")
INITIAL = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}

CASES = [
    case(
        "history",
        post("sec", o("a", meta={"labels": {"l": "a"}})),
        merge("sec/a", {"metadata": {"labels": {"l": "b"}}}),
        post("sec", o("b")),
        delete("sec/a"),
        watch("sec", resourceVersion="$first"),
        watch("sec", resourceVersion="$first", fieldSelector="metadata.name=b"),
        watch("sec", PARTIAL, resourceVersion="$first"),
        watch("sec", TABLE, resourceVersion="$first", includeObject="None"),
        watch("sec", YAML, resourceVersion="$first"),
    ),
    case(
        "transitions",
        post("cm", o("z", data={"k": "v"})),
        post("cm", o("a", meta={"labels": {"l": "a"}})),
        merge("cm/a", {"metadata": {"labels": {"l": "b"}}}),
        merge("cm/a", {"data": {"k": "v"}}),
        merge("cm/a", {"metadata": {"labels": {"l": "a"}}}),
        delete("cm/a"),
        watch("cm", resourceVersion="$first", labelSelector="l=a"),
        watch("cm", resourceVersion="$first", labelSelector="l=b"),
        watch("cm", resourceVersion="$first", labelSelector="l,l!=b"),
    ),
    case(
        "field-transitions",
        post("w", w("a", size=1)),
        merge("w/a", {"spec": {"mode": "slow"}}),
        merge("w/a", {"spec": {"mode": "fast"}}),
        watch("w", resourceVersion="$first", fieldSelector="spec.mode=slow"),
        watch("w", resourceVersion="$first", fieldSelector="spec.mode!=slow"),
    ),
    case(
        "initial-events",
        post("sec", o("a")),
        post("sec", o("b", meta={"labels": {"l": "b"}})),
        watch("sec", **INITIAL, allowWatchBookmarks="true"),
        watch("sec", **INITIAL),
        watch("sec", **INITIAL, allowWatchBookmarks="true", labelSelector="l"),
        watch("sec", **INITIAL, allowWatchBookmarks="true", labelSelector="nobody"),
        watch("sec", **INITIAL, allowWatchBookmarks="true", resourceVersion="0"),
        watch("sec", PARTIAL, **INITIAL, allowWatchBookmarks="true"),
        watch("sec", TABLE, **INITIAL, allowWatchBookmarks="true", includeObject="None"),
        watch("sec", sendInitialEvents="false", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true"),
    ),
    case(
        "starts",
        post("sec", o("a")),
        watch("sec"),
        watch("sec", resourceVersion="0"),
        watch("w", resourceVersion="1"),
        watch("sec", resourceVersion="$rv"),
    ),
    case(
        "refusals",
        [
            get("sec", watch="1", **{"timeoutSeconds": "1", **query})
            for query in (
                {"resourceVersionMatch": "NotOlderThan"},
                {"resourceVersionMatch": "Exact", "resourceVersion": "5"},
                {"sendInitialEvents": "x"},
                {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "x"},
                {"sendInitialEvents": "false"},
                {"timeoutSeconds": "x"},
                {"labelSelector": "a in b"},
                {"fieldSelector": "spec.x=1"},
                {"resourceVersion": "-1"},
            )
        ],
        watch("sec", "application/json;as=Odd;v=v1;g=meta.k8s.io"),
        get("/api/v1/componentstatuses", watch="1", timeoutSeconds="1"),
    ),
    case(
        "old-paths",
        post("sec", o("a")),
        get("/api/v1/watch/namespaces/$ns/secrets", timeoutSeconds="1"),
        get("/api/v1/watch/namespaces/$ns/secrets/a", timeoutSeconds="1"),
        get("/api/v1/watch/namespaces/$ns/nope", timeoutSeconds="1"),
    ),
    case("nowhere", watch("/api/v1/namespaces/nowhere-at-all/secrets", **INITIAL, allowWatchBookmarks="true")),
]
