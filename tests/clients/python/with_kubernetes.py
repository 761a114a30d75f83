"""The official Python client: models, raw objects, watches, the dynamic client, subresources and errors."""

import json

from kubernetes import client, config, dynamic, utils, watch
from saying import POOL, Scenario, deployment, told

scenario = Scenario("kubernetes")
SPACE = scenario.namespace


def models(core, apps):
    """Write with typed models and with plain data."""
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=SPACE)))
    made = core.create_namespaced_config_map(
        SPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="c", labels={"a": "b"}), data={"k": "v"})
    )
    scenario.saw("created", [made.data, made.metadata.labels, made.metadata.uid is not None])
    made.data = {"k": "w"}
    scenario.saw("replaced", core.replace_namespaced_config_map("c", SPACE, made).data)
    scenario.saw("refused", refusal(core.replace_namespaced_config_map, "c", SPACE, made))
    scenario.saw("already there", refusal(core.create_namespaced_config_map, SPACE, {"metadata": {"name": "c"}}))
    scenario.saw("not found", refusal(core.read_namespaced_config_map, "none", SPACE))
    apps.create_namespaced_deployment(SPACE, deployment("web", 2))
    for event in watch.Watch().stream(apps.list_namespaced_deployment, SPACE, timeout_seconds=60):
        if (event["object"].status.ready_replicas or 0) == 2:
            break
    scenario.saw("became ready", event["type"])
    scaled = apps.patch_namespaced_deployment_scale("web", SPACE, {"spec": {"replicas": 1}})
    scenario.saw("scaled", [scaled.spec.replicas, scaled.status.selector])
    change = {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "b"}]}]}}}}
    patched = apps.patch_namespaced_deployment("web", SPACE, change)
    scenario.saw("patched", [(c.name, c.image, c.env[0].value) for c in patched.spec.template.spec.containers])


def lists(core):
    """Read pages, selections and changes."""
    for number in range(5):
        core.create_namespaced_config_map(
            SPACE, {"metadata": {"name": f"n{number}", "labels": {"odd": str(number % 2)}}}
        )
    first = core.list_namespaced_config_map(SPACE, label_selector="odd", limit=3)
    rest = core.list_namespaced_config_map(SPACE, label_selector="odd", _continue=first.metadata._continue)
    scenario.saw("pages", [[item.metadata.name for item in page.items] for page in (first, rest)])
    scenario.saw("left after the first", first.metadata.remaining_item_count)
    core.patch_namespaced_config_map("n1", SPACE, {"metadata": {"labels": {"odd": "0"}}})
    core.delete_namespaced_config_map("n0", SPACE)
    seen = []
    for event in watch.Watch().stream(
        core.list_namespaced_config_map,
        SPACE,
        label_selector="odd=0",
        resource_version=first.metadata.resource_version,
        timeout_seconds=60,
    ):
        seen.append([event["type"], event["object"].metadata.name])
        if len(seen) == 2:
            break
    scenario.saw("watched", seen)
    core.delete_collection_namespaced_config_map(SPACE, label_selector="odd=0")
    left = core.list_namespaced_config_map(SPACE, label_selector="odd")
    scenario.saw("collection deleted", [item.metadata.name for item in left.items])


def dynamics(api):
    """Find kinds by discovery and write custom objects, with server-side apply too."""
    pools = dynamic.DynamicClient(api).resources.get(api_version="example.com/v1", kind="Pool")
    made = pools.create(body={**POOL, "metadata": {"name": "p"}, "spec": {}}, namespace=SPACE)
    scenario.saw("custom", made.spec.to_dict())
    wrong = {**POOL, "metadata": {"name": "q"}, "spec": {"size": 12}}
    scenario.saw("custom refused", refusal(pools.create, body=wrong, namespace=SPACE))
    wanted = {**POOL, "metadata": {"name": "p"}, "spec": {"size": 4}}
    pools.server_side_apply(body=wanted, namespace=SPACE, field_manager="one", force_conflicts=True)
    other = {**wanted, "spec": {"size": 5}}
    scenario.saw("conflict", refusal(pools.server_side_apply, body=other, namespace=SPACE, field_manager="two"))
    status = {**POOL, "metadata": {"name": "p"}, "status": {"ready": 2}}
    done = pools.status.patch(body=status, namespace=SPACE, name="p", content_type="application/merge-patch+json")
    scenario.saw("status", [done.status.to_dict(), done.spec.to_dict()])
    custom = client.CustomObjectsApi(api)
    listed = custom.list_namespaced_custom_object("example.com", "v1", SPACE, "pools")
    scenario.saw("listed", [[item["metadata"]["name"], item["spec"]] for item in listed["items"]])
    utils.create_from_dict(api, deployment("more", 0), namespace=SPACE)
    scenario.saw("version", client.VersionApi(api).get_code().minor)


def refusal(call, *args, **options):
    """Return what the server said when it refused."""
    try:
        call(*args, **options)
    except client.ApiException as refused:
        return told(json.loads(refused.body))
    except dynamic.exceptions.DynamicApiError as refused:
        return told(json.loads(refused.body))
    return "nothing was refused"


config.load_kube_config()
with client.ApiClient() as api:
    core = client.CoreV1Api(api)
    models(core, client.AppsV1Api(api))
    lists(core)
    dynamics(api)
    core.delete_namespace(SPACE)
