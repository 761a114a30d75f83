"""The client's verbs, against the embedded API server and a real one: what they say is what happens."""

import pytest

from informers import (
    AlreadyExists,
    BadRequest,
    Cache,
    Client,
    Conflict,
    Expired,
    Forbidden,
    HttpTransport,
    Invalid,
    KindNotServed,
    NotFound,
    Observer,
    Patch,
    ThreadRuntime,
    TooManyRequests,
    load_config,
)

pytestmark = pytest.mark.cluster
CONFIG_MAP, DEPLOYMENT, POD = ("v1", "ConfigMap"), ("apps/v1", "Deployment"), ("v1", "Pod")
ACCOUNT, MEMCACHED = ("v1", "ServiceAccount"), ("cache.example.com/v1", "Memcached")


class Listening(Observer):
    """Notes the server's warnings."""

    def __init__(self):
        self.warnings = []

    def warned(self, call, *, text):
        """Note it."""
        self.warnings.append(text)


@pytest.fixture
def everywhere(cluster):
    """A client of the whole cluster."""
    observe, runtime = Listening(), ThreadRuntime()
    transport = HttpTransport(load_config(kubeconfig=cluster.kubeconfig), runtime=runtime, observe=observe)
    yield Client(transport, runtime=runtime, observe=observe, field_manager="verbs")
    transport.close()


@pytest.fixture
def client(everywhere, namespace):
    """A client of the test's own namespace."""
    return everywhere.in_namespace(namespace)


@pytest.fixture
def cached(everywhere, namespace):
    """A client of the test's own namespace and the cache that its writes are told to."""
    options = {"runtime": everywhere.runtime, "discovery": everywhere.discovery}
    cache = Cache(everywhere.transport, **options)
    cache.start()
    yield Client(everywhere.transport, writes=cache, **options).in_namespace(namespace), cache
    cache.stop()


def config_map(name="a", **data):
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"set": "x"}}, "data": data}


def deployment(name="web", replicas=0):
    """Return a Deployment."""
    pod = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "i"}], "automountServiceAccountToken": False},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


class TestObjects:
    def test_a_life(self, client):
        """Created, read, replaced, patched in each format, applied, deleted."""
        made = client.create(config_map(k="1"))
        replaced = client.update({**made, "data": {"k": "2"}})
        client.patch(CONFIG_MAP, "a", Patch.merge({"data": {"merge": "y"}}))
        client.patch(CONFIG_MAP, "a", Patch.strategic({"data": {"strategic": "y"}}))
        client.patch(CONFIG_MAP, "a", Patch.json([{"op": "add", "path": "/data/json", "value": "y"}]))
        client.apply(config_map(apply="y"))
        found = client.get(CONFIG_MAP, "a")
        client.delete(CONFIG_MAP, "a", uid=made["metadata"]["uid"])

        assert "2" == replaced["data"]["k"]
        assert {"k": "2"} | dict.fromkeys(("merge", "strategic", "json", "apply"), "y") == found["data"]
        with pytest.raises(NotFound):
            client.get(CONFIG_MAP, "a")

    def test_refusals(self, client):
        """Each by its own class."""
        made = client.create(config_map())
        client.update({**made, "data": {"k": "2"}})

        with pytest.raises(AlreadyExists):
            client.create(config_map())
        with pytest.raises(Conflict):
            client.update({**made, "data": {"k": "3"}})
        with pytest.raises(Conflict):
            client.delete(CONFIG_MAP, "a", uid="no-such-uid")
        with pytest.raises(Conflict):
            client.patch(CONFIG_MAP, "a", Patch.merge({}).only_if(resource_version=made["metadata"]["resourceVersion"]))
        with pytest.raises(Invalid):
            client.patch(CONFIG_MAP, "a", Patch.merge({}).only_if(uid="no-such-uid"))
        with pytest.raises(Conflict):
            client.with_field_manager("other").apply(config_map(k="9"), force=False)

    def test_differences(self, client):
        """Only what changed, and with a lock only on what was read."""
        old = client.create(config_map(k="1", l="1"))
        new = client.merge_from(old, {**old, "data": {"k": "2", "m": "1"}}, locked=True)

        assert {"k": "2", "m": "1"} == new["data"]
        with pytest.raises(Conflict):
            client.merge_from(old, {**old, "data": {}}, locked=True)

    def test_a_dry_run_leaves_no_trace(self, client):
        """The answer is as if."""
        shown = client.trying().create(config_map())

        assert shown["metadata"]["uid"]
        with pytest.raises(NotFound):
            client.get(CONFIG_MAP, "a")

    def test_field_validation(self, client):
        """Strict refuses, Warn warns, Ignore drops."""
        odd = {**config_map(), "dta": {}}
        with pytest.raises(BadRequest, match="dta"):
            client.create(odd)
        client.with_field_validation("Ignore").create(odd)
        quiet = list(client.observe.warnings)
        client.with_field_validation("Warn").create({**odd, "metadata": {"name": "b"}})

        assert not [text for text in quiet if "dta" in text and "Ignore" in text]
        assert "dta" in client.observe.warnings[-1]

    def test_another_namespace_is_out_of_sight(self, client):
        """Before anything is sent."""
        with pytest.raises(ValueError, match="does not match the namespace"):
            client.get(CONFIG_MAP, "default/a")


