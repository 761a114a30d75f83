"""The README's story, driven by the real kubectl and the controller as a process, on both clusters."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parent.parent.parent
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def test_a_memcached_becomes_an_owned_ready_deployment(world, operator, eventually):
    """One apply is all it takes; the children say who they belong to."""
    world.apply_memcached(size=2)

    eventually(world.converged)
    owner = world.get("deployment", "sample")["metadata"]["ownerReferences"][0]

    assert ("Memcached", "sample", True) == (owner["kind"], owner["name"], owner["controller"])


def test_kubectl_scale_scales_it(world, operator, eventually):
    """The scale subresource leads to spec.size."""
    world.apply_memcached(size=1)
    eventually(world.converged)

    world.kubectl("scale", "memcached", "sample", "--replicas=3")
    eventually(world.converged)

    assert 3 == len(world.list("pods"))


def test_an_edited_deployment_is_repaired(world, operator, eventually):
    """Whatever field somebody edits, the Deployment follows the Memcached again."""
    world.apply_memcached(size=2)
    eventually(world.converged)
    edit = (
        '{"spec":{"replicas":5,"template":{"spec":{"containers":[{"name":"memcached","image":"memcached:0-edited"}]}}}}'
    )

    world.kubectl("patch", "deployment", "sample", "-p", edit)

    eventually(world.converged)


def test_a_deleted_deployment_comes_back(world, operator, eventually):
    """Deleting the Deployment gives a new one with Pods of its own."""
    world.apply_memcached(size=2)
    eventually(world.converged)
    before = world.get("deployment", "sample")["metadata"]["uid"]

    world.kubectl("delete", "deployment", "sample")
    eventually(world.converged)

    assert before != world.get("deployment", "sample")["metadata"]["uid"]


def test_a_new_image_is_rolled_out(world, operator, eventually):
    """Every Pod runs the new image in the end."""
    world.apply_memcached(size=2)
    eventually(world.converged)

    world.apply_memcached(size=2, image="memcached:1.6.39")
    eventually(world.converged)

    assert {"memcached:1.6.39"} == {pod["spec"]["containers"][0]["image"] for pod in world.list("pods")}


def test_deleting_it_collects_the_children(world, operator, eventually):
    """The garbage collector takes Deployment, ReplicaSets and Pods along."""
    world.apply_memcached(size=2)
    eventually(world.converged)

    world.kubectl("delete", "memcached", "sample")

    eventually(lambda: not (world.list("deployments") or world.list("replicasets") or world.list("pods")))


def test_a_killed_controller_goes_on_where_it_was(world, operator, eventually):
    """SIGKILL in the middle of things loses nothing and duplicates nothing."""
    world.apply_memcached(size=1)
    eventually(lambda: world.get("deployment", "sample"))
    operator.kill()
    world.kubectl("scale", "memcached", "sample", "--replicas=3")
    world.kubectl("delete", "deployment", "sample", "--wait=false")

    operator.start()
    eventually(world.converged)

    assert 3 == len(world.list("pods"))


def test_an_api_server_restart_is_survived(cluster, world, operator, eventually):
    """While the API server is away the controller waits; when it is back everything converges."""
    world.apply_memcached(size=1)
    eventually(world.converged)

    cluster.stop_apiserver()
    cluster.start_apiserver()
    world.kubectl("scale", "memcached", "sample", "--replicas=2")

    eventually(world.converged, 90)


def test_sigterm_drains_and_exits_0(world, operator, eventually):
    """The process serves its endpoints, then ends cleanly when told."""
    eventually(lambda: status(operator.health, "/readyz") == 200)
    assert 200 == status(operator.health, "/healthz") == status(operator.metrics, "/metrics")

    assert 0 == operator.terminate()


def test_a_deployment_of_somebody_else_is_left_alone(world, operator, eventually):
    """A name that is taken is reported on the Memcached; the stranger stays as it was."""
    world.kubectl("create", "deployment", "sample", "--image=nginx:1")
    owner = {"apiVersion": "example.com/v1", "kind": "Shop", "name": "s", "uid": "1", "controller": True}
    world.kubectl("patch", "deployment", "sample", "-p", json.dumps({"metadata": {"ownerReferences": [owner]}}))

    world.apply_memcached(size=2)
    degraded = eventually(lambda: condition(world.get("memcached", "sample"), "Degraded", "True"))

    assert "sample" in degraded["message"]
    assert "nginx:1" == world.get("deployment", "sample")["spec"]["template"]["spec"]["containers"][0]["image"]


def test_an_image_that_cannot_be_had_is_reported(world, operator, eventually):
    """The Memcached says what is wrong, and becomes well when the image does; its neighbour never noticed."""
    world.apply_memcached("sound", size=1)
    world.apply_memcached(size=1, image="example.com/no-such:1")
    degraded = eventually(lambda: condition(world.get("memcached", "sample"), "Degraded", "True"))
    events = eventually(lambda: "Warning" in world.kubectl("describe", "memcached", "sample"))
    assert ("ImagePull" in degraded["reason"], True) == (True, events)

    world.apply_memcached(size=1, image="memcached:1.6-alpine")

    eventually(lambda: condition(world.get("memcached", "sample"), "Degraded", "False"))
    assert condition(world.get("memcached", "sound"), "Available", "True")


def test_impossible_resources_are_reported(world, operator, eventually):
    """What the server refuses stands in a condition, in the server's words."""
    world.apply_memcached(size=1, resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}})

    degraded = eventually(lambda: condition(world.get("memcached", "sample"), "Degraded", "True"))

    assert "must be less than or equal to memory limit" in degraded["message"]


