"""One kind in two versions: what `v1alpha1` called replicas is size in `v1`, and the image is new.

levelset manifests crd 06_two_versions | kubectl apply --server-side -f -    # one CRD with both
levelset run 06_two_versions:setup --webhook-host=127.0.0.1                  # development: this process is asked
"""

import msgspec

from controller import Manager, converting, serve_webhooks
from informers import Resource

IMAGE, KEPT = "memcached:1.6-alpine", "example.com/image"


class OldSpec(msgspec.Struct):
    replicas: int = 1


class PoolSpec(msgspec.Struct):
    size: int = 1
    image: str = IMAGE


class Status(msgspec.Struct):
    ready: int = 0


class OldPool(Resource[OldSpec, Status], group="example.com", version="v1alpha1", kind="Pool", plural="pools"): ...


class Pool(Resource[PoolSpec, Status], group="example.com", version="v1"): ...


def up(old: OldPool) -> Pool:
    image = (old.metadata.annotations or {}).pop(KEPT, IMAGE)  # what goes down must come up again as it was
    return Pool(metadata=old.metadata, spec=PoolSpec(size=old.spec.replicas, image=image), status=old.status)


def down(new: Pool) -> OldPool:
    new.metadata.annotations = {**(new.metadata.annotations or {}), KEPT: new.spec.image}
    return OldPool(metadata=new.metadata, spec=OldSpec(replicas=new.spec.size), status=new.status)


WEBHOOKS = (converting(OldPool, Pool, up=up, down=down),)


def setup(manager: Manager) -> None:
    serve_webhooks(manager, WEBHOOKS, name="pools")
