"""The expression language: what compiles, what is found wrong before anything runs, and what expressions yield."""

import pytest

from informers.testing.cel.faults import CelError, CompileError, NoSuchOverload, OverBudget
from informers.testing.cel.programs import Environment
from informers.testing.cel.types import DYN, INT, STRING, list_of, map_of, object_of

SPEC = object_of("spec", {"n": INT, "s": STRING, "l": list_of(STRING), "m": map_of(STRING, INT), "any": DYN})
TYPED = Environment({"self": object_of("self", {"spec": SPEC}), "x": DYN})
SELF = {"self": {"spec": {"n": 1, "s": "bb", "l": ["ab", "ac"], "m": {"k": 1}, "any": {"z": [1, 2.5]}}}, "x": 5}


def value(text, **variables):
    """Return what an expression yields."""
    return Environment(dict.fromkeys(variables, DYN)).compile(text).evaluate(variables)


def wrong(text):
    """Return what the compiler says, without the picture."""
    with pytest.raises(CompileError) as refusal:
        TYPED.compile(text)
    return [issue.message for issue in refusal.value.issues]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 == 7 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1", True),
        ("dyn(1) == dyn(1.0) && dyn(1u) == dyn(1) && 2 > 1.5", True),
        ("true ? 'a' : 'b'", "a"),
        ("[1, 2] + [3]", [1, 2, 3]),
        ("{'a': 1}['a']", 1),
        ("2 in [1, 2] && 'a' in {'a': 1}", True),
        ("'ab'.startsWith('a') && 'abc'.contains('b') && 'a.b'.matches('^a.b$')", True),
        ("r'\\d' == '\\\\d' && '''a\nb''' == 'a\\nb' && b'a' == bytes('a')", True),
        ("0x1F == 31 && 1e3 == 1000.0 && .5 < 1.0", True),
        ("size('äöü') == 3 && [1].size() == 1", True),
        ("'a' + string(1) + string(1.5) + string(true)", "a11.5true"),
        ("int('12') + int(1.9) + int(3u)", 16),
        ("type(1) == int && type([]) == list && type(null) == null_type", True),
        ("[1, 2, 3].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 2)", True),
        ("[1, 2, 3].filter(x, x > 1).map(x, x * 2)", [4, 6]),
        ("[1, 2].map(x, x > 1, x * 10)", [20]),
        ("{'a': 1, 'b': 2}.all(k, v, k != '' && v > 0)", True),
        ("[5, 6].transformList(i, v, i * v)", [0, 6]),
        ("{'a': 1}.transformMap(k, v, v + 1)", {"a": 2}),
        ("optional.of(1).orValue(2) + optional.none().orValue(2)", 3),
        ("{'a': 1}.?b.hasValue() || [1][?0].hasValue()", True),
        ("optional.of(2).optMap(x, x * 2).value()", 4),
        ("[?optional.none(), 1, ?optional.of(2)]", [1, 2]),
        ("duration('1h30m').getMinutes() + duration('1.5s').getMilliseconds()", 90 + 1500),
        ("timestamp('2020-02-29T10:00:00+02:00').getHours()", 8),
        ("timestamp('2020-01-01T00:00:00Z') + duration('24h') == timestamp('2020-01-02T00:00:00Z')", True),
        ("timestamp('2020-03-01T00:00:00Z').getDayOfYear()", 60),
        ("'a-b-c'.split('-', 2)", ["a", "b-c"]),
        ("'%s is %d of %.1f, %x'.format(['a', 3, 2.55, 255])", "a is 3 of 2.5, ff"),
        ("' x '.trim() + 'AbC'.lowerAscii() + 'abc'.substring(1, 2) + 'abc'.charAt(0)", "xabcba"),
        ("'a1b22'.findAll('[0-9]+')", ["1", "22"]),
        ("[3, 1, 2].sort() == [1, 2, 3] && ['bb', 'a'].sortBy(x, size(x)) == ['a', 'bb']", True),
        ("[1, 2].sum() + [1, 9].max() + [4, 2].min() + [7].indexOf(7)", 3 + 9 + 2),
        ("sets.equivalent([1, 2], [2, 1]) && sets.intersects([1], [1, 3]) && !sets.contains([1], [2])", True),
        ("[[1], [2, 3]].flatten() == [1, 2, 3] && [1, 1].distinct() == [1] && lists.range(2) == [0, 1]", True),
        ("quantity('1Gi').add(quantity('1Mi')).compareTo(quantity('1025Mi'))", 0),
        ("quantity('1500m').isInteger() || quantity('2').asInteger() == 2", True),
        ("ip('::1').isLoopback() && cidr('10.0.0.0/8').containsIP('10.1.2.3') && !isIP('1.2.3')", True),
        ("url('https://u@h:8/p?q=1').getHostname() + url('https://h:8/p').getPort()", "h8"),
        ("semver('1.10.0').isGreaterThan(semver('1.9.9')) && isSemver('v1', true)", True),
        ("format.dns1123Label().validate('ok').hasValue()", False),
        ("jsonpatch.escapeKey('a/b~c')", "a~1b~0c"),
    ],
)
def test_what_expressions_yield(text, expected):
    """Operators, conversions, macros and every library."""
    assert expected == value(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("self.missing", "undefined field 'missing'"),
        ("self.spec.n + 'x'", "found no matching overload for '_+_' applied to '(int, string)'"),
        ("self.spec.l.map(y, y + 1)", "found no matching overload for '_+_' applied to '(string, int)'"),
        ("self.spec.s.startsWith(1)", "found no matching overload for 'startsWith' applied to 'string.(int)'"),
        ("nobody > 1", "undeclared reference to 'nobody' (in container '')"),
        ("self.spec.n.x", "type 'int' does not support field selection"),
        ("self.spec.l.all(y, y)", "expected type 'bool' but found 'string'"),
        ("[1, 'a']", "expected type 'int' but found 'string'"),
        ("self.spec.n.all(y, true)", "expression of type 'int' cannot be range of a comprehension"),
        ("has(self)", "invalid argument to has() macro"),
        ("self.spec.l.all(1, true)", "argument must be a simple name"),
        ("duration('x')", "invalid duration argument"),
        ("self.spec.s.matches('[')", "invalid matches argument"),
        ("for", "reserved identifier: for"),
        ("9223372036854775808", "invalid int literal"),
        ("(1", "Syntax error: missing ')' at '<EOF>'"),
        ("1)", "Syntax error: extraneous input ')' expecting <EOF>"),
    ],
)
def test_what_the_compiler_finds(text, message):
    """In the server's words, before anything runs."""
    assert message in wrong(text)[0]


