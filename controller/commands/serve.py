"""`levelset serve`: the embedded API server alone, for kubectl and any other client."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from controller.commands.failures import readable_errors
from controller.signals import SignalPipe
from informers.runtime import ThreadRuntime
from informers.testing import state
from informers.testing.admitting.calls import Webhooks
from informers.testing.cluster import ALL_CONTROLLERS, Cluster, ClusterOptions
from informers.testing.server import ApiServer, ServerOptions

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from informers.runtime import Runtime
    from informers.testing.exchanges import Recorder

__all__ = ["chosen_controllers", "install", "listening", "recording", "serve", "webhook_services", "written"]


@click.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="a free one",
    help="Port to listen on; loopback only.",
)
@click.option(
    "--kubeconfig-out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("kubeconfig"),
    show_default=True,
    help="Where to write the kubeconfig that clients need. It holds a token.",
)
@click.option(
    "--crd",
    "crds",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A YAML file of objects to create first, usually CRDs. May be repeated.",
)
@click.option(
    "--load",
    type=click.Path(exists=True, path_type=Path),
    help="A saved state, or a folder of YAML and JSON files, to begin with. What was read from a cluster comes back as "
    "it was, uids and resourceVersions included; the rest is created.",
)
@click.option(
    "--dump",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to save the state at the end, for --load. The file holds Secrets in the clear.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write each request and its answer, one JSON line each, without credentials.",
)
@click.option(
    "--controllers",
    metavar="all|none|NAME,...",
    default="all",
    show_default=True,
    callback=lambda _context, _option, value: chosen_controllers(value),
    help="Which of the cluster's controllers run: Deployments become Pods, children are collected; "
    f"none is the API server alone. Names: {', '.join(sorted(ALL_CONTROLLERS))}.",
)
@click.option(
    "--compaction-interval",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    show_default="never",
    help="How often the server forgets what is older than the time before: watches from there get 410, as from a real "
    "server after etcd was compacted.",
)
@click.option(
    "--plain-http",
    is_flag=True,
    help="Serve HTTP without TLS, over which kubectl and others send no token: whoever sends none is the admin.",
)
@click.option(
    "--rbac",
    is_flag=True,
    help="Let roles and bindings decide who may do what; without it everybody with a token may do everything.",
)
@click.option(
    "--webhook-service",
    "services",
    multiple=True,
    metavar="NAMESPACE/NAME=HOST:PORT",
    callback=lambda _context, _option, values: webhook_services(values),
    help="Where a Service is found that a webhook configuration names. May be repeated.",
)
def serve(
    *,
    port: int,
    kubeconfig_out: Path,
    crds: tuple[Path, ...],
    load: Path | None,
    dump: Path | None,
    record: Path | None,
    controllers: frozenset[str] | None,
    compaction_interval: float | None,
    plain_http: bool,
    rbac: bool,
    services: dict[str, str],
) -> None:
    """Serve the embedded API server, for kubectl and any other client.

    Everything is in memory and, unless --dump saves it, gone at the end; Ctrl-C ends it.
    """
    runtime, webhooks = ThreadRuntime(), Webhooks(services=services)
    options = ClusterOptions(
        controllers=controllers, compaction_interval=compaction_interval, rbac=rbac, webhooks=webhooks
    )
    with SignalPipe() as signals, readable_errors():
        cluster = Cluster(runtime=runtime, options=options)
        if load is not None:
            state.install(cluster, state.read_state(load))
        cluster.start()
        try:
            install(cluster, crds, runtime)
            with recording(record) as note, listening(cluster, port, tls=not plain_http, record=note) as server:
                path = written(server, kubeconfig_out)
                click.echo(f"serving on {server.url}\nexport KUBECONFIG={path.resolve()}")
                signals.wait()
        finally:
            cluster.stop()
        if dump is not None:
            click.echo(f"saved {state.save(cluster, dump)} objects to {dump}")


def webhook_services(values: tuple[str, ...]) -> dict[str, str]:
    """Return the values of `--webhook-service`, as `Webhooks.services` takes them.

    Raises:
        click.BadParameter: One is not `NAMESPACE/NAME=HOST:PORT`.
    """
    found: dict[str, str] = {}
    for value in values:
        service, _, place = value.partition("=")
        if "/" not in service or not place.rpartition(":")[2].isdigit():
            raise click.BadParameter(f"{value!r} is not NAMESPACE/NAME=HOST:PORT")
        found[service] = place
    return found


def chosen_controllers(text: str) -> frozenset[str] | None:
    """Return the names in the value of `--controllers`, as `ClusterOptions.controllers` takes them.

    Raises:
        click.BadParameter: A name is not one of `ALL_CONTROLLERS`.
    """
    if text in ("all", "none"):
        return None if text == "all" else frozenset()
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    unknown = sorted(names - ALL_CONTROLLERS)
    if unknown:
        raise click.BadParameter(
            f"no controller is called {unknown[0]!r}; there are {', '.join(sorted(ALL_CONTROLLERS))}"
        )
    return names


def recording(path: Path | None) -> AbstractContextManager[Recorder | None]:
    """Return what notes exchanges in a file, to be closed; nothing without a file."""
    if path is None:
        return nullcontext()
    from informers.testing.exchanges import Recorder  # noqa: PLC0415 - what only --record needs

    return Recorder(path)


def listening(cluster: Cluster, port: int, *, tls: bool = True, record: Recorder | None = None) -> ApiServer:
    """Return a server that listens.

    Raises:
        click.ClickException: The port is taken; names it and the flag.
    """
    server = ApiServer(cluster, options=ServerOptions(port=port, tls=tls, open=not tls, record=record))
    try:
        server.start()
    except OSError as error:
        raise click.ClickException(f"{error.strerror}; choose another with --port") from error
    return server


def written(server: ApiServer, path: Path) -> Path:
    """Write the kubeconfig of a server and return its path.

    Raises:
        click.ClickException: It cannot be written there; names the path, why, and the flag.
    """
    try:
        return server.kubeconfig(path)
    except OSError as error:
        fix = f"make {path.parent}, or" if isinstance(error, FileNotFoundError) else "please"
        why = (error.strerror or str(error)).lower()
        raise click.ClickException(f"cannot write {path}: {why}; {fix} choose another with --kubeconfig-out") from error


def install(cluster: Cluster, files: tuple[Path, ...], runtime: Runtime) -> None:
    """Create the objects of some YAML files.

    Raises:
        LevelsetError: The cluster refuses one.
        ValueError: A file is no YAML.
        TypeError: A file holds something that is no object.
    """
    if not files:
        return
    import yaml  # noqa: PLC0415 - a server without files starts sooner

    from informers.api.client import Client  # noqa: PLC0415 - as above
    from informers.testing.inprocess import ClusterTransport  # noqa: PLC0415 - as above

    client = Client(ClusterTransport(cluster), runtime=runtime, field_manager="levelset-serve")
    for file in files:
        try:
            documents = [document for document in yaml.safe_load_all(file.read_text()) if document is not None]
        except yaml.YAMLError as error:
            raise ValueError(f"{file} is no YAML: {error}") from error
        for document in documents:
            if not isinstance(document, dict):
                raise TypeError(f"{file} holds something that is no object")
            client.create(document)
