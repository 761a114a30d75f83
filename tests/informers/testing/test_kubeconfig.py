"""The file by which clients find a server."""

import base64

import yaml

from informers.testing.kubeconfig import write_kubeconfig


def test_it_names_one_server(tmp_path):
    """Server, authority and token are inside, so that the file alone is enough."""
    path = write_kubeconfig(tmp_path / "config", url="https://127.0.0.1:1", authority=b"PEM", token="secret")
    config = yaml.safe_load(path.read_text())

    assert "https://127.0.0.1:1" == config["clusters"][0]["cluster"]["server"]
    assert b"PEM" == base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])
    assert "secret" == config["users"][0]["user"]["token"]


def test_only_its_owner_may_read_it(tmp_path):
    """Also when a file that everyone could read was there before."""
    path = tmp_path / "config"
    path.write_text("old")
    path.chmod(0o644)

    write_kubeconfig(path, url="http://x", authority=b"", token="t")

    assert 0o600 == path.stat().st_mode & 0o777
    assert "certificate-authority" not in path.read_text()
