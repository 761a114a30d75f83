"""Roles, bindings, impersonation and reviews, with roles enforced."""

import msgspec
import pytest

from informers.api.errors import Forbidden
from informers.api.objects import GroupVersionKind
from informers.api.transport import Call
from informers.testing import ClusterOptions, FakeCluster
from informers.testing.access.identity import Identity

POD = GroupVersionKind("", "v1", "Pod")
RBAC = "rbac.authorization.k8s.io"


class As:
    """A transport that acts for somebody else."""

    def __init__(self, transport, user, *groups):
        self._transport = transport
        self._headers = {"Impersonate-User": user, **({"Impersonate-Group": ",".join(groups)} if groups else {})}

    def ask(self, method, path, body=None, **query):
        """Return (status, message or object)."""
        sent = None if body is None else msgspec.json.encode(body)
        answer = self._transport.request(Call(method, path, tuple(query.items()), sent, headers=self._headers))
        found = msgspec.json.decode(answer.body)
        return answer.status, found.get("message", found)


@pytest.fixture
def cluster():
    """A cluster whose roles count."""
    return FakeCluster(controllers=False, options=ClusterOptions(rbac=True))


@pytest.fixture
def client(cluster):
    """Its administrator."""
    return cluster.client()


@pytest.fixture
def jane(cluster):
    """Somebody without any role of her own."""
    return As(cluster.transport(), "jane")


def role(name, *rules, namespace="default"):
    """Return a Role, or a ClusterRole without a namespace."""
    kind, meta = ("Role", {"name": name, "namespace": namespace}) if namespace else ("ClusterRole", {"name": name})
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": meta, "rules": list(rules)}


def bind(name, role_, *subjects, kind="Role", namespace="default"):
    """Return a RoleBinding, or a ClusterRoleBinding without a namespace."""
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role_},
        "subjects": [
            {"kind": "User", "name": subject, "apiGroup": RBAC} if isinstance(subject, str) else subject
            for subject in subjects
        ],
    }


def rule(*verbs, resources=("pods",), group="", **more):
    """Return a rule."""
    return {"verbs": list(verbs), "apiGroups": [group], "resources": list(resources), **more}


PODS = "/api/v1/namespaces/default/pods"


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("GET", PODS, 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace'),
        ("GET", "/api/v1/pods", 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cl'),
        ("GET", f"{PODS}/a", 'pods "a" is forbidden: User "jane" cannot get resource "pods" in API group "" in the na'),
        ("PUT", f"{PODS}/a/status", 'pods "a" is forbidden: User "jane" cannot update resource "pods/status" in API'),
        ("DELETE", PODS, 'pods is forbidden: User "jane" cannot deletecollection resource "pods" in API group ""'),
        ("GET", "/metrics", 'forbidden: User "jane" cannot get path "/metrics"'),
        ("GET", "/apis/nothing.x/v1/foos", 'foos.nothing.x is forbidden: User "jane" cannot list resource "foos" in'),
        ("GET", "/api/v1/namespaces/n", 'cannot get resource "namespaces" in API group "" in the namespace "n"'),
    ],
)
def test_whoever_has_no_role_is_told_so(jane, method, path, what):
    """In the server's words, before anything else is looked at."""
    status, message = jane.ask(method, path, {} if method == "PUT" else None)

    assert 403 == status
    assert what in message


def test_a_role_allows_what_it_names_where_it_is_bound(client, jane):
    """And nothing else, nowhere else."""
    client.create(role("reader", rule("get", "list")))
    client.create(bind("b", "reader", "jane"))

    assert 200 == jane.ask("GET", PODS)[0]
    assert 403 == jane.ask("GET", "/api/v1/pods")[0]
    assert 403 == jane.ask("DELETE", f"{PODS}/a")[0]


def test_names_and_subresources_narrow_a_rule(client, jane):
    """`resourceNames` hold for single objects, `pods/status` for that alone."""
    client.create(role("r", rule("get", resources=["configmaps"], resourceNames=["a"]), rule("get", resources=["x/y"])))
    client.create(bind("b", "r", "jane"))

    maps = "/api/v1/namespaces/default/configmaps"
    assert 404 == jane.ask("GET", f"{maps}/a")[0]
    assert 403 == jane.ask("GET", f"{maps}/b")[0]
    assert 403 == jane.ask("GET", maps)[0]


