"""kr8s: objects that write themselves, new classes for custom kinds, scaling, waiting, watching."""

import json

import kr8s
from kr8s.objects import ConfigMap, Deployment, Namespace, new_class
from saying import POOL, Scenario, deployment, told

scenario = Scenario("kr8s")
SPACE = scenario.namespace


def refusal(call, *args, **options):
    """Return what the server said when it refused."""
    try:
        call(*args, **options)
    except kr8s.ServerError as refused:
        body = refused.response.json() if refused.response is not None else json.loads(str(refused))
        return told(body)
    except kr8s.NotFoundError as refused:
        return str(refused)
    return "nothing was refused"


api = kr8s.api()
scenario.saw("version", api.version()["minor"])
space = Namespace({"metadata": {"name": SPACE}})
space.create()
config = ConfigMap({"metadata": {"name": "c", "namespace": SPACE, "labels": {"a": "b"}}, "data": {"k": "v"}})
config.create()
scenario.saw("created", [config.data, config.exists()])
config.patch({"data": {"k": "w"}})
scenario.saw("patched", config.data)
config.label(c="d")
config.annotate(note="here")
scenario.saw("labelled", [dict(config.labels), dict(config.annotations)])
scenario.saw(
    "already there", refusal(ConfigMap(config.raw.to_dict() | {"metadata": {"name": "c", "namespace": SPACE}}).create)
)
scenario.saw("not found", refusal(ConfigMap.get, "none", namespace=SPACE))
scenario.saw("selected", [one.name for one in kr8s.get("configmaps", namespace=SPACE, label_selector={"a": "b"})])
scenario.saw("by field", [one.name for one in kr8s.get("cm", namespace=SPACE, field_selector="metadata.name=c")])

web = Deployment({**deployment("web", 1), "metadata": {"name": "web", "namespace": SPACE}})
web.create()
web.wait("condition=Available", timeout=60)
web.scale(2)
web.wait("jsonpath='{.status.readyReplicas}'=2", timeout=60)
scenario.saw("scaled", [web.replicas, len(list(web.pods())), web.ready()])

Pool = new_class(kind="Pool", version="example.com/v1", namespaced=True, scalable=True, scalable_spec="size")
pool = Pool({**POOL, "metadata": {"name": "p", "namespace": SPACE}, "spec": {}})
pool.create()
scenario.saw("custom", pool.spec.to_dict())
pool.patch({"status": {"ready": 2}}, subresource="status")
scenario.saw("status", pool.status.to_dict())
scenario.saw("custom refused", refusal(pool.patch, {"spec": {"size": 12}}))
seen = []
for event, one in kr8s.watch("pools.example.com", namespace=SPACE):
    seen.append([event, one.spec.size])
    if len(seen) == 1:
        pool.patch({"spec": {"size": 3}})
    elif len(seen) == 2:
        pool.delete()
    else:
        break
scenario.saw("watched", seen)
pool.wait("delete", timeout=60)
scenario.saw("gone", not pool.exists())
scenario.saw("resources", sorted(kind["name"] for kind in api.api_resources() if kind["version"] == "apps/v1"))
space.delete()
