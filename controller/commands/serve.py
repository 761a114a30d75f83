"""`levelset serve`: the embedded API server alone, for kubectl and any other client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from controller.commands.flags import readable_errors
from controller.signals import SignalPipe
from informers.api.client import Client
from informers.runtime import ThreadRuntime
from informers.testing.cluster import Cluster
from informers.testing.fake import ClusterTransport
from informers.testing.server import ApiServer, ServerOptions

if TYPE_CHECKING:
    from informers.runtime import Runtime

__all__ = ["serve"]


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
    "--controllers",
    type=click.Choice(["all", "none"]),
    default="all",
    show_default=True,
    help="Whether Deployments become Pods and children are collected, as in a cluster; none only stores.",
)
def serve(*, port: int, kubeconfig_out: Path, crds: tuple[Path, ...], controllers: str) -> None:
    """Serve the embedded API server, for kubectl and any other client.

    Everything is in memory and gone at the end; Ctrl-C ends it.
    """
    runtime = ThreadRuntime()
    with SignalPipe() as signals, readable_errors():
        cluster = Cluster(runtime=runtime)
        if controllers == "all":
            cluster.start()
        try:
            install(cluster, crds, runtime)
            with listening(cluster, port) as server:
                path = server.kubeconfig(kubeconfig_out)
                click.echo(f"serving on {server.url}\nexport KUBECONFIG={path.resolve()}")
                signals.wait()
        finally:
            cluster.stop()


def listening(cluster: Cluster, port: int) -> ApiServer:
    """Return a server that listens.

    Raises:
        click.ClickException: The port is taken; names it and the flag.
    """
    server = ApiServer(cluster, options=ServerOptions(port=port))
    try:
        server.start()
    except OSError as error:
        raise click.ClickException(f"{error.strerror}; choose another with --port") from error
    return server


def install(cluster: Cluster, files: tuple[Path, ...], runtime: Runtime) -> None:
    """Create the objects of some YAML files.

    Raises:
        LevelsetError: The cluster refuses one.
        ValueError: A file is no YAML.
        TypeError: A file holds something that is no object.
    """
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
