"""A server that replays: lists of Memcached objects, then watch events as fast as the socket takes them.

`python -m bench.replay OBJECTS EVENTS [small]` prints its port. It stands in for an API server, which would be the
limit. One chunk for each event, as kube-apiserver sends them. The group says how it behaves: `stalled.` never answers a
watch and lets its connection rest, `failing.` answers everything with 500.
"""

import itertools
import json
import socketserver
import sys
import threading

from bench import objects

LONGEST_NAP = 3600
EMPTY = b'{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":"7"},"items":[]}'


def small(obj):
    """Return an object without what others than its author wrote: a quarter of it."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    return obj | {"metadata": metadata, "status": {"replicas": 1}}


SIZES = {"whole": lambda obj: obj, "small": small}


def first_version(count):
    """Return the version of a list of so many objects; that of the last of n events is n higher."""
    return 1000 + count


class Script:
    """The bytes of everything."""

    def __init__(self, count, events, size="whole"):
        made = [SIZES[size](objects.memcached(number)) for number in range(count)]
        items = b",".join(objects.served(obj, 1000 + at) for at, obj in enumerate(made))
        version = first_version(count)
        head = (
            f'{{"apiVersion":"cache.example.com/v1","kind":"MemcachedList","metadata":{{"resourceVersion":"{version}"}}'
        )
        self.list = head.encode() + b',"items":[' + items + b"]}"
        numbers = itertools.islice(itertools.cycle(range(count)), events)
        self.events = [self._event(made[number], version + 1 + at) for at, number in enumerate(numbers)]
        self.go = threading.Event()

    @staticmethod
    def _event(obj, version):
        line = b'{"type":"MODIFIED","object":' + objects.served(obj, version) + b"}\n"
        return b"%x\r\n%b\r\n" % (len(line), line)


class Handler(socketserver.StreamRequestHandler):
    """Answers requests on one connection."""

    script = None

    def handle(self):
        """Answer until the other side hangs up."""
        while line := self.rfile.readline():
            while self.rfile.readline().strip():
                pass
            self._answer(line.split()[1].decode())

    def _answer(self, target):
        if "/failing." in target:
            self._send(500, b'{"kind":"Status","code":500,"message":"broken"}')
        elif target.startswith("/go"):
            self.script.go.set()
            self._send(200, b"{}")
        elif "watch=true" not in target:
            self._send(200, EMPTY if "/stalled." in target else self.script.list)
        elif "/stalled." in target:
            threading.Event().wait(LONGEST_NAP)
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            self.script.go.wait()
            self.script.go.clear()
            for start in range(0, len(self.script.events), 64):
                self.wfile.write(b"".join(self.script.events[start : start + 64]))
            threading.Event().wait(LONGEST_NAP)

    def _send(self, status, body):
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    """One thread for each connection."""

    daemon_threads = True
    allow_reuse_address = True


def main():
    """Serve until the parent closes our input."""
    Handler.script = Script(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps({"port": server.server_address[1]}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