def test_faults_are_shown_where_they_are():
    """Line, column, the line itself and a mark; all of them."""
    with pytest.raises(CompileError) as refusal:
        TYPED.compile("self.a &&\n self.b")

    first = "ERROR: <input>:1:5: undefined field 'a'\n | self.a &&\n | ....^"
    assert f"{first}\nERROR: <input>:2:6: undefined field 'b'\n |  self.b\n | .....^" == str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x.a.b", "no such key: a"),
        ("x['q'] == 1", "no such key: q"),
        ("dyn(null).a == 1", "no such key: a"),
        ("[1][2]", "index out of bounds: 2"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("int('a')", "type conversion error from 'string' to 'int'"),
        ("[].max()", "max called on empty list"),
        ("dyn(1) + dyn('a')", "no such overload"),
        ("optional.none().value()", "optional.none() dereference"),
        ("dyn('a') && true", "no such overload"),
    ],
)
def test_what_cannot_be_evaluated(text, message):
    """In the server's words, too."""
    with pytest.raises(CelError) as error:
        value(text, x={})

    assert message in str(error.value)


@pytest.mark.parametrize("text", ["true || x.a", "x.a || true", "!(false && x.a)", "![false].all(y, y && x.a)"])
def test_a_certain_answer_outweighs_an_error(text):
    """On either side of `||` and `&&`, and within macros."""
    assert value(text, x={})


def test_true_is_no_number():
    """Though Python thinks so."""
    assert not value("dyn(true) == dyn(1)")
    with pytest.raises(NoSuchOverload):
        value("dyn(true) + 1")


def test_an_evaluation_that_costs_too_much_ends():
    """Nothing absorbs that, not even `||`."""
    program = Environment({}).compile("true || lists.range(1000).all(x, x >= 0)")
    assert program.evaluate({}, budget=50)

    with pytest.raises(OverBudget):
        Environment({}).compile("lists.range(1000).all(x, x >= 0) || true").evaluate({}, budget=50)


def test_variables_that_are_functions_are_called_when_needed():
    """And not before."""
    asked = []
    assert value("true || x", x=lambda: asked.append(1))
    assert [] == asked
    assert 3 == value("x + 1", x=lambda: 2)


def test_an_expression_is_compiled_once():
    """The same text gives the same program."""
    assert TYPED.compile("self.spec.n > 0") is TYPED.compile("self.spec.n > 0")
    assert TYPED.compile("self.spec.n > 0").evaluate(SELF)
    assert {"self"} == TYPED.compile("self.spec.n > 0").used
