"""A transport that answers from a script, and the objects, pages and events that scripts are made of."""

import json
from collections import deque

from informers.api.errors import ResponseLost
from informers.api.objects import CachedObject, ObjectMeta
from informers.api.transport import Response
from informers.api.wire import cached
from informers.observe import Observer

CORE = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["list", "watch"]},
        {"name": "nodes", "kind": "Node", "namespaced": False, "verbs": ["list", "watch"]},
    ],
}


def obj(name, rv, *, uid=None, namespace="default", kind="Pod", owners=(), **meta):
    """Return an object as a dict."""
    meta = {"name": name, "namespace": namespace, "uid": uid or f"uid-{name}", "resourceVersion": str(rv), **meta}
    if owners:
        ref = {"apiVersion": "v1", "kind": "Owner"}
        meta["ownerReferences"] = [{**ref, "name": owner, "uid": owner} for owner in owners]
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": {"at": str(rv)}}


def item(name, rv, **more):
    """Return an object as the cache holds it."""
    return cached(json.dumps(obj(name, rv, **more), separators=(",", ":")).encode())


def bare(name, **meta):
    """Return an object of nothing but metadata."""
    return CachedObject(ObjectMeta(name=name, **meta), b"{}")


def page(rv, *objects, continue_="", status=200):
    """Return the answer to a list."""
    meta = {"resourceVersion": str(rv), **({"continue": continue_} if continue_ else {})}
    return Response(status, {}, json.dumps({"kind": "List", "metadata": meta, "items": objects}).encode())


def refusal(code, reason="", message="no", headers=None, **details):
    """Return a Status as an answer."""
    status = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    return Response(code, headers or {}, json.dumps(status).encode())


def event(kind, body):
    """Return one line of a watch."""
    return json.dumps({"type": kind, "object": body}).encode() + b"\n"


def bookmark(rv):
    """Return a bookmark line."""
    return event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": str(rv)}})


def initial_end(rv):
    """Return the bookmark that ends initial events."""
    meta = {"resourceVersion": str(rv), "annotations": {"k8s.io/initial-events-end": "true"}}
    return event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": meta})


def error_event(code, reason="", **details):
    """Return an ERROR line."""
    return event("ERROR", {"kind": "Status", "code": code, "reason": reason, "message": "no", "details": details})


class ScriptedStream:
    """A watch that the test feeds."""

    def __init__(self, runtime, call, status=200, headers=None):
        self.call, self.status, self.headers = call, status, headers or {}
        self.closed = False
        self._runtime, self._pieces = runtime, deque()
        self._changed = runtime.condition("stream")

    def send(self, *pieces):
        """Let these bytes arrive."""
        with self._changed:
            self._pieces.extend(pieces)
            self._changed.notify_all()

    def end(self):
        """End the answer in good order."""
        self.send(None)

    def lose(self):
        """Break the connection."""
        self.send(ResponseLost("the connection broke"))

    def __iter__(self):
        while True:
            with self._changed:
                while not self._pieces and not self.closed:
                    if not self._changed.wait(self.call.timeout):
                        raise ResponseLost(f"silent for {self.call.timeout:.0f} s", silent=True)
                if self.closed:
                    return
                piece = self._pieces.popleft()
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self):
        """See `Transport.close`."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


class ScriptedTransport:
    """Answers lists and watches from queues; when a queue is empty, as a healthy, quiet server would."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.lists, self.watches, self.looks = deque(), deque(), deque()
        self.calls, self.streams, self.times = [], [], []
        self.gets = {}
        self.default = page(1)
        self.looked_up = 0

    # --- What the test does ---

    def list_queries(self):
        """Return the queries of the lists so far."""
        return [dict(c.query) for c in self.calls if not dict(c.query).get("watch") and c.path.endswith(("s", "pods"))]

    def watch_queries(self):
        """Return the queries of the watches so far."""
        return [dict(call.query) for call in self.calls if dict(call.query).get("watch")]

    @property
    def stream_now(self):
        """The latest watch."""
        return self.streams[-1]

    # --- Transport ---

    def request(self, call):
        """See `Transport.request`."""
        if dict(call.query).get("limit") == "1":
            return self._play(self.looks.popleft() if self.looks else page(10**9))
        self._note(call)
        if call.path == "/api/v1":
            self.looked_up += 1
            return Response(200, {}, json.dumps(CORE).encode())
        if call.path in self.gets:
            return self._play(self.gets[call.path])
        return self._play(self.lists.popleft() if self.lists else self.default)

    def stream(self, call):
        """See `Transport.stream`."""
        self._note(call)
        answer = self._play(self.watches.popleft()) if self.watches else None
        if isinstance(answer, Response):
            stream = ScriptedStream(self.runtime, call, answer.status, answer.headers)
            stream.send(answer.body, None)
            return stream
        stream = ScriptedStream(self.runtime, call)
        self.streams.append(stream)
        if answer is not None:
            stream.send(*answer)
        return stream

    def close(self):
        """See `Transport.close`."""
        for stream in self.streams:
            stream.close()

    def _note(self, call):
        if call.path != "/api/v1":
            self.calls.append(call)
            self.times.append(self.runtime.monotonic())

    @staticmethod
    def _play(answer):
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


