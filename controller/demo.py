"""The demo: embedded API server, CRD, bundled controller and a person who plays with them, in one process.

Everything is real but the cluster: HTTPS on loopback, the manifests as shipped, the controller as it runs in a cluster,
an ordinary client. Without a terminal, or with `--once`, it prints one timed line a step and exits 0 only if every step
came true; on a terminal it is a live view that stays up until Ctrl-C, open to the reader's own kubectl.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from controller.bundled import setup_named
from controller.manager import Manager, ManagerOptions
from controller.story import Step, steps
from informers.api.client import Client
from informers.api.config import load_config
from informers.api.errors import LevelsetError
from informers.api.http import HttpTransport
from informers.runtime import Runtime, Seconds, ThreadRuntime
from informers.testing.cluster import Cluster
from informers.testing.server import ApiServer, ServerOptions

if TYPE_CHECKING:
    from informers.api.objects import Obj

__all__ = ["Demo", "demo"]

_STEP_TIMEOUT: Seconds = 20.0
"""Seconds that one step may take; each takes about one on a quiet machine."""
_POLL: Seconds = 0.02
_CRD = "crd/cache.example.com_memcacheds.yaml"
_SAMPLE = "samples/cache_v1_memcached.yaml"


def manifest(name: str) -> list[Obj]:
    """Return the documents of a file in manifests/, the folder beside the packages or in the working directory.

    Raises:
        click.ClickException: It is in neither; the message says how to get it.
    """
    places = (Path(__file__).parent.parent / "manifests", Path("manifests"))
    for place in places:
        if (place / name).is_file():
            return [doc for doc in yaml.safe_load_all((place / name).read_text()) if doc]
    looked = ", ".join(str(place) for place in places)
    raise click.ClickException(f"manifests/{name} is not in {looked}; run the demo in a checkout of the repository")


class Demo:
    """The stage: an API server, a running controller, and a client for the person.

    Use it as a context manager; leaving it stops everything in order.

    Blocks: entering takes until the controller is ready, about a second.
    Threads: one owner thread.
    """

    def __init__(self, runtime: Runtime, *, port: int = 0) -> None:
        self.runtime = runtime
        self._cluster = Cluster(runtime=runtime)
        self._server = ApiServer(self._cluster, options=ServerOptions(port=port))
        self._stack = ExitStack()
        self.kubeconfig = ""
        self.client: Client

    def __enter__(self) -> Demo:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="levelset-demo-")))
            self._cluster.start()
            stack.callback(self._cluster.stop)
            server = stack.enter_context(self._server)
            self.kubeconfig = str(server.kubeconfig(folder / "kubeconfig"))
            self._connect(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _connect(self, stack: ExitStack) -> None:
        transport = HttpTransport(load_config(kubeconfig=self.kubeconfig), runtime=self.runtime)
        stack.callback(transport.close)
        self.client = Client(transport, runtime=self.runtime, field_manager="demo")
        for crd in manifest(_CRD):
            self.client.apply(crd)
        options = ManagerOptions(
            metrics_bind_address="0", health_probe_bind_address="0", debug_bind_address="0", webhook_bind_address="0"
        )
        manager = Manager(options=options, config=load_config(kubeconfig=self.kubeconfig), runtime=self.runtime)
        setup_named("memcached")(manager)
        stack.callback(manager.stop)
        manager.start()

    def play(self, step: Step) -> str:
        """Do one step and wait for its fact; returns the fact, or "" when it did not come true in time."""
        deadline = self.runtime.monotonic() + _STEP_TIMEOUT
        step.act(self.client)
        while not (fact := self._look(step)) and self.runtime.monotonic() < deadline:
            self.runtime.sleep(_POLL)
        return fact

    def _look(self, step: Step) -> str:
        try:
            return step.fact(self.client)
        except LevelsetError:
            return ""


def _tell(runtime: Runtime, port: int, began: Seconds) -> bool:
    """Print one timed line a step; whether every step came true."""

    def line(mark: str, title: str, fact: str) -> None:
        click.echo(f"{runtime.monotonic() - began:6.2f} s  {mark}  {title:<15} {fact}")

    with Demo(runtime, port=port) as stage:
        line("✓", "start", "API server on loopback, CRD installed, controller running")
        told = 0
        story = steps(manifest(_SAMPLE)[0])
        for step in story:
            fact = stage.play(step)
            line("✓" if fact else "✗", step.title, fact or f"not within {_STEP_TIMEOUT:g} s: {step.command}")
            if not fact:
                break
            told += 1
    line("✓" if told == len(story) else "✗", "stop", f"{told} of {len(story)} steps came true")
    return told == len(story)


@click.command("demo")
@click.option("--once", is_flag=True, help="Print one timed line a step and exit, as without a terminal.")
@click.option("--port", default=0, show_default="a free one", help="Port of the embedded API server on loopback.")
def demo(*, once: bool, port: int) -> None:
    """Tell the whole story without a cluster: create, scale, drift, delete."""
    runtime = ThreadRuntime()
    began = runtime.monotonic()
    if once or not sys.stdout.isatty():
        sys.exit(0 if _tell(runtime, port, began) else 1)
    from controller.demoview import show  # noqa: PLC0415 - the line by line form needs no rich

    with Demo(runtime, port=port) as stage:
        show(stage, steps(manifest(_SAMPLE)[0]))
