"""Which cluster, and as whom: kubeconfig files or the pod's own service account.

The `kubernetes` package knows the older auth providers, and is imported here alone and only for those, for it costs
175 ms and 17 MB. It MUST NOT be given what it would write to disk or log: inline keys stay in memory here, and
credential plugins and token files are ours, because it reads those once and swallows their failures.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from informers.api.credentials import Credential
from informers.api.errors import ConfigError
from informers.api.execplugin import ExecPlugin
from informers.api.kubeconfig import Choice, authorization, choose, data_of, file_of, impersonation, merge
from informers.api.objects import Obj
from informers.api.proxies import proxy_for
from informers.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ClusterConfig", "load_config"]

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where the kubelet puts a pod's token, CA and namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """How to reach an API server, whom to trust and who to be. Secrets are not in its `repr`.

    Of each pair of data and file, data wins; files are read again when they change. Of the ways to be somebody, all
    that are set are used, but for the Authorization header `fetch` comes before `token_file` and that before `token`.

    Threads: immutable.
    """

    server: str
    """The URL, `https://host:port`, with a path prefix if the server has one."""
    source: str = "given by the program"
    """Where this comes from, for people."""
    namespace: str = "default"
    """The namespace to work in where none is named."""
    ca_data: bytes = field(default=b"", repr=False)
    """PEM certificates to trust, instead of the system's."""
    ca_file: str = ""
    """The same, as a file."""
    insecure: bool = False
    """Do not verify the server at all. Anybody in between can then read and change everything."""
    tls_server_name: str = ""
    """The name that the server's certificate must carry, when it is not the host of `server`."""
    certificate_data: bytes = field(default=b"", repr=False)
    """PEM client certificate with its chain."""
    certificate_file: str = ""
    """The same, as a file."""
    key_data: bytes = field(default=b"", repr=False)
    """PEM key of the client certificate."""
    key_file: str = ""
    """The same, as a file."""
    token: str = field(default="", repr=False)
    """A bearer token that does not change."""
    token_file: str = ""
    """A file with a bearer token that may be rotated."""
    fetch: Callable[[], Credential] | None = field(default=None, repr=False)
    """Fetches a credential: a credential plugin or an auth provider."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Further headers for every request, for instance to impersonate."""
    proxy: str = field(default="", repr=False)
    """The URL of an HTTP proxy; empty for a direct connection."""
    compression: bool = True
    """Whether answers may be asked for compressed: a kubeconfig says no by `disable-compression`."""
    user_agent: str = f"levelset/{VERSION}"
    """The User-Agent header."""

    def address(self) -> tuple[str, str, str]:
        """Return the server as root URL, host with port, and path prefix.

        Raises:
            ConfigError: `server` is no URL of an API server, or holds a password.
        """
        wrong = ConfigError(f"the server ({self.source}) must be https://host:port, without user and password")
        try:
            url = urlsplit(self.server if "://" in self.server else f"https://{self.server}")
        except ValueError:
            raise wrong from None
        if url.scheme not in ("http", "https") or not url.hostname or url.username:
            raise wrong
        return f"{url.scheme}://{url.netloc}", url.netloc, url.path.rstrip("/")


def load_config(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    environ: Mapping[str, str] | None = None,
    service_account: str = SERVICE_ACCOUNT,
) -> ClusterConfig:
    """Find the cluster: the given kubeconfig, else `KUBECONFIG`, else the pod's service account, else ~/.kube/config.

    The first two are decisive: what they name must be usable, for falling back could mean another cluster.

    Args:
        kubeconfig: Path of a file.
        context: A context other than the file's current one; rules out the service account.
        environ: The environment; the process' own when None.
        service_account: Folder of the pod's token, CA and namespace.

    Raises:
        ConfigError: Nothing usable; the message lists every place looked at, and the fix.
    """
    env = os.environ if environ is None else environ
    if kubeconfig:
        return _explicit("--kubeconfig", [kubeconfig], context, env)
    looked = ["--kubeconfig: not given"]
    if env.get("KUBECONFIG"):
        return _explicit("KUBECONFIG", [path for path in env["KUBECONFIG"].split(os.pathsep) if path], context, env)
    looked.append("KUBECONFIG: not set")
    found = None if context else _in_cluster(env, service_account, looked)
    if found is None:
        if context:
            looked.append("service account: not tried, because a context was asked for")
        home = os.path.join(env.get("HOME") or os.path.expanduser("~"), ".kube", "config")
        found = _from_files("default", [home], context, env, looked)
    if found is None:
        raise _nothing(looked)
    return found


def _explicit(label: str, paths: list[str], context: str | None, env: Mapping[str, str]) -> ClusterConfig:
    looked: list[str] = []
    found = _from_files(label, paths, context, env, looked)
    if found is None:
        raise _nothing([*looked, f"nothing else, because {label} decides"])
    return found


def _nothing(looked: list[str]) -> ConfigError:
    places = "".join(f"\n  {place}" for place in looked)
    return ConfigError(
        f"no usable configuration for a cluster. Looked at:{places}\n"
        "Pass --kubeconfig FILE, set KUBECONFIG, or run in a pod with a service account."
    )


