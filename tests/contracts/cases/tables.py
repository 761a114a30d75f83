"""Tables: the rows of every kind."""

from tests.contracts.asking import DRY, GROUP, TABLE, area, delete, get, post
from tests.contracts.shapes import (
    CLAIM,
    POLICY,
    ROLE_REF,
    SA,
    VOLUME,
    c,
    f,
    gadgets,
    o,
    of,
    pod,
    t,
    template,
    w,
    workload,
)

case = area("tables")


def event(name):
    """Return an Event without times."""
    return o(
        name, involvedObject={"kind": "Pod", "name": "p", "namespace": "$ns"}, reason="R", message="m", type="Normal"
    )


CASES = [
    case(
        "config-maps",
        [
            post("cm", o("a", data={"k": "v"}, meta={"labels": {"x": "y"}})),
            get("cm/a", TABLE),
            get("cm", TABLE, labelSelector="x", includeObject="None"),
            get("cm", TABLE, includeObject="Odd"),
        ],
    ),
    case(
        "services",
        [
            post("svc", o("a", spec={"clusterIP": "None", "ports": [{"port": 80}]})),
            get("svc/a", TABLE, includeObject="None"),
        ],
    ),
    case("custom", [post("w", w("a", size=3)), get("w", TABLE, includeObject="Object"), get("w/a", TABLE)]),
    case(
        "pods",
        [SA, post("pod", o("a", spec=pod())), get("pod/a", TABLE, includeObject="None"), get("pod/none", TABLE)],
    ),
    case(
        "others",
        [
            post("sec", o("a")),
            get("sec/a", TABLE),
            post("role", o("r", rules=[])),
            get("role/r", TABLE),
            post("np", o("n", spec={"podSelector": {"matchLabels": {"a": "b"}}})),
            get("np/n", TABLE, includeObject="None"),
            post("lease", o("l", spec={"holderIdentity": "me"})),
            get("lease/l", TABLE, includeObject="None"),
        ],
    ),
    case(
        "kinds",
        [
            step
            for kind, body in (
                ("lr", o("a")),
                ("quota", o("a", spec={"hard": {"pods": "1", "cpu": "2"}})),
                ("pt", template(c("x"), c("y", image="j")) | o("a")),
                ("sa", o("a")),
                ("cr", o("a", revision=1)),
                (
                    "ing",
                    o(
                        "a",
                        spec={
                            "ingressClassName": "x",
                            "rules": [{"host": "h"}],
                            "tls": [{"hosts": ["h"]}],
                            "defaultBackend": {"service": {"name": "s", "port": {"number": 1}}},
                        },
                    ),
                ),
                ("eps", o("a", addressType="IPv4", ports=[{"port": 1}], endpoints=[{"addresses": ["10.1.2.3"]}])),
                (
                    "rb",
                    o(
                        "a",
                        roleRef=ROLE_REF,
                        subjects=[{"kind": "User", "name": "u", "apiGroup": ROLE_REF["apiGroup"]}],
                    ),
                ),
                ("ev", event("a")),
                ("claim", o("a", spec={})),
                ("rct", o("a", spec={"spec": {}})),
                ("f", f("a", range={"low": 1, "high": 2}, words=["wa", "wb"], keyed=[{"k": "a", "v": 3}])),
                ("relic2", of(f"{GROUP}/v2", "Relic", "a", spec={"new": "n"})),
                (
                    "hpa",
                    o(
                        "a",
                        spec={
                            "scaleTargetRef": {"kind": "X", "name": "x", "apiVersion": "x.example/v1"},
                            "maxReplicas": 1,
                        },
                    ),
                ),
                ("pvc", o("a", spec={**CLAIM, "storageClassName": "none"})),
            )
            for step in (post(kind, body), get(f"{kind}/a", TABLE, includeObject="None"))
        ],
        get("relic1/a", TABLE, includeObject="None"),
        get("newev/a", TABLE, includeObject="None"),
        get("hpa1/a", TABLE, includeObject="None"),
    ),
    case(
        "dry",
        [
            post(kind, body, **DRY, includeObject="None")._replace(accept=TABLE)
            for kind, body in (
                ("dep", o("a", spec=workload())),
                ("ds", o("a", spec=workload())),
                ("rs", o("a", spec=workload())),
                ("sts", o("a", spec=workload(serviceName="s"))),
                ("rc", o("a", spec={"selector": {"a": "b"}, "template": t()})),
                ("job", o("a", spec={"template": t(restartPolicy="Never")})),
                (
                    "cron",
                    o(
                        "a",
                        spec={"schedule": "* * * * *", "jobTemplate": {"spec": {"template": t(restartPolicy="Never")}}},
                    ),
                ),
                ("node", o("contract-a", spec={"unschedulable": True})),
                ("pv", o("contract-a", spec=VOLUME)),
                ("sc", o("contract-a", provisioner="p")),
                ("ic", o("contract-a", spec={"controller": "a/b"})),
                ("pc", o("contract-a", value=5)),
                ("rtc", o("contract-a", handler="h")),
                ("crole", o("contract-a")),
                ("crb", o("contract-a", roleRef={**ROLE_REF, "kind": "ClusterRole"})),
                ("driver", o("contract-a", spec={})),
                ("vwc", o("contract-a")),
                ("vap", o("contract-a", spec=POLICY)),
                ("fs", o("contract-a", spec={"priorityLevelConfiguration": {"name": "x"}})),
                ("plc", o("contract-a", spec={"type": "Exempt"})),
                ("dc", o("contract-a", spec={})),
                ("ns", o("contract-a")),
                ("crd", gadgets()),
                ("pdb", o("a", spec={"minAvailable": "50%"})),
                ("ep", o("a", subsets=[{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 1}]}])),
            )
        ],
    ),
    case(
        "lists",
        post("sec", o("a", meta={"labels": {"x": "y"}})),
        get("sec", TABLE, labelSelector="nobody"),
        get("sec", TABLE, labelSelector="x", limit="1"),
        get("sec", TABLE, fieldSelector="metadata.name=a", includeObject="Metadata"),
        get("sec", TABLE.replace("v=v1;", "v=v1beta1;"), labelSelector="x"),
        get("pod", TABLE),
        get("w", TABLE),
        get("f", TABLE),
        delete("sec/a")._replace(accept=TABLE),
    ),
]
