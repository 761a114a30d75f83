"""Which sources need no thread of their own."""

import re
from collections.abc import Iterable
from functools import wraps

import pytest

from controller import (
    Request,
    all_of,
    annotations_changed,
    any_of,
    enqueue_mapped,
    enqueue_owner,
    enqueue_self,
    generation_changed,
    labels_changed,
    labels_match,
    negated,
    prompt,
    resource_version_changed,
    spec_deletion_or_finalizers_changed,
)
from controller.observe import NULL
from controller.pipeline import Pipeline
from controller.promptness import are_prompt
from informers.api.objects import CachedObject, ObjectMeta
from reconcilers.memcached import Memcached
from reconcilers.memcached.reconciler import instance_of, namesake_of_freed


def slow(event):
    """Nobody knows what this does."""
    return True


@prompt
def quick(event):
    """Somebody does."""
    return True


@pytest.mark.parametrize(
    "function",
    [
        enqueue_self,
        enqueue_owner(Memcached),
        enqueue_owner(("apps/v1", "Deployment"), namespaced=True),
        enqueue_mapped(quick),
        generation_changed,
        labels_changed,
        annotations_changed,
        resource_version_changed,
        spec_deletion_or_finalizers_changed,
        labels_match("app=web"),
        all_of(quick, labels_changed),
        any_of(quick, labels_changed),
        negated(quick),
        namesake_of_freed,
        enqueue_mapped(instance_of),
    ],
)
def test_what_only_looks_at_the_event_is_prompt(function):
    """So is what is made of nothing else."""
    assert are_prompt([function])


@pytest.mark.parametrize(
    "function",
    [
        slow,
        lambda event: (),
        enqueue_mapped(slow),
        all_of(quick, slow),
        any_of(slow, quick),
        negated(slow),
        wraps(quick)(lambda event: slow(event) and quick(event)),  # has all that the wrapped one has
        enqueue_owner(("apps/v1", "Deployment"), namespaced=lambda: None),  # may ask the server where it lives
    ],
)
def test_all_else_may_take_its_time(function):
    """Unless somebody says otherwise."""
    assert not are_prompt([function])


@pytest.mark.parametrize(
    ("mapper", "predicates", "expected"),
    [
        (enqueue_self, (), True),
        (enqueue_self, (quick, labels_changed), True),
        (enqueue_self, (quick, slow), False),
        (lambda event: (Request("", "a"),), (quick,), False),
    ],
)
def test_a_pipeline_is_as_prompt_as_its_parts(mapper, predicates, expected):
    """All of them."""
    assert Pipeline("Pod (v1)", mapper, predicates, observe=NULL).prompt is expected


def test_a_method_can_be_prompt():
    """For all objects of its class."""

    class Team:
        @prompt
        def members(self, event):
            return ()

        def others(self, event):
            return ()

    assert are_prompt([Team().members])
    assert not are_prompt([Team().others])
    assert are_prompt([prompt(Team().others), Team().others])


def test_what_takes_no_mark_is_refused():
    """With what to do."""
    with pytest.raises(TypeError, match="put it into a function of your own"):
        prompt(len)


def test_the_mapper_that_the_page_shows(request):
    """It is prompt, and finds whom it names."""
    page = (request.config.rootpath / "docs" / "controllers.md").read_text()
    (shown,) = re.findall(r"```python\n(@prompt\n.*?)```", page, re.DOTALL)
    names = {"prompt": prompt, "CachedObject": CachedObject, "Iterable": Iterable}
    exec(shown, names)
    mapper = names["owner_in_label"]
    owned, free = (
        CachedObject(ObjectMeta(name="a", namespace="ns", labels=labels), b"{}")
        for labels in ({"example.com/owner": "b"}, None)
    )

    assert are_prompt([enqueue_mapped(mapper)])
    assert (["ns/b"], []) == (mapper(owned), mapper(free))