def test_the_default_roles_are_there(client, cluster):
    """`view` reads, but no secrets; `system:masters` may do everything; strangers may ask for the version."""
    client.create(bind("b", "view", {"kind": "Group", "name": "watchers", "apiGroup": RBAC}, kind="ClusterRole"))
    watcher = As(cluster.transport(), "bob", "watchers")

    assert 200 == watcher.ask("GET", PODS)[0]
    assert 403 == watcher.ask("GET", "/api/v1/namespaces/default/secrets")[0]
    assert 200 == As(cluster.transport(), "root", "system:masters").ask("GET", "/api/v1/secrets")[0]
    assert 200 == As(cluster.transport(), "system:anonymous").ask("GET", "/version")[0]


def test_cluster_roles_are_made_of_others(client, jane):
    """By label, as soon as there is one."""
    whole = role("whole", namespace="")
    whole["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {"part": "yes"}}]}
    part = role("part", rule("list"), namespace="")
    part["metadata"]["labels"] = {"part": "yes"}
    client.create(whole)
    client.create(bind("b", "whole", "jane", kind="ClusterRole", namespace=""))
    assert 403 == jane.ask("GET", "/api/v1/pods")[0]

    client.create(part)
    assert 200 == jane.ask("GET", "/api/v1/pods")[0]


def test_nobody_grants_what_he_does_not_have(client, jane):
    """Neither by a role nor by a binding, unless he may escalate or bind."""
    client.create(role("granter", rule("create", resources=["roles", "rolebindings"], group=RBAC), rule("list")))
    client.create(bind("b", "granter", "jane"))
    roles = f"/apis/{RBAC}/v1/namespaces/default/roles"
    status, message = jane.ask("POST", roles, role("more", rule("get", "list", "delete")))

    assert 403 == status
    wanted = (
        f'roles.{RBAC} "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC '
        'permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get" "delete"]}'
    )
    assert wanted == message
    assert 201 == jane.ask("POST", roles, role("same", rule("list")))[0]
    admin = bind("c", "cluster-admin", "jane", kind="ClusterRole")
    assert 403 == jane.ask("POST", f"/apis/{RBAC}/v1/namespaces/default/rolebindings", admin)[0]


def test_acting_for_others_must_be_allowed(cluster, client):
    """Users and groups each are a resource of their own."""
    client.create(role("actor", rule("impersonate", resources=["users"]), namespace=""))
    client.create(bind("b", "actor", "ann", kind="ClusterRole", namespace=""))
    with pytest.raises(Forbidden, match='users "bob" is forbidden: User "x" cannot impersonate resource "users"'):
        cluster.cluster.guard.acting(identity("x"), {"impersonate-user": "bob"}, list)

    assert "bob" == cluster.cluster.guard.acting(identity("ann"), {"impersonate-user": "bob"}, list).name
    with pytest.raises(Forbidden, match='groups "g" is forbidden'):
        cluster.cluster.guard.acting(identity("ann"), {"impersonate-user": "bob"}, lambda: ["g"])


def identity(name):
    """Return a user."""
    return Identity(name, ("system:authenticated",))


def review(kind, **spec):
    """Return a review of access."""
    return {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "metadata": {}, "spec": spec}


REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def test_reviews_answer_by_the_roles(client, cluster):
    """With the binding that allows it."""
    client.create(role("reader", rule("get")))
    client.create(bind("b", "reader", "jane"))
    asked = {"namespace": "default", "verb": "get", "resource": "pods"}
    root = As(cluster.transport(), "root", "system:masters")
    _, yes = root.ask("POST", REVIEWS, review("SubjectAccessReview", user="jane", resourceAttributes=asked))
    _, no = root.ask("POST", REVIEWS, review("SubjectAccessReview", user="bob", resourceAttributes=asked))

    assert 'RBAC: allowed by RoleBinding "b/default" of Role "reader" to User "jane"' == yes["status"]["reason"]
    assert {"allowed": False} == no["status"]


def test_a_review_must_say_what_it_asks(cluster):
    """About whom, and about what."""
    root = As(cluster.transport(), "root", "system:masters")
    asked = {"verb": "get", "resource": "pods"}
    status, message = root.ask("POST", REVIEWS, review("SubjectAccessReview", resourceAttributes=asked))

    assert 422 == status
    assert 'spec.user: Invalid value: "": at least one of user or group must be specified' in message


def test_the_rules_of_somebody_are_listed(jane, client):
    """As `kubectl auth can-i --list` shows them."""
    client.create(role("reader", rule("get")))
    client.create(bind("b", "reader", "jane"))
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    _, found = jane.ask("POST", path, review("SelfSubjectRulesReview", namespace="default"))

    assert rule("get") in found["status"]["resourceRules"]
    assert {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"]} in found[
        "status"
    ]["nonResourceRules"]
