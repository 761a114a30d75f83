"""Discovery: groups, resources, aggregated documents, schemas."""

from tests.contracts.asking import GROUP, YAML, area, get

case = area("discovery")
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

CASES = [
    case("roots", [get("/api"), get("/healthz"), get("/livez"), get("/readyz")]),
    case("groups", [get(f"/apis/{g}") for g in ("apps", "batch", GROUP, "nope.example")]),
    case(
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
    case(
        "more-groups",
        [
            get(f"/apis/{g}")
            for g in (
                "autoscaling",
                "policy",
                "networking.k8s.io",
                "rbac.authorization.k8s.io",
                "storage.k8s.io",
                "events.k8s.io",
                "apiextensions.k8s.io",
                "apiregistration.k8s.io",
                "admissionregistration.k8s.io",
                "certificates.k8s.io",
                "coordination.k8s.io",
                "discovery.k8s.io",
                "flowcontrol.apiserver.k8s.io",
                "node.k8s.io",
                "resource.k8s.io",
                "scheduling.k8s.io",
                "authentication.k8s.io",
                "authorization.k8s.io",
                "extensions",
            )
        ],
    ),
    case(
        "more-resources",
        [
            get(f"/apis/{v}")
            for v in (
                "events.k8s.io/v1",
                "apiextensions.k8s.io/v1",
                "apiregistration.k8s.io/v1",
                "admissionregistration.k8s.io/v1",
                "certificates.k8s.io/v1",
                "discovery.k8s.io/v1",
                "flowcontrol.apiserver.k8s.io/v1",
                "node.k8s.io/v1",
                "resource.k8s.io/v1",
                "scheduling.k8s.io/v1",
                "authentication.k8s.io/v1",
                "authorization.k8s.io/v1",
                "autoscaling/v1",
                f"{GROUP}/v2",
                f"{GROUP}/v9",
                "storage.k8s.io/v1beta1",
            )
        ],
    ),
    case(
        "aggregated",
        get("/api", AGGREGATED),
        get("/apis", AGGREGATED),
        get("/apis", AGGREGATED.replace("v=v2;", "v=v2beta1;")),
        get("/apis/apps", AGGREGATED),
        get("/apis", YAML),
        get("/apis"),
        get("/api/v1", "text/html"),
    ),
    case(
        "others",
        get("/version"),
        get("/healthz/ping"),
        get("/readyz/nothing"),
        get("/livez/ping"),
        get("/nope/at/all"),
        get("/openapi/v9"),
        get("/openapi/v3/apis/nope/v1"),
        get("/api/v1/namespaces/$ns"),
        get("/swagger.json"),
        get("/openapi/v3/api/v1", "text/html"),
    ),
]
