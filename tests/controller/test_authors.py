"""A write belongs to the reconcile that runs on the writing thread."""

from controller.attempt import Attempt, current_attempt
from controller.authors import Authors
from controller.request import Request
from informers.api.objects import CachedObject, GroupVersionKind, ObjectMeta
from informers.api.outcome import Silent

KEY = Request("default", "a")
GVK = GroupVersionKind("apps", "v1", "Deployment")


def stored(version):
    """Return an object as the server keeps it."""
    return CachedObject(ObjectMeta(name="child", namespace="default", uid="u", resource_version=str(version)), b"{}")


class TestAuthors:
    def test_a_write_is_the_running_reconcile_s(self):
        """On its own thread, for a controller that asked; others and unlocked writes are nobody's."""
        noted, heard = [], []

        class Echo:
            def wrote(self, request, obj, replaced):
                noted.append((request, obj.meta.resource_version, replaced))

        class Listener(Silent):
            def written(self, gvk, obj, *, replaced=None):
                heard.append(replaced)

        authors = Authors(Listener())
        authors.know("test", Echo())
        authors.written(GVK, stored(1), replaced="")
        for controller, replaced in (("test", "4"), ("test", None), ("other", "4")):
            token = current_attempt.set(Attempt(controller, None, KEY, "id", 0, 0, 0.0, None))
            authors.written(GVK, stored(5), replaced=replaced)
            current_attempt.reset(token)

        assert noted == [(KEY, "5", "4")]
        assert heard == ["", "4", None, "4"]