class Keeper:
    """A sink that writes down what it is told, and holds what that makes true."""

    def __init__(self):
        self.told, self.held, self.fault = [], {}, None

    def replace(self, replacement):
        """Take a list."""
        if self.fault:
            raise self.fault
        self.held = {one.meta.name: one.meta.resource_version for one in replacement.objects}
        self.told.append((replacement.reason, replacement.resource_version, sorted(self.held)))

    def apply(self, obj, *, deleted):
        """Take an event."""
        if self.fault:
            raise self.fault
        self.told.append(("DELETED" if deleted else "APPLIED", obj.meta.name))
        self.held[obj.meta.name] = obj.meta.resource_version
        if deleted:
            del self.held[obj.meta.name]

    def progress(self, resource_version):
        """Take a bookmark."""
        self.told.append(("progress", resource_version))


class Recorder(Observer):
    """Remembers what it hears, as tuples."""

    def __init__(self):
        self.heard = []

    def listed(self, gvk, *, objects, seconds, reason):
        """Remember."""
        self.heard.append(("listed", objects, reason))

    def audited(self, gvk, *, missing, stale, extra):
        """Remember."""
        self.heard.append(("audited", missing, stale, extra))

    def watch_ended(self, gvk, *, reason):
        """Remember."""
        self.heard.append(("ended", reason))

    def watch_event(self, gvk, *, kind, object_seconds=None):
        """Remember."""
        self.heard.append(("event", kind))

    def failed(self, gvk, *, error, failures):
        """Remember."""
        self.heard.append(("failed", type(error).__name__, failures))

    def skipped(self, gvk, *, error):
        """Remember."""
        self.heard.append(("skipped", error))

    def handler_failed(self, gvk, *, handler, error):
        """Remember."""
        self.heard.append(("handler failed", handler, str(error)))

    def of(self, *kinds):
        """Return what was heard of these kinds."""
        return [entry for entry in self.heard if entry[0] in kinds]


class Diary:
    """A handler that writes down what it is told."""

    def __init__(self):
        self.entries = []

    def on_add(self, obj, *, initial):
        """Remember."""
        self.entries.append(("add", obj.meta.name, obj.meta.resource_version, initial))

    def on_update(self, old, new):
        """Remember."""
        self.entries.append(("update", new.meta.name, old.meta.resource_version, new.meta.resource_version))

    def on_delete(self, obj, *, final_state_unknown):
        """Remember."""
        self.entries.append(("delete", obj.meta.name, obj.meta.uid, final_state_unknown))


class Crowd:
    """Tasks that come to list, each for so long."""

    def __init__(self, runtime, limit):
        self._runtime, self._limit = runtime, limit
        self._stopped = set()
        self.began, self.done, self.left, self.now, self.most, self.ended = [], [], [], 0, 0, 0.0

    def come(self, name, *, takes, pages=1):
        """Start a task that lists `pages` pages in `takes` seconds."""
        self._runtime.spawn(str(name), lambda: self._list(name, takes, pages))

    def stop(self, name):
        """Let a task that waits go away."""
        self._stopped.add(name)
        self._limit.wake()

    def _list(self, name, takes, pages):
        turn = self._limit.enter(lambda: name in self._stopped)
        if turn is None:
            self.left.append(name)
            return
        self.began.append(name)
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(pages):
            self._runtime.sleep(takes / pages)
            turn.renew(self._runtime.monotonic())
        self.now -= 1
        self.done.append(name)
        self.ended = self._runtime.monotonic()
        turn.leave()
