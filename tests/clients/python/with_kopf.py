"""kopf: an operator whose handlers create a child, patch the status, tick and let go, through a whole life."""

import asyncio
import contextlib

import kopf
from kubernetes import client, config
from saying import POOL, Scenario

scenario = Scenario("kopf")
SPACE = scenario.namespace
heard, PATIENCE = asyncio.Queue(), 60


@kopf.on.startup()
def quiet(settings, **_):
    """Keep the progress in the annotations of the objects, and ask no cluster-wide peers."""
    settings.posting.enabled = True
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage()


@kopf.on.create("example.com", "v1", "pools")
def created(name, namespace, spec, patch, body, **_):
    """Make a child and say in the status that it is there."""
    child = {"metadata": {"name": name}, "data": {"size": str(spec["size"])}}
    kopf.adopt(child, owner=body)
    client.CoreV1Api().create_namespaced_config_map(namespace, child)
    patch.status["ready"] = spec["size"]
    kopf.info(body, reason="Made", message="child made")
    heard.put_nowait(f"created {spec['size']}")


@kopf.on.update("example.com", "v1", "pools", field="spec.size")
def updated(old, new, name, namespace, patch, **_):
    """Carry a change over to the child."""
    client.CoreV1Api().patch_namespaced_config_map(name, namespace, {"data": {"size": str(new)}})
    patch.status["ready"] = new
    heard.put_nowait(f"updated {old} to {new}")


@kopf.on.delete("example.com", "v1", "pools")
def deleted(retry, **_):
    """Let go at the second attempt."""
    if retry == 0:
        raise kopf.TemporaryError("not yet", delay=0.1)
    heard.put_nowait("deleted")


@kopf.timer("example.com", "v1", "pools", interval=0.2, labels={"ticks": "yes"})
def ticked(patch, **_):
    """Tick once."""
    patch.metadata["labels"] = {"ticks": "no"}
    heard.put_nowait("ticked")


@kopf.on.event("", "v1", "configmaps", labels={"watched": "yes"})
def watched(type, name, **_):  # noqa: A002 - kopf's word
    """Hear of a kind that has no finalizer."""
    heard.put_nowait(f"event {type} {name}")


async def hear(step):
    """Print what a handler did next."""
    scenario.saw(step, await asyncio.wait_for(heard.get(), PATIENCE))


async def until(look):
    """Wait until a look is true."""
    async with asyncio.timeout(PATIENCE):
        while not (seen := look()):
            await asyncio.sleep(0.05)
    return seen


async def life(pools, core):
    """Live through an object's life as its user."""
    one = {**POOL, "metadata": {"name": "p"}, "spec": {"size": 2}}
    where = ("example.com", "v1", SPACE, "pools")
    pools.create_namespaced_custom_object(*where, one)
    await hear("created")

    def read():
        return pools.get_namespaced_custom_object(*where, "p")

    def status():
        return {name: value for name, value in read().get("status", {}).items() if name == "ready"}

    await until(lambda: status() == {"ready": 2})
    scenario.saw("finalizers", read()["metadata"]["finalizers"])
    child = core.read_namespaced_config_map("p", SPACE)
    scenario.saw("child", [child.data, child.metadata.owner_references[0].kind])
    pools.patch_namespaced_custom_object(*where, "p", {"spec": {"size": 5}})
    await hear("updated")
    await until(lambda: status() == {"ready": 5})
    pools.patch_namespaced_custom_object(*where, "p", {"metadata": {"labels": {"ticks": "yes"}}})
    await hear("ticked")
    await until(lambda: read()["metadata"]["labels"] == {"ticks": "no"})
    core.patch_namespaced_config_map("p", SPACE, {"metadata": {"labels": {"watched": "yes"}}})
    await hear("event")
    await until(lambda: [e for e in core.list_namespaced_event(SPACE).items if e.reason == "Made"])
    scenario.saw("posted", True)
    pools.delete_namespaced_custom_object(*where, "p")
    await hear("deleted")
    await until(lambda: not pools.list_namespaced_custom_object(*where)["items"])
    scenario.saw("gone", True)


async def main():
    """Run the operator beside its user."""
    config.load_kube_config()
    core = client.CoreV1Api()
    core.create_namespace({"metadata": {"name": SPACE}})
    ready, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(kopf.operator(namespaces=[SPACE], ready_flag=ready, stop_flag=stop, standalone=True))
    await ready.wait()
    try:
        await life(client.CustomObjectsApi(), core)
    finally:
        stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, PATIENCE)
        core.delete_namespace(SPACE)
    scenario.saw("operator ended", running.exception() if not running.cancelled() else None)


asyncio.run(main())
