"""Requests whose form is wrong, as bytes for the wire."""

import json

from tests.refusals.corpus import JSON, good, path_of


def wires(token):
    """Yield (name, bytes) of requests whose form is wrong; what answers them ends the connection or goes on."""
    key = f"Authorization: Bearer {token}\r\n"
    maps, obj = path_of("configmaps"), json.dumps(good("configmaps", "wire")).encode()
    post = f"POST {maps}?dryRun=All HTTP/1.1\r\nHost: x\r\n{key}Content-Type: {JSON}\r\n"

    def get(line="GET /version HTTP/1.1", extra="Host: x\r\n"):
        return f"{line}\r\n{extra}{key}\r\n".encode()

    yield "no version", b"GET /version\r\n\r\n"
    yield "no host", get(extra="")
    yield "two hosts", get(extra="Host: x\r\nHost: y\r\n")
    yield "bad host", get(extra="Host: a b\r\n")
    yield "http 2.0", get("GET /version HTTP/2.0")
    yield "http 1.0", get("GET /version HTTP/1.0", "")
    yield "http 0.9", get("GET /version HTTP/0.9")
    yield "http 1.x", get("GET /version HTTP/1.x")
    yield "a word", b"hello\r\n\r\n"
    yield "bad escape", get("GET /%zz HTTP/1.1")
    yield "bad escape in the query", get(f"GET {maps}?limit=%zz HTTP/1.1")
    yield "semicolons in the query", get(f"GET {maps}?limit=1;watch=0 HTTP/1.1")
    yield "no slash", get("GET version HTTP/1.1")
    yield "absolute", get("GET https://x/version HTTP/1.1")
    yield "a star", get("GET * HTTP/1.1")
    yield "options for all", get("OPTIONS * HTTP/1.1")
    yield "bad method", get("GE(T /version HTTP/1.1")
    yield "two spaces", get("GET  /version HTTP/1.1")
    yield "header without colon", get(extra="Host: x\r\nnonsense\r\n")
    yield "header with space", get(extra="Host: x\r\na b: c\r\n")
    yield "header with space before colon", get(extra="Host: x\r\nAccept : c\r\n")
    yield "folded header", get(extra="Host: x\r\nAccept: a\r\n b\r\n")
    yield "control character", get(extra="Host: x\r\nAccept: a\x01\r\n")
    yield "null byte", get(extra="Host: x\r\nAccept: a\0b\r\n")
    yield "bare line feeds", get().replace(b"\r\n", b"\n")
    yield "huge header", get(extra="Host: x\r\nA: " + "x" * (2 << 20) + "\r\n")
    yield "many headers", get(extra="Host: x\r\n" + "".join(f"X-{number}: y\r\n" for number in range(3_000)))
    yield "bad length", f"{post}Content-Length: x\r\n\r\n".encode() + obj
    yield "negative length", f"{post}Content-Length: -1\r\n\r\n".encode() + obj
    yield "plus length", f"{post}Content-Length: +{len(obj)}\r\n\r\n".encode() + obj
    yield "two lengths", f"{post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n".encode() + obj
    yield (
        "the same length twice",
        f"{post}{f'Content-Length: {len(obj)}' + chr(13) + chr(10)}".encode() * 1
        + (f"Content-Length: {len(obj)}\r\n\r\n".encode() + obj),
    )
    yield "short length", f"{post}Content-Length: 10\r\n\r\n".encode() + obj
    yield "no length", f"{post}\r\n".encode() + obj
    yield "unknown coding", f"{post}Transfer-Encoding: gzip\r\n\r\n".encode() + obj
    yield "two codings", f"{post}Transfer-Encoding: gzip, chunked\r\n\r\n".encode() + obj
    chunked = f"{post}Transfer-Encoding: chunked\r\n\r\n".encode()
    yield "chunks", chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(obj), obj)
    yield "chunks that are none", chunked + b"zz\r\n" + obj
    yield "chunk too long for its size", chunked + b"2\r\n%b\r\n0\r\n\r\n" % obj
    yield "chunks and length", chunked[:-2] + b"Content-Length: 3\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(obj), obj)
    yield "too large", f"{post}Content-Length: {4 << 20}\r\n\r\n".encode() + b" " * (4 << 20)
    yield "odd expectation", f"{post}Expect: tea\r\nContent-Length: {len(obj)}\r\n\r\n".encode() + obj
    yield "upgrade", get(extra="Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
    yield "pipelined", get() + get() + get("GET /nope HTTP/1.1", "Host: x\r\nConnection: close\r\n")
