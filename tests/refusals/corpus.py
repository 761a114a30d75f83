"""Bad requests, made from good ones: seeded, so that a number names a request.

A request is a dict: `method`, `target` (path and query), `headers` and `body`. `setup()` are good ones that make what
the others are about; `request(seed)` is one that has been spoilt in one to three ways, or in rare cases not at all.
"""

import copy
import gzip
import json
import random
from urllib.parse import quote, urlencode

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
PATCHES = {
    "application/json-patch+json": [{"op": "replace", "path": "/metadata/labels/app", "value": "b"}],
    "application/merge-patch+json": {"metadata": {"labels": {"app": "b"}}},
    "application/strategic-merge-patch+json": {"metadata": {"labels": {"app": "b"}}},
    "application/apply-patch+yaml": None,
}
TEMPLATE = {
    "metadata": {"labels": {"app": "a"}},
    "spec": {
        "containers": [
            {
                "name": "main",
                "image": "nginx",
                "ports": [{"containerPort": 80}],
                "env": [{"name": "A", "value": "b"}],
                "resources": {"requests": {"cpu": "100m"}},
            }
        ]
    },
}
SELECTOR = {"matchLabels": {"app": "a"}}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 10},
                "image": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 20},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                "mode": {"type": "string", "enum": ["A", "B"]},
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "integer"}}},
    },
}
GIZMOS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gizmos.fuzz.example.com"},
    "spec": {
        "group": "fuzz.example.com",
        "scope": "Namespaced",
        "names": {"plural": "gizmos", "singular": "gizmo", "kind": "Gizmo", "listKind": "GizmoList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": SCHEMA},
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.ready"},
                },
            }
        ],
    },
}
RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
PORTS = [{"port": 80, "targetPort": "http"}]
KINDS = {
    "configmaps": ("v1", "ConfigMap", {"data": {"key": "value"}}),
    "secrets": ("v1", "Secret", {"type": "Opaque", "data": {"key": "dmFsdWU="}}),
    "pods": ("v1", "Pod", {"spec": TEMPLATE["spec"]}),
    "services": ("v1", "Service", {"spec": {"selector": {"app": "a"}, "ports": PORTS}}),
    "serviceaccounts": ("v1", "ServiceAccount", {}),
    "deployments": ("apps/v1", "Deployment", {"spec": {"replicas": 1, "selector": SELECTOR, "template": TEMPLATE}}),
    "jobs": ("batch/v1", "Job", {"spec": {"template": {"spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}}}),
    "leases": ("coordination.k8s.io/v1", "Lease", {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 5}}),
    "roles": ("rbac.authorization.k8s.io/v1", "Role", {"rules": RULES}),
    "gizmos": ("fuzz.example.com/v1", "Gizmo", {"spec": {"size": 1, "image": "nginx", "tags": ["a"], "mode": "A"}}),
}
SUBRESOURCES = {
    "pods": ("status", "eviction", "binding"),
    "deployments": ("status", "scale"),
    "gizmos": ("status", "scale"),
}
NAMESPACE = "fuzz"
VALUES = (
    "x",
    "",
    1,
    -1,
    0,
    1.5,
    1e30,
    2**63,
    True,
    None,
    [],
    {},
    [1],
    {"a": 1},
    "A_b",
    "x" * 300,
    "\x00",
    "ü",
    [{}],
    [None],
)
QUERIES = {
    "limit": ("abc", "-1", "99999999999999999999", "1", "1.5", ""),
    "timeoutSeconds": ("x", "1", "99999999999999999999"),
    "resourceVersion": ("abc", "-1", "0", "1", "+1", "1.0", ""),
    "resourceVersionMatch": ("Exact", "NotOlderThan", "Sometimes", ""),
    "labelSelector": (
        "a=b,,",
        "!",
        "a in (",
        "a notin (b)",
        "=x",
        "a==b==c",
        "a in (b,c),!d",
        "A_b/c/d=e",
        "a>1",
        "a>x",
        "-a=b",
        "a=-",
    ),
    "fieldSelector": (
        "a",
        "metadata.name=x",
        "spec.size=1",
        "metadata.name==x,status.phase!=y",
        "=",
        "a=b=c",
        ",,",
        "metadata.name>x",
    ),
    "continue": ("garbage", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0"),
    "dryRun": ("All", "Some", "", "all"),
    "fieldValidation": ("Strict", "Warn", "Ignore", "Loud", "strict"),
    "fieldManager": ("me", "x" * 129, "a\tb", "", "ü"),
    "force": ("true", "maybe", "1", ""),
    "propagationPolicy": ("Foreground", "Sideways", "Orphan", ""),
    "gracePeriodSeconds": ("x", "-1", "0", "1e3"),
    "orphanDependents": ("true", "x"),
    "pretty": ("true", "x"),
    "sendInitialEvents": ("true", "false", "x"),
    "allowWatchBookmarks": ("x", "true"),
    "nobody": ("knows",),
}
ACCEPTS = (
    "*/*", "text/html", "application/xml", YAML, f"{JSON};q=0.5,text/html", "application/cbor", "garbage", ";;,",
    f"{JSON};as=Table;v=v1;g=meta.k8s.io", f"{JSON};as=Table;v=v9;g=meta.k8s.io", f"{JSON};as=Nothing;v=v1;g=x.io",
    f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io", f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
)  # fmt: skip
TYPES = (
    "", "text/plain", "application/xml", f"{JSON}; charset=utf-8", YAML, "garbage", "application/cbor", "a/b/c",
    "application/x-www-form-urlencoded", f"{JSON},{JSON}", *PATCHES, "application/apply-patch+cbor",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO", "get", "CONNECT")
WHOLES = (
    b"null", b"[]", b'"text"', b"12", b"1e999", b"NaN", b"{}", b" ", b"\xff\xfe", b"k8s\x00", b"k8s\x00\n\x0f\x0a",
    b"\x1f\x8b\x08\x00", b"a: [", b"a: b\n\tc: d", b"- a\n- b", b"--- \n", b"{a: 1, a: 2}", b"&a [*a]",
)  # fmt: skip
DEPTHS = (5, 200, 11_000)


def path_of(plural, name="", sub="", namespace=NAMESPACE):
    """The path of a collection, an object or a subresource."""
    version = KINDS[plural][0]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return "/".join(part for part in (f"{root}/namespaces/{namespace}/{plural}", name, sub) if part)


def good(plural, name):
    """A whole object."""
    version, kind, rest = KINDS[plural]
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app": "a"}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **copy.deepcopy(rest)}


def asked(method, target, body=None, *, kind=JSON, accept=JSON):
    """A request."""
    headers = {"accept": accept} | ({"content-type": kind} if body is not None else {})
    return {"method": method, "target": target, "headers": headers, "body": b"" if body is None else _text(body)}


def setup():
    """The good requests by which what the others are about comes to be."""
    found = [asked("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})]
    found.append(asked("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", GIZMOS))
    return found + [asked("POST", path_of(plural), good(plural, "there")) for plural in KINDS]


def request(seed):
    """The request of a number."""
    dice = random.Random(seed)
    made = _valid(dice, f"new-{seed}")
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        dice.choice(_SPOILS)(dice, made)
    body = made.pop("object", None)
    made["body"] = body if isinstance(body, bytes) else b"" if body is None else _text(body)
    if dice.random() < 0.25 and made["body"]:
        made["body"] = dice.choice(_GARBLES)(dice, made["body"])
    query = made.pop("query")
    made["target"] = quote(made["target"], safe="/%?*") + (f"?{urlencode(query)}" if query else "")
    return made


def _valid(dice, name):
    """A good request, its body an object still."""
    plural = dice.choice(tuple(KINDS))
    obj, there = good(plural, name), path_of(plural, "there")
    verb = dice.choice(
        ("create", "create", "create", "update", "patch", "patch", "get", "list", "delete", "sub", "watch", "many")
    )
    kind, method, target, query = JSON, "GET", there, []
    if verb == "create":
        method, target = "POST", path_of(plural)
    elif verb == "update":
        method, obj = "PUT", good(plural, "there")
    elif verb == "patch":
        method, kind = "PATCH", dice.choice(tuple(PATCHES))
        obj = copy.deepcopy(PATCHES[kind]) or good(plural, "there")
        query = [("fieldManager", "me"), ("force", "true")] if kind.endswith("yaml") else []
    elif verb == "delete":
        method, target, obj = "DELETE", path_of(plural, "nobody"), {"kind": "DeleteOptions", "apiVersion": "v1"}
    elif verb == "sub":
        sub = dice.choice(SUBRESOURCES.get(plural, ("status",)))
        method, target, obj = dice.choice(("GET", "PUT", "POST")), f"{there}/{sub}", good(plural, "there")
    elif verb == "watch":
        target, query = path_of(plural), [("watch", "1"), ("timeoutSeconds", "1"), ("resourceVersion", "abc")]
    else:
        target = path_of(plural)
        method, query = ("GET", []) if verb == "list" else ("DELETE", [("labelSelector", "none=there")])
    if method == "GET":
        obj = None
    headers = {"accept": JSON} | ({"content-type": kind} if obj is not None else {})
    return {"method": method, "target": target, "headers": headers, "query": query, "object": obj}


def _text(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


# --- What can be spoilt ---


def _a_value(dice, made):
    """Put a value where another belongs."""
    holders = list(_holders(made["object"]))
    if holders:
        holder, key = dice.choice(holders)
        holder[key] = copy.deepcopy(dice.choice(VALUES))


def _a_key(dice, made):
    """Drop, add or rename a member."""
    holders = [(holder, key) for holder, key in _holders(made["object"]) if isinstance(holder, dict)]
    if holders:
        holder, key = dice.choice(holders)
        what = dice.randrange(3)
        if what == 1:
            holder[dice.choice(("unknown", "Name", "", "a b"))] = copy.deepcopy(dice.choice(VALUES))
        else:
            value = holder.pop(key)
            holder |= {key.upper(): value} if what else {}


def _the_query(dice, made):
    """Add one or two parameters that are wrong, or do not belong here."""
    for _ in range(dice.choice((1, 1, 2))):
        name = dice.choice(tuple(QUERIES))
        made["query"].append((name, dice.choice(QUERIES[name])))


def _the_path(dice, made):
    """Drop, repeat, change or add a segment."""
    parts = made["target"].split("/")
    at = dice.randrange(1, len(parts))
    match dice.randrange(6):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, parts[at])
        case 2:
            parts[at] = dice.choice(("nope", "A_b", "..", ".", "", "%41", "x" * 300, "ü", "a b", "a%2Fb", "%25", "*"))
        case 3:
            parts.append(dice.choice(("", "nope", "status", "x/y", "log", "scale", "proxy")))
        case 4:
            parts[at] = parts[at].upper()
        case _:
            parts.insert(at, dice.choice(("watch", "namespaces", "", "proxy")))
    made["target"] = "/".join(parts) or "/"


def _the_method(dice, made):
    made["method"] = dice.choice(METHODS)


def _the_type(dice, made):
    made["headers"]["content-type"] = dice.choice(TYPES)


def _the_accept(dice, made):
    made["headers"]["accept"] = dice.choice(ACCEPTS)


def _the_shape(dice, made):
    """Put something in the place of the whole object."""
    deep = dice.choice(DEPTHS)
    nested = (b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep)
    made["object"] = dice.choice((None, *nested, *WHOLES))


_SPOILS = (_a_value, _a_value, _a_value, _a_key, _a_key, _the_query, _the_query, _the_path, _the_method, _the_type,
           _the_accept, _the_shape)  # fmt: skip


def _holders(part):
    """Yield (dict or list, key) of everything inside."""
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield part, key
            yield from _holders(value)


# --- What can be garbled in the text ---


def _truncated(dice, body):
    return body[: dice.randrange(len(body))]


def _flipped(dice, body):
    at = dice.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + 1 :]


def _not_utf8(dice, body):
    at = dice.randrange(len(body))
    return body[:at] + dice.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf")) + body[at:]


def _twice(_, body):
    return body + body


def _repeated_member(_, body):
    return body[:-1] + b',"kind":"X","metadata":{"a":1}}' if body[-1:] == b"}" else body


def _zipped(dice, body):
    return gzip.compress(body, mtime=0)[: dice.choice((None, 12))]


_GARBLES = (_truncated, _truncated, _flipped, _flipped, _not_utf8, _twice, _repeated_member, _zipped)
