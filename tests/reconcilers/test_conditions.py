"""Conditions: their times, their limits, their schema."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from reconcilers.conditions import Condition, Conditions, find_condition, is_true, set_condition

NOON = datetime(2030, 1, 1, 12, 0, 0, 999, tzinfo=UTC)
LATER = datetime(2030, 1, 1, 13, tzinfo=UTC)


def ready(status="True", reason="Fine", message="All is well", *, before=(), generation=1, now=NOON):
    """Return conditions with one set."""
    return set_condition(before, "Ready", status, reason, message, generation=generation, now=now)


def test_a_new_condition_starts_now():
    """Whole seconds, in UTC."""
    assert ["2030-01-01T12:00:00Z"] == [condition.last_transition_time for condition in ready()]


def test_the_time_stays_while_the_status_does():
    """Another reason, message or generation is no transition."""
    after = ready(reason="Better", message="Even better", before=ready(), generation=2, now=LATER)

    assert [("2030-01-01T12:00:00Z", "Better", 2)] == [
        (condition.last_transition_time, condition.reason, condition.observed_generation) for condition in after
    ]


@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_a_flip_is_a_transition(status):
    """The time moves with the status."""
    assert "2030-01-01T13:00:00Z" == ready(status, before=ready(), now=LATER)[0].last_transition_time


def test_setting_the_same_again_changes_nothing():
    """So that an unchanged status is never written."""
    assert ready() == ready(before=ready(), now=LATER)


@pytest.mark.parametrize("news", [{"reason": "Better"}, {"message": "Even better"}, {"generation": 2}])
def test_whatever_is_new_is_said(news):
    """However little it is; and what was read is left alone."""
    before = ready()
    after = ready(before=before, **news)

    assert after == ready(**news)
    assert ready() == before
    assert ready(before=before) is not before


def test_the_others_and_the_order_stay():
    """Only the one condition is replaced, and the given list is left alone."""
    first = set_condition([], "First", "True", "Fine", generation=1, now=NOON)
    both = ready(before=first)
    after = set_condition(both, "First", "False", "Bad", generation=1, now=LATER)

    assert ["First", "Ready"] == [condition.type for condition in after]
    assert both[1] == after[1]
    assert (True, False) == (is_true(both, "First"), is_true(after, "First"))


def test_finding():
    """An absent condition is None, and not true."""
    assert find_condition(ready(), "Ready") is not None
    assert find_condition(ready(), "Other") is None
    assert not is_true([], "Ready")


def test_a_message_is_cut_where_kubernetes_refuses_it():
    """32768 characters are the limit."""
    condition = ready(message="x" * 40_000)[0]

    assert (32_768, "…") == (len(condition.message), condition.message[-1])


@pytest.mark.parametrize("wrong", [{"type": "x" * 317}, {"status": "true"}, {"reason": ""}, {"observedGeneration": -1}])
def test_reading_refuses_what_kubernetes_refuses(wrong):
    """The limits of the type are those of the field's own conditions."""
    good = msgspec.to_builtins(ready()[0])

    assert ready()[0] == msgspec.convert(good, Condition)
    with pytest.raises(msgspec.ValidationError, match=next(iter(wrong))):
        msgspec.convert([good | wrong], Conditions)


@pytest.mark.parametrize(("field", "good", "bad"), [("type", "a.b/Ready", "a b"), ("reason", "First", "1st")])
def test_patterns_are_the_servers_to_check(field, good, bad):
    """They stand in the schema alone."""
    pattern = msgspec.json.schema(Condition)["$defs"]["Condition"]["properties"][field]["pattern"]

    assert re.search(pattern, good)
    assert not re.search(pattern, bad)
    assert bad == getattr(msgspec.convert(msgspec.to_builtins(ready()[0]) | {field: bad}, Condition), field)
