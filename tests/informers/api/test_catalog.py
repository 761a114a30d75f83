"""Everything a server serves, by any name, in both forms of the documents."""

import pytest

from informers.api.client import Client
from informers.api.discovery import Discovery
from informers.api.errors import ApiError, KindNotServed, Unavailable
from informers.testing import FakeCluster
from informers.testing.virtual.sim import SimRuntime
from tests.informers.api.played import answer, status


def entry(name, kind, *shorts, **more):
    """Return a resource of the older form."""
    return {"name": name, "kind": kind, "namespaced": True, "verbs": ["get"], "shortNames": list(shorts), **more}


def group(name, *versions):
    """Return a group of the older form; the first version is the preferred one."""
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed[::-1], "preferredVersion": listed[0]}


PLAIN = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": [group("apps", "v1", "v1beta1"), group("metrics.k8s.io", "v1")]},
    "/api/v1": {
        "resources": [
            entry("pods", "Pod", "po", singularName="pod"),
            entry("pods/log", "Pod"),
            entry("events", "Event"),
        ]
    },
    "/apis/apps/v1": {"resources": [entry("deployments", "Deployment", "deploy"), entry("deployments/scale", "Scale")]},
    "/apis/apps/v1beta1": {"resources": [entry("deployments", "Deployment", "deploy")]},
    "/apis/metrics.k8s.io/v1": {"resources": [entry("pods", "PodMetrics", "po")]},
}


def modern(name, version, freshness, *resources):
    """Return a group of the newer form."""
    return {
        "metadata": {"name": name},
        "versions": [{"version": version, "freshness": freshness, "resources": list(resources)}],
    }


def modern_entry(plural, kind, *subresources):
    """Return a resource of the newer form."""
    below = [{"subresource": one, "responseKind": {"kind": "Scale"}} for one in subresources]
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": "Namespaced",
        "singularResource": kind.lower(),
        "shortNames": ["wd"],
        "verbs": ["get"],
        "subresources": below,
    }


NEW = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
MODERN = {
    "/api": {**NEW, "items": [modern("", "v1", "Current", modern_entry("pods", "Pod"))]},
    "/apis": {
        **NEW,
        "items": [
            modern("example.com", "v2", "Current", modern_entry("widgets", "Widget", "scale")),
            modern("metrics.k8s.io", "v1", "Stale"),
        ],
    },
}


class Documents:
    """A server of these documents; a number is the status of a refusal."""

    def __init__(self, documents):
        self.documents, self.asked = dict(documents), []

    def request(self, call):
        """Answer."""
        self.asked.append(call.path)
        document = self.documents.get(call.path, 404)
        return status(document, "NotFound" * (document == 404)) if isinstance(document, int) else answer(document)


@pytest.fixture
def discover():
    """Return a function that makes (discovery, server, runtime)."""

    def make(documents):
        server, runtime = Documents(documents), SimRuntime()
        return Discovery(server, runtime=runtime), server, runtime

    return make


class TestNames:
    @pytest.mark.parametrize(
        ("name", "api_version", "kind"),
        [
            ("pods", "v1", "Pod"),
            ("pod", "v1", "Pod"),
            ("Pod", "v1", "Pod"),
            ("po", "v1", "Pod"),
            ("pods.v1", "v1", "Pod"),
            ("deploy", "apps/v1", "Deployment"),
            ("Deployment.apps", "apps/v1", "Deployment"),
            ("deployments.v1beta1.apps", "apps/v1beta1", "Deployment"),
            ("pods.metrics.k8s.io", "metrics.k8s.io/v1", "PodMetrics"),
        ],
    )
    def test_all_that_people_say(self, discover, name, api_version, kind):
        """Plural, singular, kind and short name; the core group and the preferred version come first."""
        discovery, _, _ = discover(PLAIN)
        found = discovery.find(name).gvk

        assert (api_version, kind) == (found.api_version, found.kind)

    def test_what_nothing_is_called(self, discover):
        """The message says where to look."""
        discovery, _, _ = discover(PLAIN)

        with pytest.raises(KindNotServed, match="serves no 'gadgets'; kubectl api-resources"):
            discovery.find("gadgets")

    def test_subresources_belong_to_their_resource(self, discover):
        """And are none themselves."""
        discovery, _, _ = discover(PLAIN)

        assert frozenset(("scale",)) == discovery.find("deployments").subresources
        assert "deployments.apps" == discovery.find("deployments").resource
        assert ["pods", "events", "deployments", "deployments", "pods"] == [one.plural for one in discovery.resources()]


