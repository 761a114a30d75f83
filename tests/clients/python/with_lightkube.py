"""lightkube: models and resources, generic resources for custom kinds, apply, subresources, watches."""

from lightkube import ApiError, Client
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace
from lightkube.types import PatchType
from saying import POOL, Scenario, deployment

scenario = Scenario("lightkube")
SPACE = scenario.namespace
Pool = create_namespaced_resource("example.com", "v1", "Pool", "pools")


def refusal(call, *args, **options):
    """Return what the server said when it refused."""
    try:
        call(*args, **options)
    except ApiError as refused:
        return [refused.status.code, refused.status.reason, refused.status.message]
    return "nothing was refused"


api = Client(namespace=SPACE, field_manager="one")
api.create(Namespace(metadata=ObjectMeta(name=SPACE)))
made = api.create(ConfigMap(metadata=ObjectMeta(name="c", labels={"a": "b"}), data={"k": "v"}))
scenario.saw("created", [made.data, made.metadata.labels])
scenario.saw("already there", refusal(api.create, ConfigMap(metadata=ObjectMeta(name="c"))))
scenario.saw("not found", refusal(api.get, ConfigMap, "none"))
stale = api.get(ConfigMap, "c")
made.data["k"] = "w"
scenario.saw("replaced", api.replace(made).data)
scenario.saw("conflict", refusal(api.replace, stale))
patched = api.patch(ConfigMap, "c", {"data": {"k": None, "l": "m"}}, patch_type=PatchType.MERGE)
scenario.saw("patched", patched.data)
wanted = ConfigMap(metadata=ObjectMeta(name="applied"), data={"k": "v"})
scenario.saw("applied", [entry.operation for entry in api.apply(wanted).metadata.managedFields])
wanted.data["k"] = "w"
scenario.saw("apply conflict", refusal(api.apply, wanted, field_manager="two"))
scenario.saw("apply forced", api.apply(wanted, field_manager="two", force=True).data)
scenario.saw("listed", [one.metadata.name for one in api.list(ConfigMap, labels={"a": "b"})])
scenario.saw("paged", sum(1 for _ in api.list(ConfigMap, chunk_size=1, fields={"metadata.name": "applied"})))

api.create(Deployment.from_dict(deployment("web", 2)))
api.wait(Deployment, "web", for_conditions=["Available"])
scale = api.get(Deployment.Scale, "web")
scale.spec.replicas = 1
scenario.saw("scaled", api.replace(scale, "web").spec.replicas)

pool = api.create(Pool({**POOL, "metadata": {"name": "p"}, "spec": {}}))
scenario.saw("custom", pool["spec"])
scenario.saw("custom refused", refusal(api.patch, Pool, "p", {"spec": {"size": 12}}, patch_type=PatchType.MERGE))
done = api.patch(Pool.Status, "p", {"status": {"ready": 2}}, patch_type=PatchType.MERGE)
scenario.saw("status", [done["status"], done["spec"]])
seen = []
for event, one in api.watch(Pool, resource_version=pool.metadata.resourceVersion):
    seen.append([event, one["spec"]["size"], one.get("status")])
    if len(seen) == 1:
        api.delete(Pool, "p")
    else:
        break
scenario.saw("watched", seen)
api.deletecollection(ConfigMap)
scenario.saw("gone", refusal(api.get, ConfigMap, "c"))
api.delete(Namespace, SPACE)
