"""JSON patch, merge patch, and strategic merge patch with its directives on many kinds."""

from tests.contracts.asking import DRY, GROUP, area, jsonpatch, merge, post, send, strategic
from tests.contracts.shapes import SPREAD, c, o, owner, template, w, workload

case = area("patches")

CASES = [
    case(
        "merge",
        [
            post("cm", o("a", data={"k": "v", "l": "w"})),
            merge("cm/a", {"data": {"k": None, "m": "n"}}),
            merge("cm/a", {"metadata": {"name": "b"}}),
            merge("cm/a", {"metadata": {"resourceVersion": "1"}}),
            merge("cm/a", [1]),
            merge("cm/none", {}),
        ],
    ),
    case(
        "json",
        [
            post("cm", o("a", data={"k": "v"})),
            jsonpatch("cm/a", [{"op": "add", "path": "/data/x~1y", "value": "z"}]),
            jsonpatch("cm/a", [{"op": "replace", "path": "/data/k", "value": "w"}]),
            jsonpatch("cm/a", [{"op": "test", "path": "/data/k", "value": "no"}]),
            jsonpatch("cm/a", [{"op": "remove", "path": "/data/none"}]),
            jsonpatch("cm/a", [{"op": "odd", "path": "/data"}]),
            jsonpatch("cm/a", {}),
            jsonpatch(
                "cm/a",
                [
                    {"op": "copy", "from": "/data/k", "path": "/data/c"},
                    {"op": "move", "from": "/data/c", "path": "/data/d"},
                ],
            ),
        ],
    ),
    case(
        "strategic-containers",
        [
            post("pt", template(c("a"), c("b"))),
            strategic("pt/t", {"template": {"spec": {"containers": [{"name": "b", "image": "j"}]}}}),
            strategic("pt/t", {"template": {"spec": {"containers": [{"name": "c", "image": "k"}]}}}),
            strategic("pt/t", {"template": {"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}}),
            strategic("pt/t", {"template": {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}]}}}),
            strategic(
                "pt/t", {"template": {"spec": {"containers": [{"$patch": "replace"}, {"name": "z", "image": "z"}]}}}
            ),
        ],
    ),
    case(
        "strategic-errors",
        [
            post("pt", template(c("a"))),
            strategic("pt/t", {"template": {"spec": {"containers": [{"image": "x"}]}}}),
            strategic("pt/t", {"template": {"$patch": "odd"}}),
            strategic("pt/t", {"template": {"spec": {"containers": "x"}}}),
            post("w", w("a", size=1)),
            strategic("w/a", {}),
        ],
    ),
    case(
        "strategic-ports",
        [
            post(
                "svc", o("a", spec={"clusterIP": "None", "ports": [{"name": "x", "port": 1}, {"name": "y", "port": 2}]})
            ),
            strategic("svc/a", {"spec": {"ports": [{"port": 2, "name": "z"}]}}),
            strategic("svc/a", {"spec": {"ports": [{"port": 1, "$patch": "delete"}]}}),
        ],
    ),
    case(
        "finalizers",
        [
            post("cm", o("a", meta={"finalizers": ["x.example/a"]})),
            strategic("cm/a", {"metadata": {"finalizers": ["x.example/b"]}}),
            strategic("cm/a", {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.example/a"]}}),
            merge("cm/a", {"metadata": {"finalizers": ["nodomain"]}}),
            merge("cm/a", {"metadata": {"finalizers": None}}),
        ],
    ),
    case(
        "custom",
        [
            post("w", w("a", size=1)),
            merge("w/a", {"spec": {"size": 3, "free": {"x": {"y": [1]}}}}),
            jsonpatch("w/a", [{"op": "add", "path": "/spec/tags", "value": ["b", "a"]}]),
            merge("w/a", {"spec": {"size": "x"}}),
            merge("w/a", {"spec": None}),
        ],
    ),
    case(
        "json-operations",
        post("cm", o("a", data={"k": "v"}, meta={"finalizers": ["x.example/a", "x.example/b"], "labels": {"a": "b"}})),
        [
            jsonpatch("cm/a", operations, **DRY)
            for operations in (
                [{"op": "add", "path": "/metadata/finalizers/-", "value": "x.example/c"}],
                [{"op": "add", "path": "/metadata/finalizers/0", "value": "x.example/c"}],
                [{"op": "add", "path": "/metadata/finalizers/9", "value": "x.example/c"}],
                [{"op": "remove", "path": "/metadata/finalizers/-1"}],
                [{"op": "remove", "path": "/metadata/finalizers/5"}],
                [{"op": "remove", "path": "/metadata/labels"}],
                [{"op": "replace", "path": "/data", "value": {"x": "y"}}],
                [{"op": "replace", "path": "/data", "value": None}],
                [{"op": "replace", "path": "/data/new", "value": "x"}],
                [{"op": "replace", "path": "", "value": {}}],
                [{"op": "add", "path": "/data/a/b", "value": "x"}],
                [{"op": "add", "path": "/none/a", "value": "x"}],
                [{"op": "add", "path": "data", "value": "x"}],
                [{"op": "add", "path": "/data/k"}],
                [{"op": "add", "value": "x"}],
                [{"op": "move", "from": "/data/k", "path": "/data/m"}],
                [{"op": "move", "from": "/data/none", "path": "/data/m"}],
                [{"op": "copy", "path": "/data/m"}],
                [{"op": "test", "path": "/data", "value": {"k": "v"}}],
                [{"op": "test", "path": "/data/none", "value": None}],
                [{"op": "test", "path": "/metadata/labels/a", "value": "c"}],
                [{"op": "replace", "path": "/metadata/name", "value": "b"}],
                [{"op": "replace", "path": "/kind", "value": "Secret"}],
                [{"op": "remove", "path": "/apiVersion"}],
                [{"op": "add", "path": "/metadata/annotations/x", "value": "y"}],
                [{"op": "add", "path": "/data/a~0b", "value": "y"}],
                [],
                [1],
                "text",
                None,
            )
        ],
    ),
    case(
        "merge-more",
        post("cm", o("a", data={"k": "v"}, meta={"labels": {"a": "b"}})),
        [
            merge("cm/a", patch, **DRY)
            for patch in (
                {"data": None},
                {"data": {"k": {"a": 1}}},
                {"data": "x"},
                {"kind": "Secret"},
                {"apiVersion": "v2"},
                {"metadata": None},
                {"metadata": {"labels": {"a": None, "c": "d"}}},
                {"metadata": {"labels": None}},
                {"metadata": {"uid": "x"}},
                {"metadata": {"name": ""}},
                {"metadata": {"name": None}},
                {"metadata": {"finalizers": ["a"]}},
                {"metadata": {"ownerReferences": [{}]}},
                {"metadata": {"generation": 5}},
                {"metadata": {"managedFields": []}},
                {"metadata": {"managedFields": "x"}},
                None,
                "x",
                1,
            )
        ],
        send("PATCH", "cm/a", "data: {k: w}\n", "application/merge-patch+yaml"),
        send("PATCH", "cm/a", "", "application/merge-patch+json"),
        merge("cm/none", {"data": {"k": "v"}}),
        merge("cm", {}),
    ),
    case(
        "strategic-pods",
        post(
            "pt",
            template(
                c(
                    "a",
                    env=[{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}],
                    ports=[{"containerPort": 80}, {"containerPort": 81, "name": "two"}],
                    volumeMounts=[{"name": "v", "mountPath": "/v"}],
                    args=["1", "2"],
                ),
                volumes=[{"name": "v", "emptyDir": {}}, {"name": "u", "emptyDir": {}}],
                tolerations=[{"key": "x", "operator": "Exists"}],
                imagePullSecrets=[{"name": "s"}],
                hostAliases=[{"ip": "1.2.3.4", "hostnames": ["a"]}],
                initContainers=[c("i")],
                nodeSelector={"x": "y"},
            ),
        ),
        [
            strategic("pt/t", {"template": {"spec": spec}})
            for spec in (
                {"containers": [{"name": "a", "env": [{"name": "X", "value": "3"}, {"name": "Z", "value": "4"}]}]},
                {"containers": [{"name": "a", "env": [{"name": "Y", "$patch": "delete"}]}]},
                {"containers": [{"name": "a", "env": [{"$patch": "replace"}]}]},
                {"containers": [{"name": "a", "ports": [{"containerPort": 80, "name": "one"}]}]},
                {"containers": [{"name": "a", "ports": [{"containerPort": 81, "$patch": "delete"}]}]},
                {"containers": [{"name": "a", "args": ["3"]}]},
                {"containers": [{"name": "a", "volumeMounts": [{"name": "u", "mountPath": "/u"}]}]},
                {
                    "containers": [
                        {"name": "a", "$setElementOrder/volumeMounts": [{"mountPath": "/u"}, {"mountPath": "/v"}]}
                    ]
                },
                {"volumes": [{"name": "v", "emptyDir": None, "configMap": {"name": "c"}}]},
                {"volumes": [{"name": "u", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}]},
                {
                    "volumes": [{"name": "w", "emptyDir": {}}],
                    "$setElementOrder/volumes": [{"name": "w"}, {"name": "v"}],
                },
                {"tolerations": [{"key": "y", "operator": "Exists"}]},
                {"tolerations": None},
                {"imagePullSecrets": [{"name": "r"}]},
                {"imagePullSecrets": [{"name": "s", "$patch": "delete"}]},
                {"hostAliases": [{"ip": "1.2.3.4", "hostnames": ["b"]}]},
                {"initContainers": [{"name": "j", "image": "i"}]},
                {"nodeSelector": {"x": None, "z": "1"}},
                {"nodeSelector": {"$patch": "replace", "q": "1"}},
                {"nodeSelector": {"$patch": "delete"}},
                {"securityContext": {"runAsUser": 1, "supplementalGroups": [1]}},
                {"securityContext": {"$patch": "replace", "runAsUser": 2}},
                {"topologySpreadConstraints": [SPREAD]},
                {"topologySpreadConstraints": [{**SPREAD, "maxSkew": 2}]},
                {
                    "affinity": {
                        "podAntiAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": [
                                {"topologyKey": "k", "labelSelector": {"matchLabels": {"a": "b"}}}
                            ]
                        }
                    }
                },
                {"overhead": {"cpu": "1"}},
            )
        ],
    ),
    case(
        "strategic-kinds",
        post("sa", o("a", secrets=[{"name": "x"}], imagePullSecrets=[{"name": "p"}])),
        strategic("sa/a", {"secrets": [{"name": "y"}], "imagePullSecrets": [{"name": "q"}]}),
        strategic("sa/a", {"secrets": [{"name": "x", "$patch": "delete"}]}),
        post("role", o("r", rules=[{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}])),
        strategic("role/r", {"rules": [{"verbs": ["list"], "apiGroups": [""], "resources": ["secrets"]}]}),
        post("np", o("n", spec={"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress"]})),
        strategic("np/n", {"spec": {"policyTypes": ["Egress"], "podSelector": {"matchLabels": {"c": "d"}}}}),
        strategic("np/n", {"spec": {"podSelector": {"$patch": "replace", "matchLabels": {"e": "f"}}}}),
        post("dep", o("d", spec=workload(replicas=0)), **DRY),
        post("sts", o("d", spec=workload(replicas=0, serviceName="s", updateStrategy={"type": "OnDelete"}))),
        strategic(
            "sts/d", {"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}}, **DRY
        ),
        strategic("sts/d", {"spec": {"updateStrategy": {"$retainKeys": ["type"], "type": "RollingUpdate"}}}, **DRY),
        post("lr", o("l", spec={"limits": [{"type": "Pod", "max": {"cpu": "1"}}]})),
        strategic("lr/l", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]}}),
        post("cm", o("o", meta={"ownerReferences": [owner()]})),
        strategic("cm/o", {"metadata": {"ownerReferences": [owner(uid="2", name="m")]}}),
        strategic("cm/o", {"metadata": {"ownerReferences": [{"uid": "1", "$patch": "delete"}]}}),
        strategic("cm/o", {"metadata": {"$patch": "replace", "labels": {"a": "b"}}}),
        strategic("cm/o", {"data": {"$patch": "merge", "a": "b"}}),
        strategic("cm/o", {"data": {"$patch": "delete"}}),
        post(
            "eps", o("e", addressType="IPv4", endpoints=[{"addresses": ["10.1.2.3"]}], ports=[{"name": "p", "port": 1}])
        ),
        strategic("eps/e", {"ports": [{"name": "q", "port": 2}], "endpoints": [{"addresses": ["10.1.2.4"]}]}),
    ),
    case(
        "strategic-refusals",
        post("pt", template(c("a", env=[{"name": "X"}]))),
        [
            strategic("pt/t", patch)
            for patch in (
                [],
                "x",
                {"template": {"spec": {"containers": [{"name": "a", "env": [{"value": "1"}]}]}}},
                {"template": {"spec": {"containers": [{"name": "a", "$patch": "odd"}]}}},
                {"template": {"spec": {"containers": ["a"]}}},
                {"template": {"spec": {"containers": {"name": "a"}}}},
                {"template": {"spec": {"$setElementOrder/containers": "x"}}},
                {"template": {"spec": {"$setElementOrder/containers": [{"name": "z"}]}}},
                {"template": {"spec": {"$deleteFromPrimitiveList/containers": ["x"]}}},
                {"template": {"spec": {"$odd/containers": ["x"]}}},
                {"template": {"spec": {"$retainKeys": "x"}}},
                {"template": {"spec": {"$retainKeys": ["containers"], "dnsPolicy": "Default"}}},
                {"template": {"metadata": {"labels": "x"}}},
                {"metadata": {"finalizers": "x"}},
                {"template": {"spec": {"containers": None}}},
                {"template": None},
            )
        ],
        strategic("pt/none", {}),
    ),
    case(
        "custom-more",
        post("w", w("a", size=1, tags=["a"], parts=[{"id": "x"}])),
        merge("w/a", {"spec": {"tags": ["a", "a"]}}),
        merge("w/a", {"spec": {"parts": [{"id": "y"}]}}),
        merge("w/a", {"spec": {"mode": None}}),
        merge("w/a", {"spec": {"maybe": None, "free": {"a": None}}}),
        merge("w/a", {"kind": "Odd"}),
        merge("w/a", {"apiVersion": f"{GROUP}/v2"}),
        merge("w/a", {"metadata": {"labels": {"a": 1}}}),
        merge("w/a", {"metadata": {"resourceVersion": "1"}}),
        merge("w/a", {"status": {"note": "n"}}),
        jsonpatch("w/a", [{"op": "remove", "path": "/spec"}]),
        jsonpatch("w/a", [{"op": "add", "path": "/spec/size", "value": 2.0}]),
        jsonpatch("w/a", [{"op": "test", "path": "/spec/size", "value": 3}]),
        merge("w/none", {}),
        merge("w/a", []),
    ),
]
