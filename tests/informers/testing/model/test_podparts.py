"""Pods that change where they may: what containers ask for, and containers that come later; as a real server has it."""

import pytest

PODS = "/api/v1/namespaces/default/pods"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
SIZE = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}


@pytest.fixture
def patch(ask):
    """A Pod, and the way to patch one of its parts."""
    container = {"name": "c", "image": "i", "resources": SIZE}
    ask("POST", PODS, {"metadata": {"name": "p"}, "spec": {"containers": [container]}})

    def patched(part, body, kind=STRATEGIC):
        code, answer, _ = ask("PATCH", f"{PODS}/p/{part}", body, kind)
        return code, answer

    return patched


def resized(**resources):
    """Return a patch of what the container asks for."""
    return {"spec": {"containers": [{"name": "c", "resources": resources}]}}


def later(name="d", **more):
    """Return a patch that adds a container."""
    return {"spec": {"ephemeralContainers": [{"name": name, "image": "i", **more}]}}


class TestResize:
    def test_only_sizes_change(self, patch):
        """Whatever else the request says is dropped; the generation tells of it."""
        body = resized(requests={"cpu": "150m"})
        body["spec"]["containers"][0]["image"] = "z"
        code, pod = patch("resize", {**body, "metadata": {"labels": {"x": "y"}}})
        (container,) = pod["spec"]["containers"]

        assert (200, "i", "150m") == (code, container["image"], container["resources"]["requests"]["cpu"])
        assert (2, None) == (pod["metadata"]["generation"], pod["metadata"].get("labels"))

    @pytest.mark.parametrize(
        ("resources", "message"),
        [
            (
                {"requests": {"cpu": "200m"}},
                'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of',
            ),
            ({"limits": None}, "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"),
            (
                {"requests": {"cpu": "300m"}},
                'spec.containers[0].resources.requests: Invalid value: "300m": must be less',
            ),
            ({"requests": {"ephemeral-storage": "1Gi"}}, "spec: Forbidden: only cpu and memory resources are mutable"),
        ],
    )
    def test_what_cannot_be(self, patch, resources, message):
        """A Pod keeps its quality of service, and whatever was limited stays so."""
        code, answer = patch("resize", resized(**resources))

        assert (422, 1) == (code, len(answer["details"]["causes"]))
        assert answer["message"].startswith(f'Pod "p" is invalid: {message}')


class TestEphemeralContainers:
    def test_a_container_comes(self, patch):
        """With defaults; the Pod itself does not take it."""
        code, pod = patch("ephemeralcontainers", later())
        (container,) = pod["spec"]["ephemeralContainers"]

        assert (200, "Always", 2) == (code, container["imagePullPolicy"], pod["metadata"]["generation"])
        assert 422 == patch("", later("e"))[0]

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"name": "c"}, 'spec.ephemeralContainers[0].name: Duplicate value: "c"'),
            ({"image": ""}, "spec.ephemeralContainers[0].image: Required value"),
            ({"targetContainerName": "x"}, 'spec.ephemeralContainers[0].targetContainerName: Not found: "x"'),
            (
                {"ports": [{"containerPort": 1}], "livenessProbe": {"exec": {"command": ["x"]}}},
                "[spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container, "
                "spec.ephemeralContainers[0].livenessProbe: Forbidden: cannot be set for an Ephemeral Container]",
            ),
        ],
    )
    def test_what_cannot_come(self, patch, more, message):
        """Names are unique in the Pod, and much is not for visitors."""
        code, answer = patch("ephemeralcontainers", later(**more))

        assert (422, f'Pod "p" is invalid: {message}') == (code, answer["message"])

    def test_what_came_stays(self, patch):
        """As it is."""
        patch("ephemeralcontainers", later())
        changed = patch("ephemeralcontainers", later(image="z"))[1]["message"]
        removed = patch("ephemeralcontainers", {"spec": {"ephemeralContainers": []}}, MERGE)[1]["message"]

        assert 'existing ephemeral containers "d" may not be changed\n' in changed
        assert 'existing ephemeral containers "d" may not be removed\n' in removed


class TestGates:
    def test_gates_go_and_none_come(self, ask):
        """Until they are gone the Pod is bound to no node, and may still be choosier."""
        spec = {"containers": [{"name": "c", "image": "i"}], "schedulingGates": [{"name": "a.b/c"}]}
        ask("POST", PODS, {"metadata": {"name": "g"}, "spec": spec})
        binding = {"metadata": {"name": "g"}, "target": {"kind": "Node", "name": "n"}}
        more = {"spec": {"schedulingGates": [{"name": "a.b/c"}, {"name": "a.b/d"}]}}
        refused = ask("PATCH", f"{PODS}/g", more, MERGE)[1]["message"]
        choosier = ask("PATCH", f"{PODS}/g", {"spec": {"nodeSelector": {"x": "y"}}}, MERGE)[0]
        other = ask("PATCH", f"{PODS}/g", {"spec": {"nodeSelector": {"x": "z"}}}, MERGE)[1]["message"]
        early = ask("POST", f"{PODS}/g/binding", binding)[1]["message"]
        ask("PATCH", f"{PODS}/g", {"spec": {"schedulingGates": None}}, MERGE)

        assert (
            "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'a.b/d'"
            in (refused)
        )
        assert 200 == choosier
        assert "only additions to spec.nodeSelector are allowed (no mutations or deletions)" in other
        assert early.endswith("pod g has non-empty .spec.schedulingGates")
        assert 201 == ask("POST", f"{PODS}/g/binding", binding)[0]
        assert 422 == ask("PATCH", f"{PODS}/g", {"spec": {"nodeSelector": {"x": "y", "w": "z"}}}, MERGE)[0]