class TestTheNewerForm:
    def test_two_requests_tell_all(self, discover):
        """And are remembered."""
        discovery, server, _ = discover(MODERN)
        found = [discovery.find(name).gvk.kind for name in ("wd.example.com", "widgets", "pods")]

        assert ["Widget", "Widget", "Pod"] == found
        assert frozenset(("scale",)) == discovery.find("widget").subresources
        assert ["/api", "/apis"] == server.asked

    def test_a_stale_group_is_named(self, discover, caplog):
        """Its backend is down: what it serves is not known, which is not the same as absent."""
        discovery, _, _ = discover(MODERN)

        with pytest.raises(KindNotServed, match=r"these groups could not be asked: metrics\.k8s\.io/v1"):
            discovery.find("nodemetrics")
        assert {"groups": ["metrics.k8s.io/v1"]} == caplog.records[0].fields


class TestChanges:
    def test_a_new_crd_is_found(self, discover):
        """Within seconds, and without a restart; meanwhile the answer no is not asked for each time."""
        discovery, server, runtime = discover(MODERN)
        for _ in range(3):
            with pytest.raises(KindNotServed):
                discovery.find("gadgets")
        asked = len(server.asked)
        server.documents["/apis"] = {
            **NEW,
            "items": [modern("g.io", "v1", "Current", modern_entry("gadgets", "Gadget"))],
        }
        runtime.advance(5.0)

        assert "Gadget" == discovery.find("gadgets").gvk.kind
        assert (2, 4) == (asked, len(server.asked))

    def test_a_dropped_version_is_found_anew(self, discover):
        """Whoever meets a kind that is not served any more makes discovery look again."""
        discovery, server, _ = discover({**PLAIN, "/apis/apps/v1": 404})
        discovery.find("deployments")
        server.documents.update(PLAIN)
        server.documents["/apis/apps/v1beta1"] = 404
        with pytest.raises(KindNotServed):
            discovery.resource(("apps/v1beta1", "Deployment"))

        assert "v1" == discovery.find("deployments").gvk.version

    def test_one_group_that_fails_spoils_no_other(self, discover):
        """And is named."""
        discovery, _, _ = discover({**PLAIN, "/apis/metrics.k8s.io/v1": 503})

        assert "Deployment" == discovery.find("deploy").gvk.kind
        with pytest.raises(KindNotServed, match=r"could not be asked: metrics\.k8s\.io/v1"):
            discovery.find("podmetrics")

    def test_a_failing_group_is_named_when_its_kind_is_asked_for(self, discover):
        """Other kinds are not affected."""
        discovery, _, _ = discover({**PLAIN, "/apis/metrics.k8s.io/v1": 503})

        assert "pods" == discovery.resource(("v1", "Pod")).plural
        with pytest.raises(Unavailable, match=r"cannot find out what metrics\.k8s\.io/v1 serves"):
            discovery.resource(("metrics.k8s.io/v1", "PodMetrics"))

    def test_a_login_page(self, discover):
        """What is no document is an error, not an empty cluster."""
        discovery, server, _ = discover(PLAIN)
        server.request = lambda call: answer(b"<html>")

        with pytest.raises(ApiError, match="a discovery document is malformed"):
            discovery.find("pods")


def test_on_the_embedded_server():
    """Both forms say the same."""
    with FakeCluster() as world:
        transport = world.transport()
        client = Client(transport, runtime=world.runtime)
        found = client.discovery.find("deploy")
        plain = client.discovery.resource(("apps/v1", "Deployment"))

    assert found == plain
    assert ["scale", "status"] == sorted(found.subresources)
