"""StatefulSets become Pods with stable names, one after the other, in virtual time."""

import pytest

from informers.testing.controllers.pods import Fate


def stateful_set(name="db", replicas=3, image="db:1", **spec):
    """Return a StatefulSet of one container."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": image}]}}
    wanted = {"serviceName": name, "replicas": replicas, "selector": {"matchLabels": {"app": name}}}
    meta = {"name": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": meta,
        "spec": {**wanted, "template": template, **spec},
    }


def image(tag):
    """Return the patch to another image."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": f"db:{tag}"}]}}}}


class TestOrder:
    def test_each_pod_waits_for_the_one_before(self, lab):
        """Half a second each; in the end the status counts all of them."""
        lab.create(stateful_set())
        seen = []
        for _ in range(8):
            lab.advance(0.25)
            seen.append(len(lab.names()))
        status = lab.status("StatefulSet", "db")

        assert [1, 2, 3] == sorted(set(seen))
        assert ["db-0", "db-1", "db-2"] == lab.names()
        assert {3} == {status[f"{what}Replicas"] for what in ("ready", "current", "updated", "available")}
        assert status["currentRevision"] == status["updateRevision"]

    def test_a_pod_that_is_not_ready_holds_up_the_next(self, make_lab):
        """And in parallel it does not."""
        lab = make_lab(fate=lambda pod: Fate.NEVER_READY if pod["metadata"]["name"].endswith("-0") else None)
        lab.create(stateful_set())
        lab.create(stateful_set("web", podManagementPolicy="Parallel"))
        lab.advance(5)

        assert ["db-0", "web-0", "web-1", "web-2"] == lab.names()

    def test_scaling_down_goes_in_reverse(self, lab):
        """One at a time, the next only when the one before is gone."""
        lab.create(stateful_set())
        lab.advance(5)
        lab.patch("StatefulSet", "db", {"spec": {"replicas": 0}})
        seen = []
        for _ in range(20):
            lab.advance(0.1)
            seen.append(tuple(lab.names()))

        assert [("db-0", "db-1", "db-2"), ("db-0", "db-1"), ("db-0",), ()] == list(dict.fromkeys(seen))

    def test_a_deleted_pod_comes_back_under_its_name(self, lab):
        """With another uid, and with the same claim."""
        lab.create(stateful_set(replicas=1))
        lab.advance(5)
        before = lab.get("Pod", "db-0")["metadata"]["uid"]
        lab.delete("Pod", "db-0")
        lab.advance(5)

        assert before != lab.get("Pod", "db-0")["metadata"]["uid"]

    def test_it_comes_to_rest(self, lab):
        """Once everything is as asked for, nothing is written any more."""
        lab.create(stateful_set(minReadySeconds=3))
        lab.advance(30)

        assert lab.resting()


class TestIdentity:
    def test_pods_know_who_they_are(self, lab):
        """By labels, host name and subdomain; ordinals may start elsewhere."""
        lab.create(stateful_set(replicas=1, ordinals={"start": 4}))
        lab.advance(2)
        (pod,) = lab.all("Pod")
        (revision,) = lab.names("ControllerRevision")

        assert ("db-4", "db-4", "db") == (pod["metadata"]["name"], pod["spec"]["hostname"], pod["spec"]["subdomain"])
        assert {
            "app": "db",
            "apps.kubernetes.io/pod-index": "4",
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": "db-4",
        } == pod["metadata"]["labels"]

    def test_each_pod_has_its_claims(self, lab):
        """They outlive Pods and set."""
        claim = {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
        lab.create(stateful_set(replicas=2, volumeClaimTemplates=[claim]))
        lab.advance(5)
        volume = next(v for v in lab.get("Pod", "db-1")["spec"]["volumes"] if v["name"] == "data")
        lab.delete("StatefulSet", "db")
        lab.advance(5)

        assert "data-db-1" == volume["persistentVolumeClaim"]["claimName"]
        assert ([], ["data-db-0", "data-db-1"]) == (lab.names(), lab.names("PersistentVolumeClaim"))


class TestUpdates:
    def test_an_update_rolls_from_the_last_to_the_first(self, lab):
        """Each must be ready before the next one goes."""
        lab.create(stateful_set())
        lab.advance(5)
        lab.patch("StatefulSet", "db", image(2))
        seen = []
        for _ in range(60):
            lab.advance(0.1)
            seen.append(tuple(name for name, tag in lab.images().items() if tag == "db:2"))
        status = lab.status("StatefulSet", "db")

        assert [(), ("db-2",), ("db-1", "db-2"), ("db-0", "db-1", "db-2")] == list(dict.fromkeys(seen))
        assert (status["updateRevision"], 3) == (status["currentRevision"], status["currentReplicas"])

    def test_a_partition_keeps_the_lower_ones(self, lab):
        """Also one that is deleted comes back as it was."""
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
        lab.create(stateful_set(updateStrategy=rolling))
        lab.advance(5)
        lab.patch("StatefulSet", "db", image(2))
        lab.advance(5)
        lab.delete("Pod", "db-0")
        lab.advance(5)
        status = lab.status("StatefulSet", "db")

        assert {"db-0": "db:1", "db-1": "db:1", "db-2": "db:2"} == lab.images()
        assert (2, 1) == (status["currentReplicas"], status["updatedReplicas"])
        assert status["currentRevision"] != status["updateRevision"]

    def test_on_delete_waits_for_the_user(self, lab):
        """Only what is deleted comes back new."""
        lab.create(stateful_set(replicas=2, updateStrategy={"type": "OnDelete"}))
        lab.advance(5)
        lab.patch("StatefulSet", "db", image(2))
        lab.advance(5)
        lab.delete("Pod", "db-0")
        lab.advance(5)

        assert {"db-0": "db:2", "db-1": "db:1"} == lab.images()

    def test_going_back_renews_the_old_revision(self, lab):
        """Its number becomes the highest; history is limited."""
        lab.create(stateful_set(replicas=1, revisionHistoryLimit=1))
        for tag in (2, 3, 1):
            lab.advance(5)
            lab.patch("StatefulSet", "db", image(tag))
        lab.advance(5)
        numbers = sorted(revision["revision"] for revision in lab.all("ControllerRevision"))

        assert [3, 4] == numbers
        assert {"db-0": "db:1"} == lab.images()


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_deleting_it_takes_pods_and_revisions(lab, policy):
    """Whatever the order was."""
    lab.create(stateful_set(podManagementPolicy=policy))
    lab.advance(5)
    lab.delete("StatefulSet", "db")
    lab.advance(5)

    assert ([], []) == (lab.names(), lab.names("ControllerRevision"))
