"""Custom resources: schemas, formats, embedded resources, versions, and the life of a definition."""

from tests.contracts.asking import DRY, GROUP, PARTIALS, apply, area, delete, get, merge, post, put
from tests.contracts.shapes import (
    INTEGER,
    OBJECT,
    STRING,
    definition,
    gadgets,
    o,
    of,
    orb,
    rule,
    spec_schema,
    version,
    w,
)

case = area("crds")

CASES = [
    case(
        "defaults-and-pruning",
        [
            post("w", w("a", size=1, gone=1, free={"kept": 1}, parts=[{"id": "a"}])),
            post("w", w("b", size=1, gone=1), fieldValidation="Strict"),
            post("w", w("c", size=1, gone=1), fieldValidation="Warn"),
        ],
    ),
    case(
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
    case(
        "rules",
        [
            post("w", w("a", size=1, name="x")),
            post("w", w("a", size=2, name="x", fixed="f")),
            merge("w/a", {"spec": {"fixed": "g"}}),
            merge("w/a", {"spec": {"size": 1}}),
        ],
    ),
    case(
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
    case(
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
    case(
        "structure",
        [
            post("crd", gadgets(s), **DRY)
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
    case(
        "names",
        [
            post("crd", {**gadgets(), "metadata": {"name": "wrong"}}, **DRY),
            post("crd", definition("Gadgets", "gadget", version()), **DRY),
            post("crd", gadgets(storage=False), **DRY),
            post("crd", gadgets(), **DRY),
        ],
    ),
    case(
        "formats",
        [
            post("orb", orb(**{form: value}), **DRY)
            for form, good in (
                ("byte", "eA=="),
                ("date", "2020-01-31"),
                ("date-time", "2020-01-31T00:00:00Z"),
                ("duration", "1h5m"),
                ("email", "a@b.example"),
                ("hostname", "a.example"),
                ("ipv4", "1.2.3.4"),
                ("ipv6", "::1"),
                ("uuid", "01234567-89ab-4def-8123-456789abcdef"),
                ("uri", "https://a.example/b"),
                ("cidr", "10.0.0.0/8"),
                ("mac", "01:23:45:67:89:ab"),
            )
            for value in (good, "not a " + form)
        ],
    ),
    case(
        "keywords",
        [
            post("orb", orb(**spec), **DRY)
            for spec in (
                {"int32": 2147483648},
                {"int32": 1.0},
                {"float": 1.5},
                {"float": "x"},
                {"steps": 0.75},
                {"steps": 0},
                {"steps": 1.5},
                {"list": []},
                {"list": ["a", "b", "c"]},
                {"list": "a"},
                {"list": [1]},
                {"list": [None]},
                {"map": {}},
                {"map": {"a": 1, "b": 2, "c": 3}},
                {"map": {"a": "x"}},
                {"map": {"a": None}},
                {"map": []},
                {"any": [1, {"a": None}]},
                {"any": None},
                {"nothing": None},
                {"nothing": {}},
                {"flat": {}},
                {"flat": None},
                {"deep": None},
                {"deep": {"a": None}},
                {"choice": {}},
                {"choice": {"a": "x", "b": "y"}},
                {"choice": {"a": "x"}},
                {"any-of": 5},
                {"any-of": 0},
                {"all-of": 9},
                {"all-of": 3},
                {"none": "no"},
                {"none": "yes"},
                {"flag": "true"},
                {"flag": 1},
                {"odd": {"a": 1}},
                {"atomic": {"a": 1}},
            )
        ],
    ),
    case(
        "embedded",
        [
            post("orb", orb(inner=inner), **DRY)
            for inner in (
                {},
                {"apiVersion": "v1", "kind": "Pod"},
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "A b", "labels": {"a b": ""}}},
                {"apiVersion": "a/b/c", "kind": "", "metadata": {"name": "x"}},
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "odd": 1}, "spec": {"a": 1}, "more": 1},
                {"apiVersion": 1, "kind": "Pod"},
                {"apiVersion": "v1", "kind": "Pod", "metadata": "x"},
            )
        ],
    ),
    case(
        "versions",
        post("relic1", of(f"{GROUP}/v1", "Relic", "a", spec={"old": "x", "new": "y"})),
        get("relic2/a"),
        get("relic1/a"),
        post("relic2", of(f"{GROUP}/v2", "Relic", "b", spec={"old": "x", "new": "y"})),
        get("relic1/b"),
        get("relic1", PARTIALS),
        post("relic1", of(f"{GROUP}/v2", "Relic", "c")),
        merge("relic1/b", {"spec": {"shared": "three"}}),
        get("relic2/b"),
        apply("relic2/b", of(f"{GROUP}/v2", "Relic", "b", spec={"new": "z"}), fieldManager="m"),
        post("relic1", of(f"{GROUP}/v1", "Relic", "d", spec={"old": 1})),
        get("relic2"),
    ),
    case(
        "structures",
        [
            post("crd", gadgets({"type": "object", **schema}), **DRY)
            for schema in (
                {"properties": {"a": {"type": "object", "additionalProperties": STRING, "properties": {"b": STRING}}}},
                {"additionalProperties": False},
                {"properties": {"a": {"type": "string", "format": "odd", "pattern": "["}}},
                {"properties": {"a": {"type": "integer", "minLength": 1, "maximum": 1, "minimum": 5}}},
                {"properties": {"a": {"type": "string", "nullable": True, "default": None}}},
                {"properties": {"a": {"type": "object", "default": {"b": 1}, "properties": {"b": STRING}}}},
                {"properties": {"a": {"type": "object", "default": {"odd": 1}, "properties": {"b": STRING}}}},
                {"properties": {"a": {"type": "array", "items": [STRING]}}},
                {"properties": {"a": {"type": "array", "items": STRING, "uniqueItems": True}}},
                {"properties": {"a": {"type": "array", "items": STRING, "x-kubernetes-list-type": "odd"}}},
                {"properties": {"a": {"type": "array", "items": STRING, "x-kubernetes-list-type": "map"}}},
                {"properties": {"a": {"type": "array", "items": OBJECT, "x-kubernetes-list-type": "set"}}},
                {
                    "properties": {
                        "a": {
                            "type": "array",
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["k"],
                            "items": {"type": "object", "properties": {"k": STRING}},
                        }
                    }
                },
                {
                    "properties": {
                        "a": {
                            "type": "array",
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["z"],
                            "items": {"type": "object", "properties": {"k": STRING}, "required": ["k"]},
                        }
                    }
                },
                {"properties": {"a": {"type": "string", "x-kubernetes-map-type": "atomic"}}},
                {"properties": {"a": {"type": "object", "x-kubernetes-map-type": "odd"}}},
                {"properties": {"a": {"type": "string", "x-kubernetes-int-or-string": True}}},
                {"properties": {"a": {"type": "string", "x-kubernetes-preserve-unknown-fields": True}}},
                {"properties": {"a": {"x-kubernetes-embedded-resource": True}}},
                {"properties": {"a": {"type": "object", "x-kubernetes-embedded-resource": True}}},
                {"properties": {"a": {"anyOf": [{"type": "string"}]}}},
                {"properties": {"a": {"type": "string", "anyOf": [{"type": "string"}]}}},
                {"properties": {"a": {"type": "string", "not": {"default": "x"}}}},
                {"properties": {"a": {"$ref": "#/definitions/x"}}},
                {"properties": {"metadata": {"type": "object", "properties": {"labels": OBJECT}}}},
                {
                    "properties": {
                        "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}}
                    }
                },
                {"properties": {"apiVersion": INTEGER}},
                {"properties": {"a": {"type": "string", "enum": [1]}}},
                {"properties": {"a": {"type": "string", "minimum": "x"}}},
                {"required": ["a", "a"]},
                {"properties": {"a": {"type": "number", "format": "int32", "multipleOf": 0}}},
            )
        ],
    ),
    case(
        "rules-refused",
        [
            post("crd", gadgets({"type": "object", "properties": {"spec": part}}), **DRY)
            for part in (
                {**STRING, **rule("")},
                {**STRING, **rule("self")},
                {**STRING, **rule("self +")},
                {**STRING, **rule("nobody == self")},
                {**STRING, **rule("self.x == 1")},
                {**STRING, **rule("self == 1")},
                {**STRING, **rule("true", message="a\nb")},
                {**STRING, **rule("true", messageExpression="1")},
                {**STRING, **rule("true", messageExpression="self.x")},
                {**STRING, **rule("true", reason="Odd")},
                {**STRING, **rule("true", fieldPath=".x")},
                {**STRING, **rule("true", optionalOldSelf=True)},
                {**STRING, **rule("oldSelf.hasValue()", optionalOldSelf=True)},
                {"type": "array", "items": STRING, **rule("self.all(x, self.all(y, x == y))")},
                {"type": "array", "items": {**STRING, **rule("self.matches('^a')")}},
                {"type": "array", "items": {**STRING, **rule("self == oldSelf")}},
                {
                    "type": "object",
                    "additionalProperties": {"type": "array", "items": {**STRING, **rule("self != ''")}},
                },
                {
                    "type": "object",
                    "properties": {"a-b": STRING, "in": STRING},
                    **rule("self.a__dash__b == self.__in__"),
                },
                {"type": "object", "properties": {"a-b": STRING}, **rule("self.a-b == 1")},
                {"type": "object", "x-kubernetes-preserve-unknown-fields": True, **rule("self.x == 1")},
                {**INTEGER, **rule("self.matches('a')")},
                {**STRING, **rule("self.matches('[')")},
                {**STRING, **rule("dyn(self) == 1")},
                {**STRING, "x-kubernetes-validations": [{"rule": "true"}, {"rule": "false", "message": " "}]},
            )
        ],
    ),
    case(
        "definitions",
        post("crd", o(f"gadgets.{GROUP}"), **DRY),
        post("crd", o(f"gadgets.{GROUP}", spec={}), **DRY),
        [
            post("crd", changed, **DRY)
            for changed in (
                definition("gadgets", "Gadget"),
                definition("gadgets", "Gadget", version(), version()),
                definition("gadgets", "Gadget", version(), version("v2", storage=False)),
                definition("gadgets", "Gadget", version("V1")),
                definition("gadgets", "Gadget", version(), scope="Odd"),
                definition("gadgets", "Gadget", version(storage=False), version("v2", storage=False)),
                definition("gadgets", "Gadget", {**version(), "served": False}),
                definition("gadgets", "Gadget", {"name": "v1", "served": True, "storage": True}),
                definition("gadgets", "Gadget", version(), conversion={"strategy": "Odd"}),
                definition("gadgets", "Gadget", version(), conversion={"strategy": "Webhook"}),
                definition("gadgets", "Gadget", version(), conversion={"strategy": "None", "webhook": {}}),
                definition("gadgets", "Gadget", version(), preserveUnknownFields=True),
                definition("gadgets", "Gadget", version(), group=""),
                definition("gadgets", "Gadget", version(deprecationWarning="x")),
                definition("gadgets", "Gadget", version(deprecated=True, deprecationWarning="x" * 300)),
                definition("gadgets", "Gadget", version(subresources={"scale": {}})),
                definition(
                    "gadgets",
                    "Gadget",
                    version(
                        subresources={
                            "scale": {
                                "specReplicasPath": ".status.x",
                                "statusReplicasPath": ".spec.x",
                                "labelSelectorPath": "x",
                            }
                        }
                    ),
                ),
                definition("gadgets", "Gadget", version(additionalPrinterColumns=[{}])),
                definition(
                    "gadgets",
                    "Gadget",
                    version(
                        additionalPrinterColumns=[
                            {"name": "a", "type": "odd", "jsonPath": "x", "format": "odd", "priority": -1}
                        ]
                    ),
                ),
                definition("gadgets", "Gadget", version(selectableFields=[{"jsonPath": ".spec.none"}])),
                definition(
                    "gadgets",
                    "Gadget",
                    version(selectableFields=[{"jsonPath": ".spec.tags"}, {"jsonPath": ".spec.mode"}]),
                ),
                definition("gadgets", "Gadget", version(selectableFields=[{"jsonPath": ".spec.mode"}] * 2)),
                definition("gadgets", "Gadget", version(selectableFields=[{"jsonPath": ".metadata.name"}])),
                definition(
                    "gadgets",
                    "Gadget",
                    version(),
                    names={
                        "plural": "gadgets",
                        "kind": "Gadget",
                        "shortNames": ["A"],
                        "categories": ["B b"],
                        "listKind": "l",
                    },
                ),
                definition("gadgets", "Gadget", version(), names={"plural": "gadgets", "kind": "Gadget"}),
            )
        ],
    ),
    case(
        "life",
        post("crd", definition("beacons", "Beacon", version(schema=spec_schema({"a": STRING})))),
        get(f"/apis/{GROUP}/v1/namespaces/$ns/beacons").once(200),
        get(f"crd/beacons.{GROUP}"),
        get(f"crd/beacons.{GROUP}/status"),
        post(f"/apis/{GROUP}/v1/namespaces/$ns/beacons", of(f"{GROUP}/v1", "Beacon", "a", spec={"a": "x", "b": 1})),
        merge(f"crd/beacons.{GROUP}", {"spec": {"scope": "Cluster"}}),
        merge(f"crd/beacons.{GROUP}", {"spec": {"names": {"kind": "Other"}}}),
        merge(f"crd/beacons.{GROUP}", {"spec": {"group": "other"}}),
        merge(f"crd/beacons.{GROUP}", {"spec": {"versions": []}}),
        merge(f"crd/beacons.{GROUP}", {"status": {"storedVersions": []}}),
        merge(f"crd/beacons.{GROUP}/status", {"status": {"storedVersions": []}}),
        merge(f"crd/beacons.{GROUP}", {"metadata": {"labels": {"l": "1"}}}),
        put(f"crd/beacons.{GROUP}", definition("beacons", "Beacon", version())),
        delete(f"crd/beacons.{GROUP}"),
        get(f"/apis/{GROUP}/v1/namespaces/$ns/beacons").once(404),
        get(f"crd/beacons.{GROUP}").once(404),
    ),
]