# --- Kubeconfig files ---


def _from_files(
    label: str, paths: list[str], context: str | None, env: Mapping[str, str], looked: list[str]
) -> ClusterConfig | None:
    expanded = map(os.path.expanduser, paths)
    files = [(path, content) for path in expanded if (content := _read(f"{label}: {path}", path, looked))]
    if not files:
        return None
    source = f"{label}: {os.pathsep.join(path for path, _ in files)}"
    try:
        choice = choose(merge(files), context)
        return _from_choice(choice, source, env)
    except ConfigError as error:
        raise ConfigError(f"{source} is not usable: {error}") from error


def _read(place: str, path: str, looked: list[str]) -> Obj | None:
    import yaml  # noqa: PLC0415 - 25 ms that a program in a cluster, which reads no file, need not spend

    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.safe_load(file)
    except FileNotFoundError:
        looked.append(f"{place}: missing")
        return None
    except OSError as error:
        raise ConfigError(f"{place}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise ConfigError(f"{place}: malformed: not YAML{where}") from None
    if content is None:
        looked.append(f"{place}: empty")
        return None
    if not isinstance(content, dict):
        raise ConfigError(f"{place}: malformed: not a kubeconfig")
    return content


def _from_choice(choice: Choice, source: str, env: Mapping[str, str]) -> ClusterConfig:
    cluster, user = choice.cluster, choice.user
    shown = "" if user.get("auth-provider") else authorization(user)
    server = str(cluster["server"]).rstrip("/")
    return ClusterConfig(
        server=server,
        source=f"{source}, context {choice.context}",
        namespace=choice.namespace,
        ca_data=data_of(cluster, "certificate-authority-data"),
        ca_file=file_of(cluster, "certificate-authority"),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        tls_server_name=cluster.get("tls-server-name") or "",
        certificate_data=data_of(user, "client-certificate-data"),
        certificate_file=file_of(user, "client-certificate"),
        key_data=data_of(user, "client-key-data"),
        key_file=file_of(user, "client-key"),
        token=shown.removeprefix("Bearer ") if shown.startswith("Bearer ") else "",
        token_file=user.get("tokenFile") or "",
        fetch=_fetcher(choice, shown, env),
        headers=impersonation(user),
        proxy=cluster.get("proxy-url") or proxy_for(server, env),
        compression=not cluster.get("disable-compression"),
    )


def _fetcher(choice: Choice, shown: str, env: Mapping[str, str]) -> Callable[[], Credential] | None:
    if choice.user.get("exec"):
        return ExecPlugin(choice.user["exec"], choice.cluster, env).run
    if choice.user.get("auth-provider"):
        return lambda: Credential(_through_package(choice).api_key.get("BearerToken") or "")
    if shown.startswith("Basic "):
        return lambda: Credential(shown)
    return None


def _through_package(choice: Choice) -> Any:
    """Return the package's reading of the context, without what it must not get."""
    from kubernetes import client, config  # noqa: PLC0415 - costs 175 ms

    ours = ("-data", "exec", "tokenFile")
    cluster, user = (
        {name: value for name, value in section.items() if not name.endswith(ours)}
        for section in (choice.cluster, choice.user)
    )
    document = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "it", "user": user}],
    }
    settings, load = client.Configuration(), cast("Any", config.load_kube_config_from_dict)
    try:
        load(document, client_configuration=settings, persist_config=False)
    except config.ConfigException as error:
        raise ConfigError(str(error)) from error
    return settings


# --- The pod's service account ---


def _in_cluster(env: Mapping[str, str], folder: str, looked: list[str]) -> ClusterConfig | None:
    if not env.get("KUBERNETES_SERVICE_HOST"):
        looked.append("service account: this is no pod (KUBERNETES_SERVICE_HOST is not set)")
        return None
    token, ca = os.path.join(folder, "token"), os.path.join(folder, "ca.crt")
    port = env.get("KUBERNETES_SERVICE_PORT") or ""
    problem = _lacks(token, "token") or _lacks(ca, "certificate") if port else "KUBERNETES_SERVICE_PORT is not set"
    if problem:
        looked.append(f"service account ({folder}): {problem}")
        return None
    host = env["KUBERNETES_SERVICE_HOST"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return ClusterConfig(
        server=server,
        source=f"service account ({folder})",
        namespace=_namespace(folder),
        ca_file=ca,
        token_file=token,
        proxy=proxy_for(server, env),
    )


def _lacks(path: str, what: str) -> str:
    """Say what is wrong with a file of the service account, or nothing."""
    try:
        with open(path, "rb") as file:
            return "" if file.read(1) else f"its {what} file is empty"
    except FileNotFoundError:
        return f"its {what} file does not exist"
    except OSError as error:
        return f"its {what} file cannot be read: {error.strerror}"


def _namespace(folder: str) -> str:
    try:
        with open(os.path.join(folder, "namespace"), encoding="utf-8") as file:
            return file.read().strip() or "default"
    except OSError:
        return "default"