class TestCollections:
    def test_pages(self, client):
        """One by one, page by page, by selector, and as it was."""
        for name in "abcde":
            client.create(config_map(name))
        before = client.list(CONFIG_MAP, labels="set=x")
        client.delete(CONFIG_MAP, "c")
        page = client.page(CONFIG_MAP, limit=2, labels="set=x")
        rest = client.page(CONFIG_MAP, limit=2, labels="set=x", continue_=page.continue_)
        one_by_one = [one["metadata"]["name"] for one in client.iterate(CONFIG_MAP, page_size=1, labels="set=x")]
        as_it_was = client.list(CONFIG_MAP, labels="set=x", resource_version=before.resource_version, exact=True)

        assert ["a", "b", "d", "e"] == one_by_one == [one["metadata"]["name"] for one in [*page, *rest]]
        assert before == as_it_was
        assert 1 == len(client.list(CONFIG_MAP, fields="metadata.name=a"))

    def test_deleting_what_is_selected(self, cached):
        """And a cached read shows it at once."""
        client, cache = cached
        for name in "abc":
            client.create(config_map(name))
        client.patch(CONFIG_MAP, "b", Patch.merge({"metadata": {"labels": {"set": "y"}}}))
        assert 2 == len(cache.list(CONFIG_MAP, namespace=client.view.namespace, labels="set=x"))
        gone = client.delete_collection(CONFIG_MAP, labels="set=x")

        assert ["a", "c"] == sorted(key.name for key in gone)
        assert [] == cache.list(CONFIG_MAP, namespace=client.view.namespace, labels="set=x")
        assert "b" == client.get(CONFIG_MAP, "b")["metadata"]["name"]

    def test_a_watch(self, client):
        """From the version of a list on, in order; a second one goes on where the first one stopped."""
        since = client.list(CONFIG_MAP, labels="set=x").resource_version
        made = client.create(config_map())
        client.update({**made, "data": {"k": "v"}})
        seen = []
        with client.watch(CONFIG_MAP, labels="set=x", resource_version=since, timeout=20) as events:
            for event in events:
                seen.append(event.type)
                if len(seen) == 2:
                    break
        client.delete(CONFIG_MAP, "a")
        with client.watch(CONFIG_MAP, resource_version=events.resource_version, timeout=20) as more:
            seen.append(next(more).type)

        assert ["ADDED", "MODIFIED", "DELETED"] == seen

    def test_a_watch_with_what_is_there(self, client):
        """First what there is, then a mark, then the server ends it in time."""
        client.create(config_map())
        with client.watch(CONFIG_MAP, labels="set=x", initial_events=True, timeout=1) as events:
            seen = [(event.type, event.object["metadata"]["name"]) for event in events]

        assert [("ADDED", "a")] == seen
        assert (True, "closed") == (events.initial_done, events.ended)

    def test_a_version_that_is_too_old(self, client, eventually):
        """A kind's history does not reach further back than the kind; a real server needs a moment to know it."""

        def opened():
            try:
                return client.watch(MEMCACHED, resource_version="1", timeout=20)
            except TooManyRequests:
                return None

        with eventually(opened) as events, pytest.raises(Expired):
            next(events)
        assert "expired" == events.ended


