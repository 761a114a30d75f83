"""The demo on a terminal: the story on the left, the cluster as it is on the right, and room for the reader's kubectl.

It only draws: what it shows is read back through the client, five times a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from controller.story import DEPLOYMENT, MEMCACHED, POD, REPLICA_SET, Step
from informers.api.errors import LevelsetError

if TYPE_CHECKING:
    from controller.demo import Demo
    from informers.api.objects import Obj
    from informers.runtime import Seconds

__all__ = ["show"]

_FRAME: Seconds = 0.2
_PAUSE: Seconds = 1.2
"""Seconds between two steps, so that a person can follow."""


class _Board:
    """What is on the screen.

    Threads: the demo's own, and the one that redraws; each field is replaced as a whole.
    """

    def __init__(self, stage: Demo, story: list[Step]) -> None:
        self._stage, self._story = stage, story
        self._began = stage.runtime.monotonic()
        self._facts: list[tuple[str, Seconds]] = []
        self.closing = ""

    def came_true(self, fact: str) -> None:
        """Tick the step that is under way."""
        self._facts = [*self._facts, (fact, self._stage.runtime.monotonic() - self._began)]

    def draw(self) -> Layout:
        """Return the whole screen."""
        layout = Layout()
        layout.split_column(Layout(name="top"), Layout(self._foot(), size=5))
        layout["top"].split_row(
            Layout(Panel(self._steps(), title="the story", border_style="cyan"), ratio=4),
            Layout(Panel(self._cluster(), title="the cluster", border_style="magenta"), ratio=3),
        )
        return layout

    def _steps(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for number, step in enumerate(self._story):
            if number < len(self._facts):
                fact, at = self._facts[number]
                mark = Text("✓", style="bold green") if fact else Text("✗", style="bold red")
                said = Text.assemble(
                    (fact or "did not come true in time", "" if fact else "red"), (f"  {at:.1f} s", "dim")
                )
                table.add_row(mark, Text(step.title, style="bold"), said)
            elif number == len(self._facts):
                table.add_row(Text("➤", style="yellow"), Text(step.title, style="bold yellow"), Text(step.command))
            else:
                table.add_row(Text("·", style="dim"), Text(step.title, style="dim"), Text(step.command, style="dim"))
        return table

    def _cluster(self) -> Group:
        try:
            trees = [self._memcached(obj) for obj in self._stage.client.list(MEMCACHED)]
            return Group(*trees) if trees else Group(Text("no Memcached", style="dim"))
        except LevelsetError as error:
            return Group(Text(str(error), style="red"))

    def _memcached(self, obj: Obj) -> Tree:
        meta, status = obj["metadata"], obj.get("status", {})
        tree = Tree(Text.assemble(("Memcached ", "bold"), meta["name"], f"  size {obj['spec'].get('size')}"))
        for condition in status.get("conditions", []):
            tree.add(_condition(condition))
        for deployment in self._owned(DEPLOYMENT, obj):
            branch = tree.add(Text.assemble(("Deployment ", "bold"), _ready(deployment)))
            for replicas in self._owned(REPLICA_SET, deployment):
                pods = self._owned(POD, replicas)
                if pods:
                    leaf = branch.add(Text.assemble(("ReplicaSet ", "bold"), replicas["metadata"]["name"]))
                    for pod in pods:
                        leaf.add(_pod(pod))
        return tree

    def _owned(self, kind: tuple[str, str], owner: Obj) -> list[Obj]:
        uid, namespace = owner["metadata"]["uid"], owner["metadata"]["namespace"]
        children: list[Obj] = self._stage.client.list(kind, namespace=namespace)
        return [c for c in children if uid in [o["uid"] for o in c["metadata"].get("ownerReferences", [])]]

    def _foot(self) -> Panel:
        command = Text.assemble(
            ("KUBECONFIG=", "bold"), (self._stage.kubeconfig, "bold green"), " kubectl get memcacheds"
        )
        return Panel(Group(Text("join in from another terminal:"), command, Text(self.closing, style="dim")))


def _ready(deployment: Obj) -> str:
    have = deployment.get("status", {}).get("readyReplicas", 0)
    return f"{deployment['metadata']['name']}  {have}/{deployment['spec'].get('replicas')} ready"


def _pod(pod: Obj) -> Text:
    status = pod.get("status", {})
    up = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    leaving = "deletionTimestamp" in pod["metadata"]
    colour = "red" if leaving else "green" if up else "yellow"
    return Text.assemble(
        ("● ", colour),
        pod["metadata"]["name"],
        ("  leaving" if leaving else "", "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def _condition(condition: Obj) -> Text:
    good = {"Available": "True", "Degraded": "False"}.get(condition["type"], condition["status"])
    colour = "green" if condition["status"] == good else "yellow"
    return Text.assemble(
        (f"{condition['type']}={condition['status']} ", colour),
        (condition.get("reason", ""), "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def show(stage: Demo, story: list[Step]) -> None:
    """Play the story on the terminal, then stay until Ctrl-C with the sample running. Blocks."""
    board = _Board(stage, story)
    console = Console()
    with Live(console=console, screen=True, get_renderable=board.draw, refresh_per_second=1 / _FRAME) as live:
        try:
            for step in story:
                board.came_true(stage.play(step))
                live.refresh()
                stage.runtime.sleep(_PAUSE)
            story[0].act(stage.client)
            board.closing = "the story is told; the sample runs again for you to play with; Ctrl-C ends it"
            while True:
                stage.runtime.sleep(_FRAME)
        except KeyboardInterrupt:
            pass
    console.print("stopped; the cluster was in memory and is gone")
