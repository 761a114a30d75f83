"""Bad requests without end, in process: `python -m tests.refusals.soak 100000 [SEED]` prints what came of them.

Each must be answered, with no fault of ours, within a second; after every thousand the store must be whole, and a new
cluster takes over, every second one with its controllers at work.
"""

import sys
import time
from collections import Counter

from informers.runtime import ThreadRuntime
from informers.testing import Cluster, ClusterOptions
from informers.testing.rest.exchange import RestRequest, RestResponse
from informers.testing.rest.face import RestFace
from tests.refusals import corpus
from tests.refusals.soundness import faults

WORLD = 1000
"""Requests to one cluster."""
SLOW = 10.0
"""Seconds of processor time after which a request counts as one that hangs: a thousand times what one takes."""


def soak(count, seed=1_000_000):
    """Ask so many, numbered from a seed, and return how often each code was answered.

    Raises:
        AssertionError: One was not answered, or the store is damaged.
    """
    codes = Counter()
    for start in range(seed, seed + count, WORLD):
        controllers = frozenset() if start // WORLD % 2 else None
        codes += _world(range(start, min(start + WORLD, seed + count)), controllers)
    return codes


def _world(numbers, controllers):
    cluster = Cluster(runtime=ThreadRuntime(), options=ClusterOptions(controllers=controllers))
    face, codes = RestFace(cluster), Counter()
    for request in corpus.setup():
        assert ask(face, request).status == 201
    for number in numbers:
        request, began = corpus.request(number), time.process_time()
        try:
            answer = ask(face, request)
        except Exception as error:
            raise AssertionError(f"request {number} was not answered: {request}") from error
        assert time.process_time() - began < SLOW, f"request {number} took too long: {request}"
        codes[answer.status] += 1
        while controllers is None and number % 50 == 0 and cluster.step():
            pass
    assert faults(cluster) == [], f"after request {numbers[-1]}"
    return codes


def ask(face, request):
    """Put a request to a face, as the server does; a watch is opened, read once and closed."""
    headers = dict(request["headers"])
    answer = face.handle(RestRequest.parse(request["method"], request["target"], headers=headers, body=request["body"]))
    if isinstance(answer, RestResponse):
        return answer
    answer.stream.poll(0.0)
    answer.stream.close()
    return RestResponse(200, b"")


if __name__ == "__main__":
    found = soak(int(sys.argv[1]), *map(int, sys.argv[2:]))
    sys.stdout.write(f"{sum(found.values())} requests: {dict(sorted(found.items()))}; the store is whole\n")
