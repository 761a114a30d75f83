"""Decoding one list of 10 000 Pods: our bytes path beside plain JSON and the official client's models."""

import json

from bench.table import median_seconds, show
from informers.api.objects import GroupVersionKind
from informers.api.wire import decode_list

PODS = 10_000
POD = GroupVersionKind("", "v1", "Pod")


def pod(number):
    """Return a Pod of about 4 KB, a third of it managedFields, as a busy cluster holds them."""
    env = [{"name": f"SETTING_{i}", "value": f"value number {i}"} for i in range(16)]
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": f"u{number % 100}",
        "controller": True,
    }
    fields = {f"f:field{i}": {".": {}, "f:name": {}, "f:value": {}} for i in range(24)}
    return {
        "metadata": {
            "name": f"web-{number:05}",
            "namespace": f"ns-{number % 50}",
            "uid": f"00000000-0000-4000-a000-{number:012}",
            "resourceVersion": str(1000 + number),
            "labels": {"app": "web", "shard": str(number % 7)},
            "ownerReferences": [owner],
            "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": fields}}],
        },
        "spec": {"containers": [{"name": "web", "image": "nginx:1", "env": env}], "nodeName": f"node-{number % 100}"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}] * 4, "podIP": "10.0.0.1"},
    }


def main():
    """Print microseconds per Pod and the ratio to ours."""
    items = [pod(number) for number in range(PODS)]
    body = json.dumps(
        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": items},
        separators=(",", ":"),
    )
    raw = body.encode()
    rows = [
        (
            "levelset: metadata + own bytes",
            median_seconds(lambda: decode_list(raw, gvk=POD, keep_managers=frozenset())),
        ),
        ("json.loads", median_seconds(lambda: json.loads(raw))),
    ]
    rows += official(body)
    print(f"{PODS} Pods, {len(raw) / PODS / 1e3:.1f} KB each")
    show(rows, unit="us", per=PODS)


def official(body):
    """Return the official client's row."""
    from kubernetes.client import ApiClient  # noqa: PLC0415 - 175 ms that only this row pays

    class Answer:
        data = body
        status = 200

        def getheaders(self):
            return {"content-type": "application/json"}

    client = ApiClient()

    def work():
        try:
            client.deserialize(Answer(), "V1PodList")
        except TypeError:
            client.deserialize(body, "V1PodList", "application/json")

    return [("kubernetes client: V1PodList", median_seconds(work, runs=1))]


if __name__ == "__main__":
    main()