class TestSubresources:
    def test_status(self, client):
        """The status alone is written, whatever else is said."""
        made = client.create(
            {"apiVersion": "cache.example.com/v1", "kind": "Memcached", "metadata": {"name": "a"}, "spec": {"size": 1}}
        )
        told = client.update_status({**made, "spec": {"size": 5}, "status": {"readyReplicas": 1}})
        patched = client.merge_from(told, {**told, "status": {"readyReplicas": 2}}, subresource="status")

        assert (1, 1, 2) == (told["spec"]["size"], told["status"]["readyReplicas"], patched["status"]["readyReplicas"])

    def test_scale(self, cached):
        """The answer is a Scale, and the next cached read shows the Deployment as it is now."""
        client, cache = cached
        client.create(deployment())
        cache.get(DEPLOYMENT, (client.view.namespace, "web"))
        scale = client.scale(DEPLOYMENT, "web", 2)
        seen = cache.get(DEPLOYMENT, (client.view.namespace, "web"))

        assert ("Scale", 2) == (scale["kind"], scale["spec"]["replicas"])
        assert 2 == seen["spec"]["replicas"] == client.get(DEPLOYMENT, "web", subresource="scale")["spec"]["replicas"]

    def test_eviction(self, client, eventually):
        """A Pod is evicted, in a trial and in earnest."""
        spec = {**deployment()["spec"]["template"]["spec"], "nodeName": "nowhere", "terminationGracePeriodSeconds": 0}
        client.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})
        eviction = client.subresource(POD, "a", "eviction")
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": {"gracePeriodSeconds": 0}}
        eviction.create(body, dry_run=True)
        still = client.get(POD, "a")
        eviction.create(body)

        assert "a" == still["metadata"]["name"]
        eventually(lambda: not client.list(POD))

    def test_a_token(self, client):
        """Of a service account."""
        client.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        answer = client.subresource(ACCOUNT, "a", "token").create(request)

        assert 2 == answer["status"]["token"].count(".")


class TestWhoWeAre:
    def test_permissions(self, client):
        """The admin may do everything, and one request tells all rules."""
        assert client.can_i("delete", DEPLOYMENT)
        assert client.can_i("create", POD, name="a", subresource="eviction")
        assert client.rules().allow("get", "pods")

    def test_acting_as_somebody_else(self, cluster, client):
        """Who may do nothing, and is told so."""
        if cluster.name == "embedded":
            pytest.skip("the embedded server lets everybody do everything: it evaluates no RBAC")
        jane = client.acting_as("jane", groups=["nobodies"], extra={"reason": ["a test"]})

        assert not jane.can_i("get", POD)
        assert not jane.rules().allow("get", "pods")
        with pytest.raises(Forbidden, match='User "jane" cannot list resource "pods"'):
            jane.list(POD)
        assert [] == client.list(POD)


class TestDiscovering:
    def test_names(self, client):
        """As people say them."""
        names = ("deploy", "Deployment", "deployments.apps", "deployments.v1.apps")

        assert {("apps", "v1", "Deployment")} == {tuple(client.discovery.find(name).gvk) for name in names}
        assert "scale" in client.discovery.find("memcached").subresources

    def test_a_crd_comes_changes_and_goes(self, everywhere, eventually):
        """No restart, not even for a version that is dropped."""
        crds = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        with pytest.raises(KindNotServed):
            everywhere.discovery.find("verbs.client.example.com")
        everywhere.create(crd("v1"))
        try:
            eventually(lambda: version_of(everywhere) == "v1")
            everywhere.apply(crd("v2", "v1"))
            stored = Patch.merge({"status": {"storedVersions": ["v2"]}})
            everywhere.patch(crds, "verbs.client.example.com", stored, subresource="status")
            everywhere.apply(crd("v2"))
            eventually(lambda: gone(everywhere, "client.example.com/v1"))
            eventually(lambda: version_of(everywhere) == "v2")
        finally:
            everywhere.delete(crds, "verbs.client.example.com")


def version_of(client):
    """Return the version that discovery has; None when nothing is found."""
    try:
        return client.discovery.find("verbs.client.example.com").gvk.version
    except KindNotServed:
        return None


def gone(client, api_version):
    """Return whether the server stopped serving the version."""
    try:
        client.list((api_version, "Verb"))
    except KindNotServed:
        return True
    return False


def crd(*versions):
    """Return a CRD; the first version is stored."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": "Verb", "plural": "verbs", "singular": "verb"}
    served = [{"name": v, "served": True, "storage": v == versions[0], "schema": schema} for v in versions]
    spec = {"group": "client.example.com", "names": names, "scope": "Namespaced", "versions": served}
    meta = {"name": "verbs.client.example.com"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": meta, "spec": spec}
