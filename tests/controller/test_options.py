"""Options become flags: one definition, read off the dataclass."""

from dataclasses import dataclass

import pytest

from controller.options import build, in_force, option, options_of, seconds
from informers.runtime import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Options of a part."""

    leader_election: bool = option(default=False, flag="--leader-elect")
    """Whether to elect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Options of something inside."""

    patience: Seconds | None = 5.0
    """How patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child(Parent):
    """Options of the whole."""

    address: str = ":8080"
    """Where to
    listen."""
    grace: Seconds | None = 30.0
    """How long to wait."""
    namespaces: tuple[str, ...] = option((), env=("WATCH_NAMESPACE",))
    """Where to look."""
    level: str = option("info", choices=("info", "debug"))
    """How much to say."""
    workers: int = 1
    """How many."""
    hidden: str = option("x", flag="")
    """Not for people."""
    part: Part = Part()
    """What is inside."""


OPTIONS = {found.name: found for found in options_of(Child)}


class TestReading:
    def test_own_options_come_before_inherited_ones(self):
        """What a class is about leads the help."""
        assert ("address", "leader_election") == (next(iter(OPTIONS)), next(reversed(OPTIONS)))

    @pytest.mark.parametrize(
        ("name", "flag"), [("leader_election", "--leader-elect"), ("address", "--address"), ("hidden", "")]
    )
    def test_a_flag_is_the_name_unless_it_says_otherwise(self, name, flag):
        """The spelling of kubebuilder wins where it differs."""
        assert flag == OPTIONS[name].flag

    def test_help_is_the_docstring_below_the_field(self):
        """Also of inherited fields, and on one line."""
        assert ("Whether to elect.", "Where to listen.") == (OPTIONS["leader_election"].help, OPTIONS["address"].help)

    def test_a_part_stands_for_its_options(self):
        """Defined where they belong, and asked for with all others."""
        assert "part" not in OPTIONS
        assert ("--patience", "How patient.", True) == (
            OPTIONS["patience"].flag,
            OPTIONS["patience"].help,
            OPTIONS["patience"].duration,
        )

    def test_the_environment_has_our_name_first(self):
        """Then the names that others use."""
        assert ("LEVELSET_NAMESPACES", "WATCH_NAMESPACE") == OPTIONS["namespaces"].env


class TestParsing:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("leader_election", "true", True),
            ("leader_election", "0", False),
            ("address", ":9", ":9"),
            ("grace", "1m30s", 90.0),
            ("namespaces", "a, b,", ("a", "b")),
            ("workers", "4", 4),
            ("level", "debug", "debug"),
        ],
    )
    def test_a_value_has_the_type_of_its_default(self, name, text, value):
        """Text in, value out."""
        assert value == OPTIONS[name].parse(text)

    @pytest.mark.parametrize(
        ("name", "text"), [("leader_election", "yes"), ("grace", "soon"), ("workers", "many"), ("level", "loud")]
    )
    def test_nonsense_is_refused(self, name, text):
        """With a ValueError that the command line shows."""
        with pytest.raises(ValueError, match=text):
            OPTIONS[name].parse(text)

    @pytest.mark.parametrize(("text", "value"), [("90", 90), ("1.5", 1.5), ("250ms", 0.25), ("2h1m", 7260)])
    def test_durations(self, text, value):
        """Go's notation and plain seconds."""
        assert value == seconds(text)

    @pytest.mark.parametrize("text", ["", "-1", "1d", "s", "1 s", "1.s"])
    def test_no_durations(self, text):
        """Everything else is refused."""
        with pytest.raises(ValueError, match="no duration"):
            seconds(text)


def test_building_leaves_the_rest_at_its_default():
    """None means not given; names of other classes are ignored."""
    made = build(Child, {"address": ":1", "grace": None, "stranger": 1, "leader_election": True, "patience": 7.0})

    assert Child(address=":1", leader_election=True, part=Part(patience=7.0)) == made


def test_what_is_in_force_is_told_with_its_parts():
    """For whoever looks into a running program."""
    shown = {one.name: value for one, value in in_force(Child(workers=3, part=Part(patience=9.0)))}

    assert set(OPTIONS) == set(shown)
    assert (3, 9.0, "x") == (shown["workers"], shown["patience"], shown["hidden"])
