"""Lease objects over the wire: the few calls that elections and rings make, each with a time limit.

Bytes to dicts and back, refusals to errors; what a lease means is `controller.lease`'s. It MUST NOT wait or try again:
whoever holds a lease decides how much time is left.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

from controller.lease import JITTER, LEASE
from informers.api.errors import Forbidden, LevelsetError
from informers.api.objects import resource_version
from informers.api.status import api_error
from informers.api.transport import Call
from informers.api.wire import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from informers.api.objects import Obj
    from informers.api.transport import Response, Stream, Transport
    from informers.runtime import Runtime, Seconds, Task

__all__ = ["LeaseBell", "Leases", "newer"]

log = logging.getLogger("levelset.leader")

QUIET: Seconds = 60.0
"""Silence after which a watch is opened anew; a lease that somebody holds is heard of every few seconds."""


class Leases:
    """The Leases of one namespace.

    Args:
        transport: Not fenced, and best not shared: a storm of other requests MUST NOT delay renewals.
        namespace: Where they are.

    Threads: any thread.
    Blocks: every call, up to its `limit` in seconds.
    Raises: ApiError when the server refuses, TransportError when it cannot be asked.
    """

    def __init__(self, transport: Transport, namespace: str) -> None:
        self._transport, self.namespace = transport, namespace
        self._path = f"/apis/{LEASE[0]}/namespaces/{quote(namespace, safe='')}/leases"

    def blank(self, name: str) -> Obj:
        """Return a Lease that has only its names."""
        return {"apiVersion": LEASE[0], "kind": LEASE[1], "metadata": {"name": name, "namespace": self.namespace}}

    def get(self, name: str, *, limit: Seconds) -> Obj:
        """Read one."""
        return self._answer(Call("GET", self._one(name), timeout=limit))

    def create(self, obj: Obj, *, limit: Seconds) -> Obj:
        """Create one; return it as the server keeps it."""
        return self._answer(Call("POST", self._path, body=json.dumps(obj).encode(), timeout=limit))

    def update(self, obj: Obj, *, limit: Seconds) -> Obj:
        """Replace one, if it is still of the version that `obj` names; return it as the server keeps it."""
        path = self._one(obj["metadata"]["name"])
        return self._answer(Call("PUT", path, body=json.dumps(obj).encode(), timeout=limit))

    def delete(self, obj: Obj, *, limit: Seconds) -> None:
        """Delete one, if it is still the very version that `obj` is."""
        metadata = obj["metadata"]
        conditions = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        body = json.dumps({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}).encode()
        self._answer(Call("DELETE", self._one(metadata["name"]), body=body, timeout=limit))

    def list(self, labels: str, *, limit: Seconds) -> list[Obj]:
        """Return all that a label selector matches, as they are now."""
        found = self._answer(Call("GET", self._path, (("labelSelector", labels),), timeout=limit))
        kind = {"apiVersion": LEASE[0], "kind": LEASE[1]}
        return [{**kind, **item} for item in found.get("items") or ()]

    def watch(self, *selection: tuple[str, str]) -> Stream:
        """Open a watch of what `selection`, query parameters, names; it begins with what there is."""
        query = (*selection, ("watch", "true"), ("timeoutSeconds", "300"))
        return self._transport.stream(Call("GET", self._path, query, timeout=QUIET))

    def _one(self, name: str) -> str:
        return f"{self._path}/{quote(name, safe='')}"

    def _answer(self, call: Call) -> Obj:
        response: Response = self._transport.request(call)
        if response.status >= 300:
            raise api_error(response.status, response.body, retry_after=response.retry_after)
        answer: Obj = json.loads(response.body)
        return answer


class LeaseBell:
    """Tells of every change of some Leases as soon as the server does; a comfort, never a source of truth.

    Nothing depends on it: who may not watch is told so once in the log, and finds out by asking from time to time.

    Args:
        leases: Where to watch.
        selection: Which, as query parameters.
        rung: Called on the bell's own task with the Lease and whether it was deleted; MUST be quick.
        pause: Seconds between a watch that ended and the next one, and a random share more.

    Threads: any thread.
    Blocks: only `stop`.
    """

    def __init__(
        self,
        leases: Leases,
        selection: tuple[tuple[str, str], ...],
        *,
        runtime: Runtime,
        rung: Callable[[Obj, bool], None],
        pause: Seconds,
    ) -> None:
        self._leases, self._selection, self._runtime = leases, selection, runtime
        self._rung, self._pause = rung, pause
        self._lock = runtime.lock("lease bell")
        self._stopping = runtime.event("lease bell stopping")
        self._stream: Stream | None = None
        self._task: Task | None = None

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._task = self._runtime.spawn("lease bell", self._listen_on)

    def stop(self, deadline: Seconds) -> None:
        """Hang up, and wait for the task until `deadline` on the monotonic clock. Idempotent."""
        self._stopping.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()
        if self._task is not None:
            self._task.join(max(0.0, deadline - self._runtime.monotonic()))

    def _listen_on(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Forbidden as error:
                fields = {"namespace": self._leases.namespace, "error": str(error)}
                log.info("may not watch leases; asking now and then instead", extra={"fields": fields})
                return
            except (LevelsetError, ValueError) as error:
                log.debug("watching leases failed", extra={"fields": {"error": str(error)}})
            self._stopping.wait(self._pause * (1 + JITTER * self._runtime.random.random()))

    def _listen(self) -> None:
        stream = self._leases.watch(*self._selection)
        with self._lock:
            self._stream = stream
        try:
            if self._stopping.is_set():
                return
            if stream.status != 200:
                raise api_error(stream.status, b"".join(stream))
            for line in split_lines(stream):
                event = json.loads(line)
                if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                    self._rung(event["object"], event["type"] == "DELETED")
        finally:
            with self._lock:
                self._stream = None
            stream.close()


def newer(heard: Obj, known: Obj) -> bool:
    """Return whether what the bell told is newer than what an answer told; what cannot be compared is not."""
    theirs = resource_version(heard["metadata"].get("resourceVersion", ""))
    ours = resource_version(known["metadata"].get("resourceVersion", ""))
    return theirs is not None and (ours is None or theirs > ours)
