"""Credentials from a program that a kubeconfig names, by the `client.authentication.k8s.io` protocol.

The program runs on the user's word alone: only a kubeconfig can name one, never a cluster. Its error output goes to
the terminal and not into our messages, and its standard output is a secret.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from informers.api.credentials import Credential, bearer
from informers.api.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["ExecPlugin"]

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")
_TOLD = (
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
    "disable-compression",
)
"""What of the cluster the protocol passes on; the rest of the section is nobody else's business."""

_TIMEOUT: Seconds = 60.0
"""How long a program that cannot ask anybody may take; those in use fetch a token in under five seconds."""


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that prints a credential, and the cluster it is for.

    Threads: immutable; each `run` starts the program once.
    """

    spec: Obj
    """The `exec` section of the user, with the path of the command made absolute if it had slashes."""
    cluster: Obj
    """The `cluster` section, which the program may ask for."""
    environ: Mapping[str, str]
    """The environment it runs in, before its own additions."""

    def __repr__(self) -> str:
        return f"ExecPlugin({self.spec.get('command')!r})"

    def run(self) -> Credential:
        """Return the credential that the program prints.

        Blocks: up to a minute; as long as the user needs when it may ask questions on a terminal.

        Raises:
            ConfigError: It is missing, failed, or printed something else; the message names the program.
        """
        command = self.spec["command"]
        interactive = self._interactive()
        try:
            finished = subprocess.run(  # noqa: S603 - the user's kubeconfig names it, as for every client
                [command, *map(str, self.spec.get("args") or ())],
                env=self._environment(interactive=interactive),
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=None if interactive else _TIMEOUT,
                check=False,
            )
        except FileNotFoundError:
            hint = self.spec.get("installHint") or "install it, or choose another user in the kubeconfig"
            raise ConfigError(f"the credential plugin {command!r} is not installed: {hint.strip()}") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            what = "did not finish in time" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
            raise ConfigError(f"the credential plugin {command!r} cannot be used: {what}") from None
        if finished.returncode:
            raise ConfigError(f"the credential plugin {command!r} failed with exit code {finished.returncode}")
        return self._read(finished.stdout)

    def _interactive(self) -> bool:
        mode = self.spec.get("interactiveMode") or "IfAvailable"
        if mode not in _MODES:
            raise ConfigError(
                f"the credential plugin {self.spec['command']!r} has interactiveMode {mode!r}; "
                f"set it in the kubeconfig to one of {', '.join(_MODES)}"
            )
        available = sys.stdin is not None and sys.stdin.isatty()
        if mode == "Always" and not available:
            raise ConfigError(f"the credential plugin {self.spec['command']!r} needs a terminal to ask questions on")
        return available and mode != "Never"

    def _environment(self, *, interactive: bool) -> dict[str, str]:
        asks: Obj = {"interactive": interactive}
        if self.spec.get("provideClusterInfo"):
            asks["cluster"] = _for_plugin(self.cluster)
        info = {"apiVersion": self._version, "kind": "ExecCredential", "spec": asks}
        own = {entry["name"]: str(entry.get("value", "")) for entry in self.spec.get("env") or ()}
        return {**os.environ, **self.environ, **own, "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode()}

    @property
    def _version(self) -> str:
        """The version of the protocol; raises ConfigError for one that is not spoken here."""
        version: str = self.spec.get("apiVersion") or ""
        if version not in _VERSIONS:
            raise ConfigError(
                f"the credential plugin {self.spec.get('command')!r} has apiVersion {version!r}; "
                f"what is supported: {', '.join(_VERSIONS)}"
            )
        return version

    def _read(self, output: bytes) -> Credential:
        wrong = ConfigError(f"the credential plugin {self.spec['command']!r} printed no usable ExecCredential")
        try:
            answer = msgspec.json.decode(output, type=dict[str, Any])
            status = answer["status"]
            if (answer.get("apiVersion"), answer.get("kind")) != (self._version, "ExecCredential"):
                raise wrong
            ends = status.get("expirationTimestamp")
            expires = datetime.fromisoformat(ends) if ends else None
            authorization = bearer(status["token"]) if status.get("token") else ""
            certificate = (status.get("clientCertificateData") or "").encode()
            key = (status.get("clientKeyData") or "").encode()
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise wrong from None
        if not authorization and not certificate:
            raise wrong
        if bool(certificate) != bool(key):
            raise ConfigError(
                f"the credential plugin {self.spec['command']!r} printed a certificate or a key, not both"
            )
        return Credential(authorization, certificate, key, expires)


def _for_plugin(cluster: Obj) -> Obj:
    """Return the cluster as the protocol passes it on: a CA file as its content, its own extension as `config`."""
    told = {name: cluster[name] for name in _TOLD if cluster.get(name)}
    path = cluster.get("certificate-authority")
    if path and "certificate-authority-data" not in told:
        try:
            with open(path, "rb") as file:
                told["certificate-authority-data"] = base64.b64encode(file.read()).decode()
        except OSError as error:
            raise ConfigError(f"cannot read {path} for the credential plugin: {error.strerror}") from error
    for extension in cluster.get("extensions") or ():
        if extension.get("name") == "client.authentication.k8s.io/exec":
            told["config"] = extension.get("extension")
    return told
