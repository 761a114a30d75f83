"""Writing: unknown fields, duplicate keys, wrong types, media types, options, paths."""

from tests.contracts.asking import (
    DRY,
    GROUP,
    PATHS,
    YAML,
    Step,
    apply,
    area,
    delete,
    get,
    jsonpatch,
    merge,
    post,
    put,
    send,
    strategic,
)
from tests.contracts.shapes import SA, c, cm, o, pod, t, w, workload

case = area("writes")
DOUBLED = '{"metadata":{"name":"a"},"typo":1,"data":{"k":"v","k":"w"},"data":{"l":"x"}}'
DOUBLED_WIDGET = (
    f'{{"apiVersion":"{GROUP}/v1","kind":"Widget","metadata":{{"name":"a","name":"a"}},'
    '"spec":{"size":1,"size":2,"gone":1}}'
)

CASES = [
    case(
        "unknown-fields",
        [
            post("cm", o("a", typo=1, data={"k": "v"}), **DRY, fieldValidation=v)
            for v in ("Strict", "Warn", "Ignore", "Odd")
        ],
    ),
    case(
        "wrong-types",
        [
            post("cm", o("a", data={"k": 1})),
            post("cm", o("a", data=[])),
            post("svc", o("a", spec={"ports": [{"port": "x"}]})),
            post("cm", [1]),
            post("cm", "text"),
            post("cm", {"kind": "Pod", "metadata": {"name": "a"}}),
            post("cm", {"apiVersion": "v2", "kind": "ConfigMap"}),
        ],
    ),
    case(
        "kinds-in-body",
        [
            post("dep", {"apiVersion": "apps/v2", "kind": "Deployment", "metadata": {"name": "a"}}),
            post("w", {"apiVersion": f"{GROUP}/v2", "kind": "Widget", "metadata": {"name": "a"}}),
            post("w", {"metadata": {"name": "a"}}),
        ],
    ),
    case(
        "methods",
        [
            put("cm", o("a")),
            Step("POST", PATHS["cm"] + "/a", o("a")),
            Step("PATCH", PATHS["cm"], {}),
            get("cm/a/status"),
            Step("PUT", "/version", {}),
            Step("DELETE", "/api/v1/nodes/none/status"),
        ],
    ),
    case(
        "content-types",
        [
            Step("POST", PATHS["cm"], o("a"), {}, "text/plain"),
            Step("PATCH", PATHS["cm"] + "/a", {}, {}, "application/json"),
            Step("PATCH", PATHS["cm"] + "/a", {}, {}, "application/strange"),
            get("cm", "text/html"),
            get("cm/none", "application/xml"),
        ],
    ),
    case(
        "service-validation",
        [
            post("svc", o("a", spec=s))
            for s in (
                {},
                {"ports": [{}]},
                {"ports": [{"port": 0}]},
                {"ports": [{"port": 1}, {"port": 2}]},
                {"ports": [{"port": 80, "protocol": "X"}]},
                {"type": "Odd", "ports": [{"port": 1}]},
                {"type": "ExternalName"},
            )
        ],
    ),
    case(
        "pod-validation",
        [SA]
        + [
            post("pod", o("a", spec=s))
            for s in (
                {},
                {"containers": []},
                pod(containers=[{}]),
                pod(containers=[c("A")]),
                pod(containers=[c("a"), c("a")]),
                pod(restartPolicy="Odd"),
                pod(volumes=[{"name": "v"}] * 2),
                pod(containers=[c("a", volumeMounts=[{"name": "x", "mountPath": "/x"}])]),
                pod(containers=[c("a", resources={"requests": {"cpu": "x"}})]),
                pod(containers=[c("a", resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})]),
            )
        ],
    ),
    case(
        "workload-validation",
        [
            post("dep", o("a", spec=s))
            for s in (
                {},
                {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": [c("c")]}},
                },
                {
                    "replicas": -1,
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {
                        "metadata": {"labels": {"a": "b"}},
                        "spec": {"containers": [c("c")], "restartPolicy": "Never"},
                    },
                },
            )
        ]
        + [
            post(
                "cron",
                o(
                    "a",
                    spec={"schedule": "bad", "jobTemplate": {"spec": {"template": {"spec": {"containers": [c("c")]}}}}},
                ),
            ),
            post("job", o("a", spec={})),
        ],
    ),
    case(
        "other-validation",
        [
            post("ing", o("a", spec={})),
            post("np", o("a", spec={"podSelector": {"matchLabels": {"a b": ""}}})),
            post("pdb", o("a", spec={"minAvailable": 1, "maxUnavailable": 1, "selector": {}})),
            post("role", o("a", rules=[{"verbs": []}])),
            post("rb", o("a", roleRef={}, subjects=[])),
            post("lease", o("a", spec={"leaseDurationSeconds": -1})),
            post("sec", o("a", type="kubernetes.io/tls")),
            post("lr", o("a", spec={"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "2"}}]})),
            post("pc", o("contract-pc", value=2000000000)),
        ],
    ),
    case(
        "defaults",
        [
            post(
                "dep",
                o(
                    "a",
                    spec={
                        "selector": {"matchLabels": {"a": "b"}},
                        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [c("c")]}},
                    },
                ),
                **DRY,
            ),
            post(
                "cron",
                o(
                    "a",
                    spec={
                        "schedule": "* * * * *",
                        "jobTemplate": {
                            "spec": {"template": {"spec": {"containers": [c("c")], "restartPolicy": "Never"}}}
                        },
                    },
                ),
                **DRY,
            ),
            post("np", o("a", spec={"podSelector": {}})),
            post("ing", o("a", spec={"defaultBackend": {"service": {"name": "s", "port": {"number": 1}}}})),
            post("sec", o("a", stringData={"k": "v"})),
            post("lease", o("a", spec={})),
            SA,
            post("pod", o("a", spec=pod())),
        ],
    ),
    case(
        "secrets",
        [
            post("sec", o("a", type="kubernetes.io/basic-auth", stringData={"username": "u"})),
            post("sec", o("b", data={"k": "!!"})),
            merge("sec/a", {"type": "Opaque"}),
            post("sec", o("c", data={"a/b": "eA=="})),
        ],
    ),
    case(
        "pod-updates",
        [
            SA,
            post("pod", o("a", spec=pod())),
            strategic("pod/a", {"spec": {"containers": [{"name": "c", "image": "j"}]}}),
            strategic("pod/a", {"spec": {"nodeName": "n"}}),
            merge("pod/a/status", {"status": {"phase": "Running"}}),
            merge("pod/a", {"status": {"phase": "Failed"}}),
        ],
    ),
    case(
        "strictness",
        [
            send("POST", "cm", DOUBLED, dryRun="All", fieldValidation=how)
            for how in ("Strict", "Warn", "Ignore", "", "strict")
        ],
        [
            post("dep", o("a", spec={**workload(), "typo": 1, "template": {**t(c("c", tpo=2)), "x": 3}}), **DRY, **how)
            for how in ({}, {"fieldValidation": "Strict"}, {"fieldValidation": "Ignore"})
        ],
        [
            send("POST", "w", DOUBLED_WIDGET, dryRun="All", **how)
            for how in ({}, {"fieldValidation": "Strict"}, {"fieldValidation": "Ignore"})
        ],
        post("w", {**w("a", size=1), "extra": 1, "metadata": {"name": "a", "odd": 2}}, **DRY, fieldValidation="Strict"),
        post("w", {**w("a", size=1), "extra": 1, "metadata": {"name": "a", "odd": 2}}, **DRY),
        post("svc", o("a", spec={"clusterIP": "None", "Ports": [], "ports": [{"Port": 1, "port": 2}]}), **DRY),
    ),
    case(
        "strict-changes",
        post("cm", o("a", data={"k": "v"})),
        put("cm/a", o("a", data={"k": "v"}, typo=1), fieldValidation="Strict"),
        put("cm/a", o("a", data={"k": "v"}, typo=1)),
        merge("cm/a", {"typo": 1}, fieldValidation="Strict"),
        merge("cm/a", {"typo": 1}),
        merge("cm/a", {"typo": 1}, fieldValidation="Ignore"),
        strategic("cm/a", {"typo": 1}, fieldValidation="Strict"),
        jsonpatch("cm/a", [{"op": "add", "path": "/typo", "value": 1}], fieldValidation="Strict"),
        jsonpatch("cm/a", [{"op": "add", "path": "/data/k", "value": "w", "odd": 1}], fieldValidation="Strict"),
        jsonpatch("cm/a", [{"op": "add", "path": "/data/k", "value": "x", "odd": 1}]),
        send("PATCH", "cm/a", '{"data":{"k":"1","k":"2"}}', "application/merge-patch+json", fieldValidation="Strict"),
        send("PATCH", "cm/a", '{"data":{"k":"1","k":"2"}}', "application/merge-patch+json"),
        post("w", w("a", size=1)),
        merge("w/a", {"spec": {"gone": 1}}, fieldValidation="Strict"),
        merge("w/a", {"spec": {"gone": 1}}),
        put("w/a", {**w("a", size=1, gone=1), "metadata": {"name": "a", "resourceVersion": "$rv"}}),
        merge("cm/a", {}, fieldValidation="Odd"),
        delete("cm/a", fieldValidation="Strict"),
    ),
    case(
        "yaml",
        send("POST", "cm", "metadata:\n  name: a\ndata:\n  k: v\n", YAML),
        send("POST", "cm", "metadata:\n  name: b\ndata:\n  k: v\n  k: w\n", YAML),
        send("POST", "cm", "metadata:\n  name: b\ndata:\n  k: v\n  k: w\ntypo: 1\n", YAML, fieldValidation="Strict"),
        send("POST", "cm", "metadata: [\n", YAML),
        send("POST", "cm", "metadata:\n\tname: b\n", YAML),
        send("POST", "cm", "just text", YAML),
        send("POST", "cm", "", YAML),
        send("POST", "w", "kind: Widget\nmetadata:\n  name: a\nspec: {size: 1, gone: 2}\n", YAML),
        send("PUT", "cm/a", "metadata: {name: a}\ndata: {k: 1}\n", YAML),
    ),
    case(
        "broken-json",
        [
            send("POST", "cm", text)
            for text in ("", "{", "{}}", "nonsense", '{"metadata":{"name":"a"},}', "null", "[]", "1", '"x"', "{'a':1}")
        ],
        send("POST", "w", "{"),
        send("POST", "w", "[]"),
        send("PUT", "cm/a", "{"),
        send("PATCH", "cm/a", "{", "application/merge-patch+json"),
        send("DELETE", "cm/a", "{"),
        send("POST", "w", '{"apiVersion":1,"kind":"Widget"}'),
        send("POST", "cm", '{"kind":1}'),
        send("POST", "cm", '{"kind":"ConfigMap"}'),
        send("POST", "cm", '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}'),
        send("POST", "cm", '{"apiVersion":"a/b/c","kind":"ConfigMap","metadata":{"name":"a"}}'),
        send("POST", "cm", '{"metadata":{"name":"a","nme":"b"},"data":{"a":"\\u00e9"}}'),
    ),
    case(
        "decoding",
        [
            post(kind, body, **DRY)
            for kind, body in (
                ("cm", o("a", data="x")),
                ("cm", o("a", data={"a": None})),
                ("cm", o("a", data={"a": True})),
                ("cm", o("a", binaryData={"a": "!"})),
                ("cm", o("a", immutable="yes")),
                ("cm", {**o("a"), "metadata": []}),
                ("svc", o("a", spec=[])),
                ("svc", o("a", spec={"ports": {}})),
                ("svc", o("a", spec={"ports": [{"port": 1.5}]})),
                ("svc", o("a", spec={"ports": [{"port": "80"}]})),
                ("svc", o("a", spec={"ports": [{"port": 99999999999}]})),
                ("svc", o("a", spec={"ports": [{"port": 1, "targetPort": {}}]})),
                ("svc", o("a", spec={"publishNotReadyAddresses": "x"})),
                ("dep", o("a", spec={"replicas": "1"})),
                ("dep", o("a", spec={"replicas": 1.0, **workload()})),
                ("dep", o("a", spec={"template": {"spec": {"containers": "x"}}})),
                ("dep", o("a", spec={"strategy": {"rollingUpdate": {"maxSurge": 1.5}}})),
                ("pod", o("a", spec={"containers": [1]})),
                ("pod", o("a", spec={"containers": [{"resources": {"limits": {"cpu": True}}}]})),
                ("pod", o("a", spec={"containers": [{"ports": [{"containerPort": "x"}]}]})),
                ("pod", o("a", spec={"securityContext": {"runAsUser": "root"}})),
                ("pod", o("a", spec={"nodeSelector": {"a": 1}})),
                ("lease", o("a", spec={"renewTime": "2020-01-01T00:00:00Z"})),
                ("lease", o("a", spec={"renewTime": "2020-01-01T00:00:00.123456789Z"})),
                ("lease", o("a", spec={"renewTime": "2020-01-01T02:00:00.000000+02:00"})),
                ("lease", o("a", spec={"leaseDurationSeconds": 2147483648})),
                ("sec", o("a", data={"k": 1})),
                ("sec", o("a", stringData={"k": 1})),
                ("pdb", o("a", spec={"minAvailable": [1]})),
                ("pdb", o("a", spec={"minAvailable": "x"})),
                ("np", o("a", spec={"ingress": [{"ports": [{"port": True}]}]})),
                ("job", o("a", spec={"activeDeadlineSeconds": "x"})),
                ("crd", o("a", spec={"versions": {}})),
                ("role", o("a", rules=[{"verbs": "get"}])),
            )
        ],
    ),
    case(
        "media",
        [
            send("POST", "cm", "{}", kind)
            for kind in ("application/xml", "application/cbor", "text/yaml", "json", "a/b/c")
        ],
        send("PATCH", "cm/a", "{}", "application/json-patch+yaml"),
        send("PATCH", "w/a", "{}", "application/strategic-merge-patch+json"),
        send("PATCH", "cm/a", "{}", "text/plain; charset=utf-8"),
        send("DELETE", "cm/a", "x", "text/plain"),
        send("PUT", "cm/a", "x", "text/plain"),
        post("cm", o("a"), **DRY)._replace(type="application/json; charset=utf-8"),
        post("cm", o("a"), **DRY)._replace(accept="text/csv"),
    ),
    case(
        "options",
        [
            post("cm", o("a"), **query)
            for query in (
                {"dryRun": "None"},
                {"dryRun": ""},
                {"dryRun": "All", "fieldManager": ""},
                {"dryRun": "all"},
                {"fieldValidation": "Odd", "dryRun": "Odd"},
                {"dryRun": "All", "force": "true"},
                {"dryRun": "All", "unknown": "x"},
                {"dryRun": "All", "pretty": "1"},
            )
        ],
        put("cm/a", o("a"), dryRun="Odd"),
        merge("cm/a", {}, dryRun="Odd"),
        delete("cm/a", dryRun="Odd"),
        delete("cm", dryRun="Odd"),
        apply("cm/a", cm("a"), fieldManager="m", force="x"),
        delete("cm/a", orphanDependents="true", propagationPolicy="Orphan"),
        delete("cm/a", propagationPolicy="Odd"),
        delete("cm/a", gracePeriodSeconds="-5"),
    ),
    case(
        "paths",
        [
            Step(method, path, body)
            for method, path, body in (
                ("POST", "/api/v1/configmaps", o("a")),
                ("POST", "/api/v1/namespaces/$ns/nope", o("a")),
                ("POST", "/api/v1/namespaces/$ns/pods/none/nope", o("a")),
                ("POST", "/api/v1", {}),
                ("POST", "/api", {}),
                ("POST", "/healthz", {}),
                ("PUT", "/api/v1/namespaces/$ns/configmaps/a/status", {}),
                ("PATCH", "/api/v1/namespaces/$ns/configmaps/a/status", {}),
                ("PUT", f"/apis/{GROUP}/v1/namespaces/$ns/widgets/a/odd", {}),
                ("POST", f"/apis/{GROUP}/v1/namespaces/$ns/widgets/a", {}),
                ("DELETE", "/api/v1/namespaces", None),
                ("DELETE", "/api/v1/namespaces/$ns/pods/none/status", None),
                ("POST", "/api/v1/componentstatuses", o("a")),
                ("DELETE", "/apis/authorization.k8s.io/v1/subjectaccessreviews", None),
                ("GET", "/apis/authorization.k8s.io/v1/subjectaccessreviews", None),
                ("GET", "/api/v1/namespaces/$ns/bindings", None),
                ("OPTIONS", "/api/v1/namespaces/$ns/configmaps", None),
                ("HEAD", "/api/v1/namespaces/$ns/configmaps", None),
                ("TRACE", "/api/v1/namespaces/$ns/configmaps", None),
            )
        ],
    ),
]
