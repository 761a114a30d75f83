"""The file by which clients find a server: one cluster, one user, one context.

It holds a token, so only its owner may read it; an older file of that name is replaced, never reused with its rights.
"""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_kubeconfig"]


def write_kubeconfig(path: Path, *, url: str, authority: bytes, token: str) -> Path:
    """Write a kubeconfig and return its path.

    Args:
        path: Where to.
        url: The server.
        authority: The PEM certificate to trust; empty for plain HTTP.
        token: The bearer token.
    """
    trust = f"    certificate-authority-data: {b64encode(authority).decode()}\n" if authority else ""
    text = (
        "apiVersion: v1\n"
        "kind: Config\n"
        "clusters:\n"
        "- name: levelset\n"
        "  cluster:\n"
        f'    server: "{url}"\n'
        f"{trust}"
        "users:\n"
        "- name: admin\n"
        "  user:\n"
        f'    token: "{token}"\n'
        "contexts:\n"
        "- name: levelset\n"
        "  context:\n"
        "    cluster: levelset\n"
        "    user: admin\n"
        "    namespace: default\n"
        "current-context: levelset\n"
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path
