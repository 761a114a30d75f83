"""A server certificate that clients can verify."""

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from informers.certificates import LIFETIME, issue

NOW = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)


def handshake(issued, name):
    """Shake hands in memory with a server that shows the certificate, as a client that expects `name`."""
    context = issued.context()
    trusting = ssl.create_default_context(cadata=issued.authority.decode())
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(up, down, server_side=True)
    client = trusting.wrap_bio(down, up, server_hostname=name)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.getpeercert()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "kubernetes.default.svc"])
def test_the_names_asked_for_are_good(name):
    """Addresses and names both verify, also by the strict rules that Go and newer Pythons apply."""
    issued = issue(["127.0.0.1", "localhost", "kubernetes.default.svc"], now=datetime.now(UTC))

    assert handshake(issued, name)["subject"]


def test_other_names_are_not():
    """A certificate is good for nobody else."""
    issued = issue(["localhost"], now=datetime.now(UTC))

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(issued, "example.com")


def test_the_key_is_not_shown():
    """A repr ends up in logs."""
    assert "PRIVATE" not in repr(issue(["localhost"], now=datetime.now(UTC)))


def test_another_library_reads_what_it_says():
    """Who it is for, by whom it is signed and until when it is good."""
    hosts = ["localhost", "127.0.0.1", "::1"]
    issued = issue(hosts, now=NOW, name="hooks")
    root, leaf = (x509.load_pem_x509_certificate(pem) for pem in (issued.authority, issued.certificate))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert "CN=hooks authority" == leaf.issuer.rfc4514_string() == root.subject.rfc4514_string()
    assert "CN=hooks" == leaf.subject.rfc4514_string()
    assert NOW + LIFETIME == leaf.not_valid_after_utc == root.not_valid_after_utc
    assert hosts == [str(name.value) for name in names]
    leaf.verify_directly_issued_by(root)


def test_a_server_may_not_sign_for_others():
    """Its certificate is good for serving alone, and the authority's for signing servers."""
    issued = issue(["localhost"], now=NOW)
    root, leaf = (x509.load_pem_x509_certificate(pem).extensions for pem in (issued.authority, issued.certificate))
    basics, uses = x509.BasicConstraints, x509.KeyUsage

    assert basics(ca=True, path_length=0) == root.get_extension_for_class(basics).value
    assert basics(ca=False, path_length=None) == leaf.get_extension_for_class(basics).value
    assert root.get_extension_for_class(uses).value.key_cert_sign
    assert not leaf.get_extension_for_class(uses).value.key_cert_sign
    assert [ExtendedKeyUsageOID.SERVER_AUTH] == list(leaf.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_each_certificate_has_a_number_of_its_own():
    """Two with one number from one authority would be a fault to some clients."""
    issued = [issue(["localhost"], now=NOW) for _ in range(2)]
    pems = [pem for one in issued for pem in (one.authority, one.certificate)]

    assert 4 == len({x509.load_pem_x509_certificate(pem).serial_number for pem in pems})
