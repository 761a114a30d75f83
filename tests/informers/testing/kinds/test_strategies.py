"""In what kinds differ when they are written, as a real API server did it."""

import pytest

from informers.testing.access.identity import Identity
from informers.testing.kinds.builtin import builtin_resources
from informers.testing.kinds.strategies import prepare_create, prepare_update
from informers.testing.model.resources import Registry

GENERATION = "deprecated.daemonset.template.generation"


def daemon_set(image, **annotations):
    """A DaemonSet."""
    return {
        "metadata": {"annotations": annotations},
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
    }


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        (daemon_set("a", **{GENERATION: "4"}), daemon_set("a", z="1"), "4"),
        (daemon_set("a", **{GENERATION: "4"}), daemon_set("b", **{GENERATION: "1"}), "5"),
        (daemon_set("a"), daemon_set("b"), "2"),
    ],
)
def test_a_daemon_sets_template_is_counted(old, new, number):
    """Its controller tells old Pods from new ones by that; no client can set it on an update."""
    info = Registry(builtin_resources()).find("apps", "v1", "daemonsets")

    prepare_update(info, old, new, None)

    assert number == new["metadata"]["annotations"][GENERATION]


class TestSigningRequests:
    """Who asks for a certificate is not for the asker to say."""

    INFO = Registry(builtin_resources()).find("certificates.k8s.io", "v1", "certificatesigningrequests")

    def test_the_asker_is_noted(self):
        """Over whatever the request itself claims."""
        asked = {"metadata": {}, "spec": {"signerName": "a/b", "username": "root", "groups": ["all"], "uid": "0"}}

        prepare_create(self.INFO, asked, None, Identity("jane", ("staff",)))

        assert {"signerName": "a/b", "username": "jane", "groups": ["staff"]} == asked["spec"]

    def test_it_stays(self):
        """An update leaves the request as it was made."""
        old, new = ({"metadata": {}, "spec": {"username": name}} for name in ("jane", "root"))

        prepare_update(self.INFO, old, new, None)

        assert {"username": "jane"} == new["spec"]
