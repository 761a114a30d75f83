"""How deletions are asked for, and what stays behind, as a real server has it."""

import pytest

CORE = "/api/v1/namespaces/default"
BATCH = "/apis/batch/v1/namespaces/default"
TEMPLATE = {
    "metadata": {"labels": {"a": "b"}},
    "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]},
}


@pytest.mark.parametrize(("query", "what"), [("uid=abc", "UID"), ("resourceVersion=1", "ResourceVersion")])
def test_preconditions_in_the_query(ask, query, what):
    """They count unless there is a body, which counts alone."""
    ask("POST", f"{CORE}/configmaps", {"metadata": {"name": "a"}})
    code, answer, _ = ask("DELETE", f"{CORE}/configmaps/a?{query}")

    assert 409 == code
    assert f"the {what} in the precondition" in answer["message"]
    assert 200 == ask("DELETE", f"{CORE}/configmaps/a?{query}", {})[0]


def test_pods_of_a_job_stay_unless_the_caller_says_otherwise(ask):
    """Who says nothing is warned."""
    for name in "ab":
        ask("POST", f"{BATCH}/jobs", {"metadata": {"name": name}, "spec": {"template": TEMPLATE}})
    _, undecided, told = ask("DELETE", f"{BATCH}/jobs/a")
    _, decided, silent = ask("DELETE", f"{BATCH}/jobs/b", {"propagationPolicy": "Background"})

    assert (["orphan"], "b") == (undecided["metadata"]["finalizers"], decided["metadata"]["name"])
    assert (True, []) == (told[0].startswith("child pods are preserved by default when jobs are deleted; "), silent)


def test_pods_of_a_replication_controller_stay(ask):
    """It is as old as that."""
    spec = {
        "replicas": 0,
        "selector": {"a": "b"},
        "template": {**TEMPLATE, "spec": TEMPLATE["spec"] | {"restartPolicy": "Always"}},
    }
    ask("POST", f"{CORE}/replicationcontrollers", {"metadata": {"name": "a"}, "spec": spec})

    assert ["orphan"] == ask("DELETE", f"{CORE}/replicationcontrollers/a")[1]["metadata"]["finalizers"]


def test_a_grace_that_is_cut_short_shows(ask):
    """The answer is the Pod as it went."""
    spec = {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]}
    ask("POST", f"{CORE}/pods", {"metadata": {"name": "p"}, "spec": spec})
    graces = [
        ask("DELETE", f"{CORE}/pods/p{query}")[1]["metadata"]["deletionGracePeriodSeconds"]
        for query in ("", "?gracePeriodSeconds=0")
    ]

    assert [30, 0] == graces
    assert 404 == ask("GET", f"{CORE}/pods/p")[0]


def test_a_version_of_zero_is_none(ask):
    """On a new object, too."""
    assert 201 == ask("POST", f"{CORE}/configmaps", {"metadata": {"name": "a", "resourceVersion": "0"}})[0]


def test_what_is_applied_anew_must_be_named(ask):
    """What is there already need not."""
    applied, kind = {"apiVersion": "v1", "kind": "ConfigMap"}, "application/apply-patch+yaml"
    code, answer, _ = ask("PATCH", f"{CORE}/configmaps/a?fieldManager=m", applied, kind)
    ask("POST", f"{CORE}/configmaps", {"metadata": {"name": "a"}})

    assert (400, "the name of the object (a based on URL) was undeterminable: name must be provided") == (
        code,
        answer["message"],
    )
    assert 200 == ask("PATCH", f"{CORE}/configmaps/a?fieldManager=m", applied, kind)[0]


def test_a_job_without_labels_has_those_of_its_template(ask):
    """With what the server adds to them."""
    labelled = {"metadata": {"name": "b", "labels": {"x": "y"}}, "spec": {"template": TEMPLATE}}
    _, bare, _ = ask("POST", f"{BATCH}/jobs", {"metadata": {"name": "a"}, "spec": {"template": TEMPLATE}})
    _, named, _ = ask("POST", f"{BATCH}/jobs", labelled)

    assert bare["spec"]["template"]["metadata"]["labels"] == bare["metadata"]["labels"]
    assert {"a", "job-name", "batch.kubernetes.io/job-name"} < set(bare["metadata"]["labels"])
    assert {"x": "y"} == named["metadata"]["labels"]


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        ({"impersonate_group": "g"}, 'UID:"", Groups:[]string{"g"}'),
        ({"impersonate_uid": "7"}, 'UID:"7", Groups:[]string(nil)'),
    ],
)
def test_nobody_cannot_be_impersonated(ask, headers, who):
    """Groups and a uid go with a name."""
    code, answer, _ = ask("GET", f"{CORE}/configmaps", **headers)

    assert 400 == code
    assert f'&user.DefaultInfo{{Name:"", {who}, Extra' in answer["message"]


def test_a_pod_may_ask_for_longer_than_time_lasts(ask):
    """It is being deleted all the same."""
    spec = TEMPLATE["spec"] | {"nodeName": "n", "terminationGracePeriodSeconds": 1 << 62}
    ask("POST", f"{CORE}/pods", {"metadata": {"name": "a"}, "spec": spec})
    code, answer, _ = ask("DELETE", f"{CORE}/pods/a")

    assert (200, 1 << 62) == (code, answer["metadata"]["deletionGracePeriodSeconds"])
