"""Admission: webhooks and policies as they are configured and at work, namespaces, limits, quotas."""

from tests.contracts.asking import DRY, apply, area, delete, merge, post, put
from tests.contracts.shapes import CLAIM, HOOK, POLICY, RULES, SA, c, cm, o, pod

case = area("admission")
DENIES = {
    "failurePolicy": "Fail",
    "matchConstraints": {"resourceRules": [{**RULES, "operations": ["CREATE", "UPDATE"]}]},
    "variables": [{"name": "keys", "expression": "object.?data.orValue({})"}],
    "validations": [
        {"expression": "!('bad' in variables.keys)", "message": "bad is bad", "reason": "Invalid"},
        {"expression": "!('worse' in variables.keys)", "messageExpression": "'worse in ' + object.metadata.name"},
        {"expression": "!('error' in variables.keys) || object.data.none == 'x'"},
    ],
}
AWAY = {
    **HOOK,
    "name": "away.contracts.example",
    "clientConfig": {"url": "https://127.0.0.1:9/x"},
    "rules": [RULES],
    "timeoutSeconds": 5,
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "$ns"}},
}

CASES = [
    case(
        "webhook-configurations",
        [
            post("vwc", o("contract-vwc", webhooks=h), **DRY)
            for h in (
                [{}],
                [
                    {
                        "name": "a.b.c",
                        "clientConfig": {"url": "http://x"},
                        "sideEffects": "None",
                        "admissionReviewVersions": ["v1"],
                    }
                ],
                [
                    {
                        "name": "short",
                        "clientConfig": {"url": "https://x"},
                        "sideEffects": "Some",
                        "admissionReviewVersions": ["v1"],
                    }
                ],
                [
                    {
                        "name": "a.b.c",
                        "clientConfig": {"url": "https://x.example"},
                        "sideEffects": "None",
                        "admissionReviewVersions": ["v1"],
                    }
                ],
            )
        ],
    ),
    case(
        "policies",
        [
            post("vap", o("contract-vap", spec=s), **DRY)
            for s in (
                {},
                {"validations": [{"expression": "true"}]},
                {
                    "matchConstraints": {
                        "resourceRules": [
                            {
                                "apiGroups": [""],
                                "apiVersions": ["v1"],
                                "operations": ["CREATE"],
                                "resources": ["configmaps"],
                            }
                        ]
                    },
                    "validations": [{"expression": "object.metadata.name != 'x'"}],
                },
                {
                    "matchConstraints": {
                        "resourceRules": [
                            {
                                "apiGroups": [""],
                                "apiVersions": ["v1"],
                                "operations": ["CREATE"],
                                "resources": ["configmaps"],
                            }
                        ]
                    },
                    "validations": [{"expression": "1 +"}],
                },
            )
        ],
    ),
    case(
        "namespaces",
        [
            delete("ns/default"),
            delete("ns/kube-system"),
            post("ns", o("Bad_Name")),
            post("ns", o("contract-dry"), **DRY),
        ],
    ),
    case(
        "limits",
        [
            post(
                "lr", o("a", spec={"limits": [{"type": "Container", "default": {"cpu": "200m"}, "max": {"cpu": "1"}}]})
            ),
            SA,
            post("pod", o("a", spec=pod())),
            post("pod", o("b", spec=pod(containers=[c("c", resources={"limits": {"cpu": "2"}})]))),
        ],
    ),
    case(
        "priority",
        [
            SA,
            post("pod", o("a", spec=pod(priorityClassName="none-such"))),
            post("pod", o("b", spec=pod(priorityClassName="system-node-critical"))),
            post("pod", o("c", spec=pod(runtimeClassName="none-such"))),
        ],
    ),
    case(
        "webhook-refusals",
        [
            post("vwc", o("contract-vwc", webhooks=[{**HOOK, **change}]), **DRY)
            for change in (
                {
                    "rules": [
                        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
                    ]
                },
                {"rules": [{"operations": [], "apiGroups": [], "apiVersions": [], "resources": []}]},
                {"rules": [{"operations": ["ODD"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["a/b/c"]}]},
                {
                    "rules": [
                        {
                            "operations": ["*", "CREATE"],
                            "apiGroups": ["*", ""],
                            "apiVersions": ["*"],
                            "resources": ["*"],
                        }
                    ]
                },
                {"rules": [{**RULES, "scope": "Odd"}]},
                {"timeoutSeconds": 31},
                {"timeoutSeconds": 0},
                {"failurePolicy": "Odd"},
                {"matchPolicy": "Odd"},
                {"sideEffects": "Unknown"},
                {"admissionReviewVersions": ["v2"]},
                {"admissionReviewVersions": ["v1", "v1"]},
                {"clientConfig": {"url": "https://x", "service": {"name": "s", "namespace": "n"}}},
                {"clientConfig": {"service": {"name": "", "namespace": ""}}},
                {"clientConfig": {"service": {"name": "s", "namespace": "n", "port": 0, "path": "no-slash"}}},
                {"clientConfig": {"url": "https://x?a=b"}},
                {"clientConfig": {"url": "https://u:p@x#f"}},
                {"clientConfig": {"url": ":"}},
                {"namespaceSelector": {"matchLabels": {"a b": ""}}},
                {"matchConditions": [{"name": "a", "expression": "1 +"}]},
                {"matchConditions": [{"name": "a", "expression": "1"}]},
                {"matchConditions": [{"name": "", "expression": ""}]},
                {"matchConditions": [{"name": "a", "expression": "true"}] * 2},
                {"name": "A.b.c"},
            )
        ],
        post("vwc", o("contract-vwc", webhooks=[HOOK, HOOK]), **DRY),
        post("vwc", o("contract-vwc"), **DRY),
        [
            post("mwc", o("contract-mwc", webhooks=[{**HOOK, **change}]), **DRY)
            for change in ({}, {"reinvocationPolicy": "Odd"}, {"sideEffects": None}, {"rules": [RULES]})
        ],
    ),
    case(
        "policy-refusals",
        [
            post("vap", o("contract-vap", spec={**POLICY, **change}), **DRY)
            for change in (
                {},
                {"validations": []},
                {"validations": [{"expression": ""}]},
                {"validations": [{"expression": "object.x"}]},
                {"validations": [{"expression": "nobody == 1"}]},
                {"validations": [{"expression": "true", "messageExpression": "1"}]},
                {"validations": [{"expression": "true", "messageExpression": "'a' +"}]},
                {"validations": [{"expression": "true", "reason": "Odd"}]},
                {"validations": [{"expression": "true", "message": "a\nb"}]},
                {"failurePolicy": "Odd"},
                {"paramKind": {"apiVersion": "v1", "kind": ""}},
                {
                    "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
                    "validations": [{"expression": "params.x == 1"}],
                },
                {"matchConstraints": {"resourceRules": []}},
                {"matchConstraints": {"resourceRules": [{}]}},
                {"matchConstraints": {"resourceRules": [{**RULES, "operations": ["CONNECT", "*"]}]}},
                {"matchConditions": [{"name": "a b", "expression": "true"}]},
                {"variables": [{"name": "v", "expression": "1"}], "validations": [{"expression": "variables.v == 1"}]},
                {"variables": [{"name": "1v", "expression": "1"}]},
                {"variables": [{"name": "v", "expression": "variables.v"}]},
                {"auditAnnotations": [{"key": "a", "valueExpression": "'x'"}], "validations": []},
                {"auditAnnotations": [{"key": "a b", "valueExpression": "1"}]},
            )
        ],
        [
            post("vapb", o("contract-vapb", spec=spec), **DRY)
            for spec in (
                {},
                {"policyName": "p"},
                {"policyName": "p", "validationActions": ["Deny"]},
                {"policyName": "p", "validationActions": ["Deny", "Warn"]},
                {"policyName": "p", "validationActions": ["Odd"]},
                {"policyName": "P p", "validationActions": ["Audit"]},
                {"policyName": "p", "validationActions": ["Deny"], "paramRef": {"name": "a", "selector": {}}},
                {"policyName": "p", "validationActions": ["Deny"], "paramRef": {"name": "a"}},
            )
        ],
    ),
    case(
        "policy-at-work",
        post("vap", o("contract-denies", spec=DENIES)),
        post(
            "vapb",
            o(
                "contract-denies",
                spec={
                    "policyName": "contract-denies",
                    "validationActions": ["Deny"],
                    "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "$ns"}}},
                },
            ),
        ),
        post("cm", o("probe", data={"bad": "1"}), **DRY).once(422),
        post("cm", o("a", data={"bad": "1"})),
        post("cm", o("a", data={"worse": "1"})),
        post("cm", o("a", data={"bad": "1", "worse": "1"})),
        post("cm", o("a", data={"error": "1"})),
        post("cm", o("a", data={"good": "1"})),
        merge("cm/a", {"data": {"bad": "1"}}),
        apply("cm/a", cm("a", data={"bad": "1"}), fieldManager="m"),
        delete("cm/a"),
        delete("vapb/contract-denies"),
        delete("vap/contract-denies"),
    ),
    case(
        "webhook-at-work",
        post("vwc", o("contract-refuses", webhooks=[AWAY])),
        post("cm", o("probe"), **DRY).once(500),
        post("cm", o("a")),
        apply("cm/a", cm("a"), fieldManager="m"),
        post("sec", o("a")),
        delete("vwc/contract-refuses"),
    ),
    case(
        "quotas",
        post("quota", o("q", spec={"hard": {"configmaps": "x"}})),
        [
            post("quota", o("q", spec=spec), **DRY)
            for spec in (
                {"hard": {"pods": "-1"}},
                {"hard": {"odd": "1"}},
                {"hard": {"count/secrets": "1"}},
                {"hard": {"pods": "1.5"}},
                {"scopes": ["Odd"]},
                {"scopes": ["BestEffort", "NotBestEffort"]},
                {"scopes": ["BestEffort"], "hard": {"cpu": "1"}},
                {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "Odd"}]}},
            )
        ],
    ),
    case(
        "limit-ranges",
        post(
            "lr",
            o("a", spec={"limits": [{"type": "Container", "defaultRequest": {"memory": "1Mi"}, "min": {"cpu": "1m"}}]}),
        ),
        SA,
        post("pod", o("a", spec=pod()), **DRY),
        post("pod", o("a", spec=pod(containers=[c("c", resources={"requests": {"cpu": "2m"}})])), **DRY),
        post("lr", o("b", spec={"limits": [{"type": "Pod", "max": {"memory": "10Mi"}}]})),
        post("pod", o("a", spec=pod(containers=[c("c", resources={"limits": {"memory": "20Mi", "cpu": "1"}})])), **DRY),
        post("lr", o("d", spec={"limits": [{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}}]})),
        post("pvc", o("a", spec=CLAIM), **DRY),
    ),
    case(
        "terminating",
        post("cm", o("a", meta={"finalizers": ["x.example/f"]})),
        delete("ns/$ns"),
        post("cm", o("b")),
        apply("cm/b", cm("b"), fieldManager="m"),
        put("role/b", o("b")),
        merge("cm/a", {"data": {"k": "v"}}),
        merge("cm/a", {"metadata": {"finalizers": None}}),
    ),
]
