"""The objects that cases send: short functions for the kinds that come often, and the CRDs that every case may use."""

from tests.contracts.asking import DRY, GROUP, post


def o(name, **rest):
    """Return an object of a name."""
    meta = rest.pop("meta", {})
    return {"metadata": {"name": name, **meta}, **rest}


def of(api_version, kind, name, **rest):
    """Return an object with its kind, as apply wants it."""
    return {"apiVersion": api_version, "kind": kind, **o(name, **rest)}


def cm(name, **rest):
    """Return a ConfigMap with its kind."""
    return of("v1", "ConfigMap", name, **rest)


def w(name, /, **spec):
    """Return a Widget."""
    return of(f"{GROUP}/v1", "Widget", name, spec=spec)


def f(name, /, **spec):
    """Return a Formula."""
    return of(f"{GROUP}/v1", "Formula", name, spec=spec)


def pod(**spec):
    """Return the spec of a Pod that nobody schedules."""
    fixed = {"serviceAccountName": "sa", "automountServiceAccountToken": False, "schedulerName": "nobody"}
    return {"containers": [c("c")], **fixed, **spec}


def c(name, **rest):
    """Return a container."""
    return {"name": name, "image": "i", **rest}


def t(*containers, labels=None, **spec):
    """Return a template of Pods."""
    return {"metadata": {"labels": labels or {"a": "b"}}, "spec": {"containers": list(containers) or [c("c")], **spec}}


def template(*containers, **spec):
    """Return a PodTemplate with its kind."""
    return of("v1", "PodTemplate", "t", template=t(*containers, **spec))


def workload(**spec):
    """Return the spec of a Deployment or the like."""
    return {"selector": {"matchLabels": {"a": "b"}}, "template": t(), **spec}


def dry(path, *specs, name="a", **query):
    """Return dry creations of one kind, one for each spec."""
    return [post(path, o(name, spec=spec), **DRY, **query) for spec in specs]


def dry_objects(path, *objects, **query):
    """Return dry creations of one kind, one for each object without its metadata."""
    return [post(path, {"metadata": {"name": "a"}, **one}, **DRY, **query) for one in objects]


SA = post("sa", o("sa"))
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


def spec_schema(properties, **rest):
    """Return the schema of a kind whose spec has these properties."""
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties, **rest}}}


def version(name="v1", schema=SCHEMA, *, storage=True, **rest):
    """Return a version of a CRD."""
    return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}, **rest}


def definition(plural, kind, *versions, scope="Namespaced", **rest):
    """Return a CRD."""
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "shortNames": [f"{plural[:3]}z"]}
    spec = {"group": GROUP, "scope": scope, "names": names, "versions": list(versions), **rest}
    return of("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{GROUP}", spec=spec)


def gadgets(schema=SCHEMA, **rest):
    """Return a CRD that is only ever created dry."""
    return definition("gadgets", "Gadget", version(schema=schema, **rest))


def rule(text, **rest):
    """Return a validation rule as a schema's part."""
    return {"x-kubernetes-validations": [{"rule": text, **rest}]}


