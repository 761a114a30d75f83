"""How conformance tests are chosen and counted; `make conformance` runs them, given their binary."""

import re

from tests.conformance.__main__ import focus, names_of, states, table

NAME = "[sig-x] A (b) [It] does $1.5 [Conformance]"


def spec(state, *containers, leaf="It", message=""):
    """Return one entry of Ginkgo's report."""
    texts, failure = list(containers), {"Failure": {"Message": message}} if message else {}
    return {
        "LeafNodeType": leaf,
        "ContainerHierarchyTexts": texts[:-1],
        "LeafNodeText": texts[-1],
        "State": state,
        **failure,
    }


def test_every_name_is_there_once():
    """Those of the API server alone are among all."""
    alone, every = names_of(alone=True), names_of(alone=False)

    assert (108, 199) == (len(alone), len(every))
    assert len(every) == len(set(every))
    assert set(alone) < set(every)


def test_a_name_is_taken_literally():
    """And to its end."""
    pattern = re.compile(focus([NAME, "other"]))

    assert pattern.search(NAME)
    assert not pattern.search(f"{NAME} [Slow]")
    assert not pattern.search(NAME.replace("$1.5", "$1x5"))


def test_what_has_not_run_does_not_count_as_passed():
    """Nor what was skipped; setup and strangers do not count at all."""
    report = [
        {
            "SpecReports": [
                spec("passed", "[sig-a]", "one"),
                spec("failed", "[sig-b]", "two", message="why"),
                spec("skipped", "[sig-b]", "three"),
                spec("failed", "setup", leaf="SynchronizedBeforeSuite"),
                spec("passed", "[sig-c]", "stranger"),
            ]
        },
        {"SpecReports": None},
    ]
    found = states(report, ["[sig-a] one", "[sig-b] two", "[sig-b] three", "[sig-b] four"])

    assert ("failed", "why") == found["[sig-b] two"]
    assert ("notrun", "") == found["[sig-b] four"]
    assert ["| sig-a | 1 / 1 |", "| sig-b | 0 / 3 |", "| all | 1 / 4 |"] == list(table(found))
