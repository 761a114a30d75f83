"""Certificates that change under a server that runs."""

import shutil
import ssl

import pytest

from controller.certificates import CertificateError, CertificateFiles, SelfMade
from controller.observe import ControllerObserver
from informers import ThreadRuntime
from informers.certificates import issue

RUNTIME = ThreadRuntime()


def write(directory, made):
    """Put a pair where a mounted Secret has it."""
    (directory / "tls.crt").write_bytes(made.certificate)
    (directory / "tls.key").write_bytes(made.key)
    (directory / "ca.crt").write_bytes(made.authority)


@pytest.fixture
def pairs():
    """Two pairs of certificate and key."""
    return [issue(["localhost"], now=RUNTIME.wall(), name=name) for name in ("one", "two")]


def shown(certificate, made):
    """Whether a client that trusts `made`'s authority shakes hands."""
    client = ssl.create_default_context(cadata=made.authority.decode())
    (a, b), (c, d) = (ssl.MemoryBIO(), ssl.MemoryBIO()), (ssl.MemoryBIO(), ssl.MemoryBIO())
    near = client.wrap_bio(a, b, server_hostname="localhost")
    far = certificate.context().wrap_bio(c, d, server_side=True)
    for _ in range(4):
        for side, out, other in ((near, b, c), (far, d, a)):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
            other.write(out.read())
    return True


def test_a_new_pair_is_shown_after_a_refresh(tmp_path, pairs):
    """As cert-manager rotates it."""
    write(tmp_path, pairs[0])
    certificate = CertificateFiles(tmp_path)
    write(tmp_path, pairs[1])
    before = shown(certificate, pairs[0])
    certificate.refresh()

    assert (True, True, False) == (before, shown(certificate, pairs[1]), shown(certificate, pairs[0]))


@pytest.mark.parametrize("newer", ["tls.crt", "tls.key"])
def test_a_pair_that_does_not_fit_leaves_the_old_one(tmp_path, pairs, caplog, newer):
    """In the middle of a rotation one of the two files is newer; a context that was tried on it would be spoilt."""
    write(tmp_path, pairs[0])
    certificate = CertificateFiles(tmp_path)
    (tmp_path / newer).write_bytes({"tls.crt": pairs[1].certificate, "tls.key": pairs[1].key}[newer])
    certificate.refresh()

    assert shown(certificate, pairs[0])
    assert "serving with the old one" in caplog.text


def test_files_that_went_away_leave_the_old_one(tmp_path, pairs):
    """A volume that is remounted."""
    (tmp_path / "x").mkdir()
    write(tmp_path / "x", pairs[0])
    certificate = CertificateFiles(tmp_path / "x")
    shutil.rmtree(tmp_path / "x")
    certificate.refresh()

    assert shown(certificate, pairs[0])


def test_every_look_is_told_and_failures_as_such(tmp_path, pairs):
    """As controller-runtime's watcher of certificates counts them."""

    class Heard(ControllerObserver):
        told = ()

        def certificate_read(self, *, error):
            self.told += (error is None,)

    heard = Heard()
    write(tmp_path, pairs[0])
    certificate = CertificateFiles(tmp_path, heard)
    certificate.refresh()
    (tmp_path / "tls.key").write_bytes(pairs[1].key)
    certificate.refresh()

    assert (True, True, False) == heard.told


def test_no_pair_to_begin_with_names_the_files(tmp_path):
    """And what they must be."""
    with pytest.raises(CertificateError, match=r"tls\.crt and .*tls\.key must be"):
        CertificateFiles(tmp_path)


def test_one_of_our_own_making_is_trusted_by_its_authority():
    """For development."""
    certificate = SelfMade(["localhost"], runtime=RUNTIME, name="hooks")

    class Made:
        authority = certificate.authority

    assert shown(certificate, Made)