STRING, INTEGER, OBJECT = {"type": "string"}, {"type": "integer"}, {"type": "object"}
STRINGS = {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 20}
FORMULA = spec_schema(
    {
        "plain": {**INTEGER, **rule("self > 1")},
        "told": {**INTEGER, **rule("self > 1", message="must be more than one", reason="FieldValueForbidden")},
        "spoken": {**INTEGER, **rule("self > 1", messageExpression="self < 0 ? 'negative' : 'too few'")},
        "once": {**STRING, **rule("self == oldSelf", message="cannot change")},
        "grows": {**INTEGER, **rule("!oldSelf.hasValue() || self >= oldSelf.value()", optionalOldSelf=True)},
        "range": {
            "type": "object",
            "properties": {"low": INTEGER, "high": INTEGER},
            **rule("self.low <= self.high", fieldPath=".high", message="is below low"),
        },
        "words": {**STRINGS, **rule("self.all(x, x.startsWith('w'))")},
        "unique": {**STRINGS, **rule("self.all(x, self.exists_one(y, x == y))", message="a word comes twice")},
        "url": {**STRING, "maxLength": 100, **rule("isURL(self) && url(self).getScheme() == 'https'")},
        "amount": {**STRING, "maxLength": 20, **rule("isQuantity(self) && quantity(self).isLessThan(quantity('2Gi'))")},
        "address": {**STRING, "maxLength": 50, **rule("isIP(self) && cidr('10.0.0.0/8').containsIP(self)")},
        "label": {**STRING, "maxLength": 99, **rule("!format.dns1123Label().validate(self).hasValue()")},
        "semver": {**STRING, "maxLength": 20, **rule("isSemver(self) && semver(self).isGreaterThan(semver('1.2.3'))")},
        "lasts": {**STRING, "format": "duration", **rule("self <= duration('1h')")},
        "when": {**STRING, "format": "date-time", **rule("self.getFullYear() > 2000")},
        "found": {**STRING, "maxLength": 50, **rule("self.find('[0-9]+') == '42'")},
        "parts": {**STRING, "maxLength": 50, **rule("self.split('-').size() == 3 && self.lowerAscii() == self")},
        "crash": {**STRINGS, **rule("self[3] == 'x'")},
        "ratio": {**INTEGER, **rule("10 / self > 1")},
        "kept": {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 9},
            "maxProperties": 9,
            **rule("self.all(k, k.size() < 4)"),
        },
        "either": {"x-kubernetes-int-or-string": True, **rule("type(self) == int ? self > 0 : self == 'auto'")},
        "inner": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
            **rule("self.metadata.name.startsWith('in')"),
        },
        "maybe": {"type": "object", "properties": {"a": STRING}, **rule("self.?a.orValue('b') == 'b'")},
        "keyed": {
            "type": "array",
            "maxItems": 9,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {
                "type": "object",
                "required": ["k"],
                "properties": {
                    "k": {**STRING, "maxLength": 9},
                    "v": {**INTEGER, **rule("self >= oldSelf", message="must not fall")},
                },
            },
        },
        "grown": {**STRINGS, **rule("oldSelf.all(x, x in self)", message="words may only be added")},
    }
)
FORMATS = ("byte", "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri", "cidr", "mac")
RELIC = spec_schema({"old": STRING, "shared": {**STRING, "default": "one"}})
RELIC2 = spec_schema({"new": STRING, "shared": {**STRING, "default": "two"}})
ORB = spec_schema(
    {
        **{form: {**STRING, "format": form} for form in FORMATS},
        "int32": {**INTEGER, "format": "int32"},
        "float": {"type": "number", "format": "float"},
        "steps": {"type": "number", "multipleOf": 0.5, "exclusiveMinimum": True, "minimum": 0},
        "list": {**STRINGS, "minItems": 1, "maxItems": 2},
        "map": {"type": "object", "additionalProperties": INTEGER, "minProperties": 1, "maxProperties": 2},
        "atomic": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": STRING},
        "any": {"x-kubernetes-preserve-unknown-fields": True},
        "nothing": {"type": "object", "nullable": True, "properties": {"a": {**STRING, "default": "x"}}},
        "deep": {"type": "object", "default": {}, "properties": {"a": {**STRING, "default": "x"}}},
        "flat": {"type": "object", "properties": {"a": {**STRING, "default": "x"}}},
        "inner": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": OBJECT}},
        "choice": {"type": "object", "properties": {"a": STRING, "b": STRING}, "oneOf": [
            {"required": ["a"]}, {"required": ["b"]}]},
        "any-of": {"type": "integer", "anyOf": [{"minimum": 10}, {"maximum": 1}]},
        "all-of": {"type": "integer", "allOf": [{"minimum": 2}, {"maximum": 5}]},
        "none": {"type": "string", "not": {"enum": ["no"]}},
        "flag": {"type": "boolean"},
    }
)  # fmt: skip
SUBRESOURCES = {
    "status": {},
    "scale": {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    },
}
COLUMNS = [
    {"name": "Low", "type": "integer", "jsonPath": ".spec.range.low", "priority": 1},
    {"name": "Words", "type": "string", "jsonPath": ".spec.words[*]"},
    {"name": "First", "type": "string", "jsonPath": ".spec.words[0]"},
    {"name": "When", "type": "date", "jsonPath": ".spec.when"},
    {"name": "Made", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Value", "type": "integer", "jsonPath": '.spec.keyed[?(@.k=="a")].v'},
]
WIDGETS = definition(
    "widgets",
    "Widget",
    version(
        subresources=SUBRESOURCES,
        additionalPrinterColumns=[{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
        selectableFields=[{"jsonPath": ".spec.mode"}],
    ),
)
DEFINITIONS = [
    WIDGETS,
    definition("formulas", "Formula", version(schema=FORMULA, additionalPrinterColumns=COLUMNS)),
    definition(
        "relics",
        "Relic",
        version("v1", RELIC, storage=False, deprecated=True),
        version("v2", RELIC2),
        conversion={"strategy": "None"},
    ),
    definition("orbs", "Orb", version(schema=ORB), scope="Cluster"),
]


def owner(**change):
    """Return an owner reference."""
    return {"apiVersion": "v1", "kind": "X", "name": "n", "uid": "1", **change}


def orb(**spec):
    """Return an Orb."""
    return of(f"{GROUP}/v1", "Orb", "a", spec=spec)


def service(**spec):
    """Return a headless Service with its kind."""
    return of("v1", "Service", "s", spec={"clusterIP": "None", **spec})


def scale(name, replicas):
    """Return a Scale."""
    return of("autoscaling/v1", "Scale", name, spec={"replicas": replicas})


def eviction(name):
    """Return an Eviction."""
    return of("policy/v1", "Eviction", name)


def user(name):
    """Return a binding's subject."""
    return {"kind": "User", "name": name, "apiGroup": RBAC}


RBAC = "rbac.authorization.k8s.io"
RULE = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
ROLE_REF = {"apiGroup": RBAC, "kind": "Role", "name": "x"}
CLUSTER_REF = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
VOLUME = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
BACKEND = {"service": {"name": "s", "port": {"number": 80}}}
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}
RULES = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
HOOK = {
    "name": "a.b.c",
    "clientConfig": {"url": "https://x.example"},
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}
POLICY = {
    "matchConstraints": {"resourceRules": [RULES]},
    "validations": [{"expression": "object.metadata.name != 'x'"}],
}
