"""What a case is made of: requests, each a line of data, and the short names of where they go.

A path is short for a collection in the case's own namespace (`cm/a` is a ConfigMap), or absolute. In paths, queries and
bodies `$rv`, `$uid` and `$continue` stand for what the last answer with metadata said, `$first` for the first
resourceVersion that the case met, `$ns` for its namespace.
"""

from typing import NamedTuple

GROUP = "contracts.levelset.example"
CORE, NAMED = "/api/v1", "namespaces/$ns"
PATHS = {
    "cm": f"{CORE}/{NAMED}/configmaps",
    "svc": f"{CORE}/{NAMED}/services",
    "pod": f"{CORE}/{NAMED}/pods",
    "sec": f"{CORE}/{NAMED}/secrets",
    "sa": f"{CORE}/{NAMED}/serviceaccounts",
    "pt": f"{CORE}/{NAMED}/podtemplates",
    "lr": f"{CORE}/{NAMED}/limitranges",
    "quota": f"{CORE}/{NAMED}/resourcequotas",
    "pvc": f"{CORE}/{NAMED}/persistentvolumeclaims",
    "rc": f"{CORE}/{NAMED}/replicationcontrollers",
    "ep": f"{CORE}/{NAMED}/endpoints",
    "ev": f"{CORE}/{NAMED}/events",
    "ns": f"{CORE}/namespaces",
    "node": f"{CORE}/nodes",
    "pv": f"{CORE}/persistentvolumes",
    "dep": f"/apis/apps/v1/{NAMED}/deployments",
    "rs": f"/apis/apps/v1/{NAMED}/replicasets",
    "sts": f"/apis/apps/v1/{NAMED}/statefulsets",
    "ds": f"/apis/apps/v1/{NAMED}/daemonsets",
    "cr": f"/apis/apps/v1/{NAMED}/controllerrevisions",
    "cron": f"/apis/batch/v1/{NAMED}/cronjobs",
    "job": f"/apis/batch/v1/{NAMED}/jobs",
    "hpa": f"/apis/autoscaling/v2/{NAMED}/horizontalpodautoscalers",
    "hpa1": f"/apis/autoscaling/v1/{NAMED}/horizontalpodautoscalers",
    "lease": f"/apis/coordination.k8s.io/v1/{NAMED}/leases",
    "eps": f"/apis/discovery.k8s.io/v1/{NAMED}/endpointslices",
    "newev": f"/apis/events.k8s.io/v1/{NAMED}/events",
    "ing": f"/apis/networking.k8s.io/v1/{NAMED}/ingresses",
    "np": f"/apis/networking.k8s.io/v1/{NAMED}/networkpolicies",
    "ic": "/apis/networking.k8s.io/v1/ingressclasses",
    "ip": "/apis/networking.k8s.io/v1/ipaddresses",
    "cidr": "/apis/networking.k8s.io/v1/servicecidrs",
    "pdb": f"/apis/policy/v1/{NAMED}/poddisruptionbudgets",
    "role": f"/apis/rbac.authorization.k8s.io/v1/{NAMED}/roles",
    "rb": f"/apis/rbac.authorization.k8s.io/v1/{NAMED}/rolebindings",
    "crole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "crb": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "pc": "/apis/scheduling.k8s.io/v1/priorityclasses",
    "rtc": "/apis/node.k8s.io/v1/runtimeclasses",
    "sc": "/apis/storage.k8s.io/v1/storageclasses",
    "driver": "/apis/storage.k8s.io/v1/csidrivers",
    "csinode": "/apis/storage.k8s.io/v1/csinodes",
    "csc": f"/apis/storage.k8s.io/v1/{NAMED}/csistoragecapacities",
    "va": "/apis/storage.k8s.io/v1/volumeattachments",
    "vac": "/apis/storage.k8s.io/v1/volumeattributesclasses",
    "dc": "/apis/resource.k8s.io/v1/deviceclasses",
    "claim": f"/apis/resource.k8s.io/v1/{NAMED}/resourceclaims",
    "rct": f"/apis/resource.k8s.io/v1/{NAMED}/resourceclaimtemplates",
    "slice": "/apis/resource.k8s.io/v1/resourceslices",
    "fs": "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
    "plc": "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
    "csr": "/apis/certificates.k8s.io/v1/certificatesigningrequests",
    "api": "/apis/apiregistration.k8s.io/v1/apiservices",
    "crd": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "vwc": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "mwc": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "vap": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "vapb": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "map": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "mapb": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
    "sar": "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "ssar": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "ssrr": "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "lsar": f"/apis/authorization.k8s.io/v1/{NAMED}/localsubjectaccessreviews",
    "ssr": "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    "tr": "/apis/authentication.k8s.io/v1/tokenreviews",
    "w": f"/apis/{GROUP}/v1/{NAMED}/widgets",
    "f": f"/apis/{GROUP}/v1/{NAMED}/formulas",
    "relic1": f"/apis/{GROUP}/v1/{NAMED}/relics",
    "relic2": f"/apis/{GROUP}/v2/{NAMED}/relics",
    "orb": f"/apis/{GROUP}/v1/orbs",
}
JSON, YAML = "application/json", "application/yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
PARTIALS = PARTIAL.replace("Metadata", "MetadataList")
DRY = {"dryRun": "All"}


class Step(NamedTuple):
    """One request."""

    method: str
    path: str
    body: object = None
    query: dict = {}  # noqa: RUF012 - a tuple's default, never changed
    type: str = JSON
    accept: str = JSON
    user: str = ""
    """As whom the admin asks."""
    text: str = ""
    """The body as it is sent, where that is not JSON as we would write it."""
    until: int = 0
    """Ask again until the answer has this code: what a real server does a moment later."""

    def as_user(self, name):
        """Return the request, impersonating somebody."""
        return self._replace(user=name)

    def once(self, code):
        """Return the request, repeated until it is answered so."""
        return self._replace(until=code)


class Case(NamedTuple):
    """Requests in order, in a namespace of their own."""

    area: str
    name: str
    steps: list


def area(name):
    """Return what makes the cases of an area: `case("name", step, [step, ...], ...)`."""

    def case(title, *steps):
        flat = [inner for step in steps for inner in (step if isinstance(step, list) else [step])]
        return Case(name, title, flat)

    return case


def _path(short):
    head, _, tail = short.partition("/")
    return short if not head else PATHS[head] + (f"/{tail}" if tail else "")


def get(path, accept=JSON, **query):
    """Read."""
    return Step("GET", _path(path), query=query, accept=accept)


def watch(path, accept=JSON, **query):
    """Watch for a second."""
    return get(path, accept, watch="1", timeoutSeconds="1", **query)


def post(path, body, **query):
    """Create."""
    return Step("POST", _path(path), body, query)


def put(path, body, **query):
    """Replace."""
    return Step("PUT", _path(path), body, query)


def delete(path, body=None, **query):
    """Delete."""
    return Step("DELETE", _path(path), body, query)


def send(method, path, text, kind=JSON, **query):
    """Send a body as it is written."""
    return Step(method, _path(path), None, query, kind, text=text)


def _patch(kind):
    def patch(path, body, **query):
        return Step("PATCH", _path(path), body, query, f"application/{kind}")

    return patch


merge, strategic = _patch("merge-patch+json"), _patch("strategic-merge-patch+json")
jsonpatch, apply = _patch("json-patch+json"), _patch("apply-patch+yaml")
