"""Webhooks as plain functions: a tag is filled in, `latest` is refused, and a pool is at most halved at a time.

levelset run 05_webhooks:setup --webhook-host=127.0.0.1      # development: installs itself, with its own CA
levelset manifests webhooks 05_webhooks                      # deployment: what the cluster must know
"""

import sys

from controller import Denied, Manager, Review, defaulting, serve_webhooks, validating
from reconcilers.memcached import Memcached


def pin_the_image(review: Review[Memcached]) -> None:
    image = review.object.spec.image
    if ":" not in image.rpartition("/")[2]:
        review.object.spec.image = f"{image}:1.6-alpine"  # what changes becomes a patch that touches nothing else


def refuse_surprises(review: Review[Memcached]) -> None:
    new, old = review.object.spec, review.old.spec if review.old else None
    if new.image.endswith(":latest"):
        raise Denied("spec.image: name a version instead of latest, so that all Pods run the same")
    if old and new.size * 2 < old.size:
        raise Denied(f"spec.size: {old.size} to {new.size} drops most of the cache; halve it at most")
    if new.size == 1:
        review.warn("spec.size: with one Pod every restart empties the cache")


WEBHOOKS = (defaulting(Memcached, pin_the_image), validating(Memcached, refuse_surprises))


def setup(manager: Manager) -> None:
    serve_webhooks(manager, WEBHOOKS, name="memcached-rules")


if __name__ == "__main__":
    manager = Manager()
    setup(manager)
    sys.exit(manager.run())
