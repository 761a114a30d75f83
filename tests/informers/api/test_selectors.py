"""Label and field selectors."""

import pytest

from informers.api.selectors import FieldSelector, LabelSelector, Requirement, fields_of, labels_of

LABELS = {"app": "web", "tier": "front", "example.com/size": "7", "empty": ""}


class TestLabelSelector:
    @pytest.mark.parametrize(
        ("text", "selected"),
        [
            ("", True),
            ("app=web", True),
            ("app==web", True),
            ("app=other", False),
            ("absent=web", False),
            ("app!=web", False),
            ("app!=other", True),
            ("absent!=web", True),
            ("app in (api, web)", True),
            ("app in (api)", False),
            ("absent in (api)", False),
            ("app notin (api, web)", False),
            ("app notin (api)", True),
            ("absent notin (api)", True),
            ("app", True),
            ("absent", False),
            ("!app", False),
            ("! absent", True),
            ("example.com/size>6", True),
            ("example.com/size > 7", False),
            ("example.com/size<8", True),
            ("app>1", False),
            ("absent<1", False),
            ("empty=", True),
            ("empty in (,x)", True),
            ("app=web,tier=front", True),
            ("app=web,tier=back", False),
            ("app=web,!absent,tier in (front)", True),
            ("in in (a)", False),
        ],
    )
    def test_selects(self, text, selected):
        """A selector means what the API server means by it."""
        selector = LabelSelector.parse(text)

        assert selected == selector.matches(LABELS)

    @pytest.mark.parametrize(("text", "selected"), [("", True), ("a", False), ("a!=b", True), ("!a", True)])
    def test_objects_without_labels(self, text, selected):
        """None stands for no labels."""
        assert selected == LabelSelector.parse(text).matches(None)

    @pytest.mark.parametrize(
        ("text", "spot"),
        [
            ("=web", "expected a key at column 1, found '='"),
            ("app=web,", "expected a key at column 9, found the end"),
            ("app,,tier", "expected a key at column 5"),
            ("app web", "expected an operator at column 5, found 'web'"),
            ("app=web tier", "expected ',' at column 9, found 'tier'"),
            ("app in web", "expected '\\('"),
            ("app in (web", "expected ',' at column 12, found the end"),
            ("app=web)", "expected ',' at column 8"),
            ("-app", "'-app' is no label key"),
            ("Prefix/app", "no label key"),
            (f"{'a.' * 130}a/app", "no label key"),
            (f"app={'a' * 64}", "no label value"),
            ("app>many", "must be a whole number"),
        ],
    )
    def test_refuses(self, text, spot):
        """What is no selector is refused, and the message names the spot."""
        with pytest.raises(ValueError, match=spot):
            LabelSelector.parse(text)

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("b = 2 , a==1", "a=1,b=2"),
            ("a in (y,x)", "a in (x,y)"),
            ("a in (x)", "a=x"),
            ("a notin (x)", "a!=x"),
            ("!a,b", "!a,b"),
            ("a>1,b<2", "a>1,b<2"),
            ("a=1,a=1", "a=1"),
        ],
    )
    def test_prints_the_query_form(self, text, query):
        """Printing and parsing again changes nothing, and equal selectors print alike."""
        selector = LabelSelector.parse(text)

        assert query == str(selector)
        assert selector == LabelSelector.parse(query)
        assert hash(selector) == hash(LabelSelector.parse(query))

    def test_from_an_object(self):
        """Labels and expressions must all hold."""
        expressions = [
            {"key": "tier", "operator": "In", "values": ["front", "back"]},
            {"key": "app", "operator": "NotIn", "values": ["api"]},
            {"key": "empty", "operator": "Exists"},
            {"key": "absent", "operator": "DoesNotExist"},
        ]
        selector = LabelSelector.from_dict({"matchLabels": {"app": "web"}, "matchExpressions": expressions})

        assert "!absent,app!=api,app=web,empty,tier in (back,front)" == str(selector)
        assert selector.matches(LABELS)
        assert not selector.matches({**LABELS, "absent": ""})

    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ({"key": "a", "operator": "Like"}, "'Like' is no selector operator"),
            ({"key": "a", "operator": "In"}, "at least one value"),
            ({"key": "a", "operator": "Exists", "values": ["b"]}, "no values"),
        ],
    )
    def test_refuses_bad_expressions(self, expression, message):
        """An expression that the API server would refuse is refused here."""
        with pytest.raises(ValueError, match=message):
            LabelSelector.from_dict({"matchExpressions": [expression]})

    def test_everything_an_api_takes_as_a_selector(self):
        """Text, labels, a selector or nothing: all become a selector."""
        expected = LabelSelector((Requirement("a", "in", frozenset("b")),))

        assert expected == labels_of("a=b") == labels_of({"a": "b"}) == labels_of(expected)
        assert LabelSelector() == labels_of(None) == labels_of({}) == labels_of("")


class TestFieldSelector:
    def test_conditions_must_all_hold(self):
        """Equality and inequality, in the order given."""
        selector = FieldSelector.parse("metadata.name=a,status.phase!=Running")
        fields = {"metadata.name": "a", "status.phase": "Pending"}

        assert (("metadata.name", "=", "a"), ("status.phase", "!=", "Running")) == selector.requirements
        assert selector.matches(lambda path: fields.get(path, ""))
        assert not FieldSelector.parse("metadata.name!=a").matches(lambda path: fields.get(path, ""))

    @pytest.mark.parametrize("text", ["", "a=b", "a!=b,c=d", r"a=x\,y\=z\\", "a="])
    def test_prints_the_query_form(self, text):
        """Printing gives back what was parsed, escapes included."""
        assert text == str(FieldSelector.parse(text))

    def test_escapes_stand_for_themselves(self):
        """A backslash protects a comma, an equals sign and itself."""
        assert (("a", "=", "x,y=z\\"),) == FieldSelector.parse(r"a=x\,y\=z\\").requirements

    @pytest.mark.parametrize("text", ["a", "a=b=c", "=b", r"a=\b", "a=b,c"])
    def test_refuses(self, text):
        """What is no condition is refused by name."""
        with pytest.raises(ValueError, match="neither path=value nor path!=value"):
            FieldSelector.parse(text)

    def test_everything_an_api_takes_as_a_selector(self):
        """Text, values that fields must have, a selector or nothing: all become a selector."""
        expected = FieldSelector((("a", "=", "b"),))

        assert expected == fields_of("a=b") == fields_of({"a": "b"}) == fields_of(expected)
        assert FieldSelector() == fields_of(None) == fields_of({})
        assert r"a=x\,y" == str(fields_of({"a": "x,y"}))
