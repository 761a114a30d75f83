"""Who may do what: refusals, roles, escalation, questions, service accounts."""

from tests.contracts.asking import DRY, TABLE, YAML, apply, area, delete, get, merge, post, put
from tests.contracts.shapes import CLUSTER_REF, RBAC, ROLE_REF, RULE, SA, cm, o, user

case = area("access")

CASES = [
    case(
        "nobody",
        [
            step.as_user("contract-nobody")
            for step in (
                get("cm/a"),
                get("cm"),
                get("/api/v1/configmaps"),
                get("cm", watch="1"),
                post("cm", o("a")),
                put("cm/a", o("a")),
                merge("cm/a", {}),
                apply("cm/a", cm("a"), fieldManager="m"),
                delete("cm/a"),
                delete("cm"),
                get("dep/a"),
                get("dep/a/status"),
                merge("dep/a/scale", {}),
                get("node"),
                get("node/x"),
                get("w"),
                get("w/a/status"),
                get("orb"),
                post("pod/a/eviction", {}),
                post("pod/a/binding", {}),
                get("pod/a/log"),
                get("ns/$ns"),
                get("/metrics"),
                get("/healthz"),
                get("/version"),
                get("/api"),
                get("/apis"),
                get("/openapi/v2/x"),
                get("/nope"),
                get("/apis/nope.example/v1/things"),
                get("/apis/nope.example/v1/namespaces/$ns/things/a"),
                post("sa/a/token", {}),
                get("crd"),
                post("crd", {}),
                get("cm", YAML),
                get("cm", TABLE),
            )
        ],
    ),
    case(
        "granted",
        post("role", o("reader", rules=[{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"]}])),
        post("rb", o("reader", roleRef={**ROLE_REF, "name": "reader"}, subjects=[user("contract-reader")])),
        get("sec").as_user("contract-reader").once(200),
        get("sec/none").as_user("contract-reader"),
        post("sec", o("a")).as_user("contract-reader"),
        get("sec", watch="1", timeoutSeconds="1").as_user("contract-reader"),
        get("cm").as_user("contract-reader"),
        get("/api/v1/secrets").as_user("contract-reader"),
        merge(
            "role/reader",
            {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"]}]},
        ),
        get("cm/a").as_user("contract-reader").once(404),
        get("cm/b").as_user("contract-reader"),
        get("cm").as_user("contract-reader"),
        get("cm", fieldSelector="metadata.name=a").as_user("contract-reader"),
    ),
    case(
        "escalation",
        post("role", o("maker", rules=[{"verbs": ["*"], "apiGroups": [RBAC], "resources": ["roles", "rolebindings"]}])),
        post("rb", o("maker", roleRef={**ROLE_REF, "name": "maker"}, subjects=[user("contract-maker")])),
        get("role").as_user("contract-maker").once(200),
        post("role", o("more", rules=[RULE])).as_user("contract-maker"),
        post("role", o("more", rules=[RULE, {**RULE, "apiGroups": ["apps"], "verbs": ["a", "b"]}])).as_user(
            "contract-maker"
        ),
        post("role", o("same", rules=[{"verbs": ["get"], "apiGroups": [RBAC], "resources": ["roles"]}])).as_user(
            "contract-maker"
        ),
        merge("role/same", {"rules": [RULE]}).as_user("contract-maker"),
        post("rb", o("b", roleRef={**CLUSTER_REF, "name": "cluster-admin"}, subjects=[user("x")])).as_user(
            "contract-maker"
        ),
        post("rb", o("b", roleRef={**ROLE_REF, "name": "none"}, subjects=[user("x")])).as_user("contract-maker"),
        post("rb", o("b", roleRef={**ROLE_REF, "name": "maker"}, subjects=[user("x")])).as_user("contract-maker"),
    ),
    case(
        "questions",
        [
            post(kind, {"spec": spec})
            for kind, spec in (
                ("ssar", {"resourceAttributes": {"verb": "get", "resource": "pods"}}),
                ("ssar", {"nonResourceAttributes": {"verb": "get", "path": "/healthz"}}),
                ("ssar", {}),
                (
                    "ssar",
                    {"resourceAttributes": {"verb": "get"}, "nonResourceAttributes": {"verb": "get", "path": "/"}},
                ),
                ("sar", {"resourceAttributes": {"verb": "get", "resource": "pods"}, "user": "contract-nobody"}),
                ("sar", {"resourceAttributes": {"verb": "get", "resource": "pods"}, "groups": ["system:masters"]}),
                ("sar", {"resourceAttributes": {"verb": "get", "resource": "pods"}}),
                (
                    "sar",
                    {
                        "nonResourceAttributes": {"verb": "get", "path": "/api"},
                        "user": "u",
                        "groups": ["system:authenticated"],
                    },
                ),
                ("lsar", {"resourceAttributes": {"namespace": "$ns", "verb": "get", "resource": "pods"}, "user": "u"}),
                (
                    "lsar",
                    {"resourceAttributes": {"namespace": "other", "verb": "get", "resource": "pods"}, "user": "u"},
                ),
                ("lsar", {"nonResourceAttributes": {"verb": "get", "path": "/"}, "user": "u"}),
                ("ssrr", {}),
                ("ssrr", {"namespace": "$ns"}),
                ("tr", {}),
                ("tr", {"token": "nonsense"}),
            )
        ],
        post("ssr", {}).as_user("contract-nobody"),
        post("ssar", {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}).as_user("contract-nobody"),
        post("ssrr", {"spec": {"namespace": "$ns"}}).as_user("contract-nobody"),
        post("sar", {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}, "user": "u"}}).as_user(
            "contract-nobody"
        ),
        post("ssar", {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}, **DRY),
        post("ssar", {"kind": "Odd", "apiVersion": "authorization.k8s.io/v1", "spec": {}}),
        get("ssar"),
        get("sar/x"),
    ),
    case(
        "accounts",
        SA,
        post("ssr", {}).as_user("system:serviceaccount:$ns:sa"),
        get("cm").as_user("system:serviceaccount:$ns:sa"),
        post("role", o("r", rules=[RULE])),
        post(
            "rb",
            o(
                "r",
                roleRef={**ROLE_REF, "name": "r"},
                subjects=[{"kind": "ServiceAccount", "name": "sa", "namespace": "$ns"}],
            ),
        ),
        get("pod").as_user("system:serviceaccount:$ns:sa").once(200),
        get("pod").as_user("system:serviceaccount:$ns:other"),
        get("pod").as_user("system:anonymous"),
        get("/version").as_user("system:anonymous"),
        get("/api").as_user("system:anonymous"),
    ),
]
