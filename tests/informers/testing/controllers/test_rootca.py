"""Namespaces know the certificate authority of the server, once there is one."""

AUTHORITY = b"-----BEGIN CERTIFICATE-----\n"


def published(lab, namespace="default"):
    """Return what a namespace says."""
    found = lab.get("ConfigMap", "kube-root-ca.crt", namespace)
    return found and found["data"]


def test_every_namespace_is_told(lab):
    """Those that are there, and those to come."""
    lab.advance(1)
    before = published(lab)
    lab.cluster.trust(AUTHORITY)
    lab.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}, "")
    lab.advance(1)

    assert before is None
    assert [{"ca.crt": AUTHORITY.decode()}] * 3 == [published(lab, name) for name in ("default", "kube-system", "new")]


def test_it_cannot_be_lost(lab):
    """Deleted or changed, it comes back."""
    lab.cluster.trust(AUTHORITY)
    lab.advance(1)
    lab.delete("ConfigMap", "kube-root-ca.crt")
    lab.patch("ConfigMap", "kube-root-ca.crt", {"data": {"ca.crt": "other"}}, namespace="kube-system")
    lab.advance(1)

    assert published(lab) == published(lab, "kube-system") == {"ca.crt": AUTHORITY.decode()}


def test_a_bare_server_says_nothing(make_lab):
    """It has no controllers to do so."""
    lab = make_lab(frozenset())
    lab.cluster.trust(AUTHORITY)
    lab.advance(1)

    assert published(lab) is None
