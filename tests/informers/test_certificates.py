"""A server certificate that clients can verify."""

import ssl
from datetime import UTC, datetime

import pytest

from informers.certificates import issue


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