def test_the_manifests_pass_strict_validation(cluster):
    """Every object that is shipped is one that the server knows, field for field."""
    strictly = ("apply", "--server-side", "--validate=strict")

    shipped = cluster.kubectl(*strictly, "-k", str(ROOT / "manifests"))
    samples = cluster.kubectl(*strictly, "--dry-run=server", "-k", str(ROOT / "manifests" / "samples"))

    assert "deployment.apps/memcached-operator serverside-applied" in shipped
    assert "memcached.cache.example.com/sample serverside-applied (server dry run)" in samples


def test_steady_state_sends_nothing(cluster, world, operator, eventually):
    """Thirty seconds of peace see no write at all; on the embedded server five, as virtual time shows ten minutes."""
    peace = 30 if cluster.name == "real" else 5

    def writes():
        # Namespaces of earlier tests are still being emptied, and their Memcacheds with them.
        return [write for write in cluster.writes("levelset") if world.namespace in write]

    world.apply_memcached(size=2)
    eventually(world.converged)
    eventually(quiet_for(5, writes), 60)
    before = len(writes())

    eventually(quiet_for(peace, writes), peace + 2)

    assert [] == writes()[before:]


def test_the_shipped_permissions_are_enough(world, service_account, operator, eventually):
    """The controller works under its own service account with the RBAC of manifests/."""
    operator.kill()
    operator.kubeconfig = service_account
    operator.start("--leader-elect", "--leader-election-namespace=memcached-operator-system")

    world.apply_memcached(size=1)
    eventually(world.converged, 60)

    assert "orbidden" not in operator.log.read_text()


def status(port, path):
    """Return the HTTP status of a GET on loopback, 0 when nobody answers."""
    try:
        with PLAIN.open(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def condition(obj, kind, value):
    """Return the condition of that type if it has that value."""
    conditions = obj.get("status", {}).get("conditions", [])
    return next((c for c in conditions if (c["type"], c["status"]) == (kind, value)), None)


def quiet_for(seconds, look):
    """Return a look that is true once `look()` has not changed for so many seconds."""
    seen, since = look(), time.monotonic()

    def quiet():
        nonlocal seen, since
        now = look()
        if now != seen:
            seen, since = now, time.monotonic()
        return time.monotonic() - since >= seconds

    return quiet
