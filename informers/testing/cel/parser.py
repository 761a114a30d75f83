"""Text to tree: the grammar of expressions, by descent, with the compiler's complaints about what does not fit.

Of several syntax errors the first is told. It MUST NOT know types or values.
"""

from __future__ import annotations

from typing import Final

from informers.testing.cel.faults import CompileError, Issue
from informers.testing.cel.lexer import Token, tokens
from informers.testing.cel.macros import expanded
from informers.testing.cel.tree import Call, Ident, ListNode, Literal, MapNode, Node, Select, Struct
from informers.testing.cel.values import INT64
from informers.testing.cel.words import RESERVED

__all__ = ["parse"]

_RELATIONS: Final = {"<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_", "==": "_==_", "!=": "_!=_", "in": "@in"}
_SUMS: Final = {"+": "_+_", "-": "_-_"}
_PRODUCTS: Final = {"*": "_*_", "/": "_/_", "%": "_%_"}
_OPERAND: Final = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
)
_DEPTH: Final = 250
"""How deep an expression may nest."""


class _Syntax(Exception):
    def __init__(self, issue: Issue) -> None:
        self.issue = issue
        super().__init__(issue.message)


def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        CompileError: It does not parse.
    """
    words, issues = tokens(text)
    parser = _Parser(words, issues)
    node: Node | None = None
    try:
        node = parser.whole()
    except _Syntax as error:
        issues.append(error.issue)
    if node is None or issues:
        raise CompileError(text, sorted(issues, key=lambda issue: issue.at))
    return node


class _Parser:
    """Reads tokens from left to right.

    Threads: one owner thread.
    """

    def __init__(self, words: list[Token], issues: list[Issue]) -> None:
        self._words, self._issues = words, issues
        self._at = self._depth = 0

    @property
    def _now(self) -> Token:
        return self._words[self._at]

    def _take(self) -> Token:
        token = self._now
        self._at += token.kind != "end"
        return token

    def _skip(self, kind: str) -> Token | None:
        return self._take() if self._now.kind == kind else None

    def _expect(self, kind: str) -> Token:
        token = self._skip(kind)
        if token is not None:
            return token
        how = f"missing '{kind}' at" if self._now.kind == "end" and kind in ")]}" else "mismatched input"
        tail = "" if how.startswith("missing") else f" expecting '{kind}'"
        raise self._fault(self._now, f"{how} '{self._now.text}'{tail}")

    def _fault(self, token: Token, why: str) -> _Syntax:
        return _Syntax(Issue(token.at, f"Syntax error: {why}"))

    def whole(self) -> Node:
        """Read everything."""
        node = self._expression()
        if self._now.kind != "end":
            how = "extraneous" if self._words[self._at + 1].kind == "end" else "mismatched"
            raise self._fault(self._now, f"{how} input '{self._now.text}' expecting <EOF>")
        return node

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _Syntax(Issue(self._now.at, f"expression recursion limit exceeded: {_DEPTH}"))
        node = self._or()
        asked = self._skip("?")
        if asked is not None:
            then = self._or()
            self._expect(":")
            node = Call(asked.at, "_?_:_", None, [node, then, self._expression()])
        self._depth -= 1
        return node

    def _or(self) -> Node:
        node = self._and()
        while (op := self._skip("||")) is not None:
            node = Call(op.at, "_||_", None, [node, self._and()])
        return node

    def _and(self) -> Node:
        node = self._binary(0)
        while (op := self._skip("&&")) is not None:
            node = Call(op.at, "_&&_", None, [node, self._binary(0)])
        return node

    def _binary(self, level: int) -> Node:
        if level == 3:
            return self._unary()
        names = (_RELATIONS, _SUMS, _PRODUCTS)[level]
        node = self._binary(level + 1)
        while self._now.kind in names:
            op = self._take()
            node = Call(op.at, names[op.kind], None, [node, self._binary(level + 1)])
        return node

    def _unary(self) -> Node:
        kind, first = self._now.kind, self._now
        if kind not in ("!", "-"):
            return self._member(self._primary())
        if kind == "-" and self._words[self._at + 1].kind in ("int", "float"):
            self._take()
            number = self._take()
            return self._member(Literal(first.at, -number.value))
        count = 0
        while self._skip(kind) is not None:
            count += 1
        node = self._member(self._primary())
        return node if count % 2 == 0 else Call(first.at, "!_" if kind == "!" else "-_", None, [node])

    def _member(self, node: Node) -> Node:
        while True:
            if (op := self._skip(".")) is not None:
                node = self._dotted(op, node)
            elif (op := self._skip("[")) is not None:
                name = "_[?_]" if self._skip("?") is not None else "_[_]"
                index = self._expression()
                self._expect("]")
                node = Call(op.at, name, None, [node, index])
            else:
                return node

    def _dotted(self, op: Token, node: Node) -> Node:
        optional = self._skip("?") is not None
        name = self._skip("name") or self._skip("escaped")
        if name is not None and name.kind == "escaped":
            self._issues.append(Issue(name.at, "unsupported syntax: '`'"))
        if name is None and self._now.kind in ("in", "true", "false", "null"):
            raise self._fault(self._now, f"no viable alternative at input '.{self._now.text}'")
        if name is None:
            text = f"mismatched input '{self._now.text}' expecting IDENTIFIER"
            raise self._fault(self._now, text if self._now.kind != "end" else "no viable alternative at input '.'")
        opening = self._skip("(") if name.kind == "name" and not optional else None
        if opening is None:
            return Select(op.at, node, name.text, optional=optional)
        return expanded(Call(opening.at, name.text, node, self._list(")")), self._issues)

    def _list(self, closing: str) -> list[Node]:
        found: list[Node] = []
        if self._skip(closing) is not None:
            return found
        found.append(self._expression())
        while self._skip(",") is not None:
            found.append(self._expression())
        self._expect(closing)
        return found

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case "int":
                if token.value > INT64:
                    self._issues.append(Issue(token.at, "invalid int literal"))
                return Literal(token.at, token.value)
            case "float" | "uint" | "string":
                return Literal(token.at, token.value)
            case "true" | "false" | "null":
                return Literal(token.at, {"true": True, "false": False, "null": None}[token.kind])
            case "(":
                node = self._expression()
                self._expect(")")
                return node
            case "[":
                return self._items(token)
            case "{":
                return MapNode(token.at, self._entries())
            case "." | "name":
                return self._named(token if token.kind == "name" else self._expect("name"))
        if token.kind == "end":
            raise self._fault(token, f"mismatched input '<EOF>' expecting {_OPERAND}")
        raise self._fault(token, f"extraneous input '{token.text}' expecting {_OPERAND}")

    def _named(self, token: Token) -> Node:
        opening = self._skip("(")
        if opening is not None:
            return expanded(Call(opening.at, token.text, None, self._list(")")), self._issues)
        name, ahead = token.text, self._at
        while self._words[ahead].kind == "." and self._words[ahead + 1].kind == "name":
            name, ahead = f"{name}.{self._words[ahead + 1].text}", ahead + 2
        if self._words[ahead].kind == "{":
            at = self._words[ahead].at
            self._at = ahead + 1
            return Struct(at, name, self._fields())
        if token.text in RESERVED:
            self._issues.append(Issue(token.at, f"reserved identifier: {token.text}"))
        return Ident(token.at, token.text)

    def _items(self, opening: Token) -> Node:
        items: list[Node] = []
        optional: set[int] = set()
        while self._skip("]") is None:
            if self._skip("?") is not None:
                optional.add(len(items))
            items.append(self._expression())
            if self._skip(",") is None:
                self._expect("]")
                break
        return ListNode(opening.at, items, frozenset(optional))

    def _entries(self) -> list[tuple[int, Node, Node, bool]]:
        found: list[tuple[int, Node, Node, bool]] = []
        while self._skip("}") is None:
            optional = self._skip("?") is not None
            key = self._expression()
            colon = self._expect(":")
            found.append((colon.at, key, self._expression(), optional))
            if self._skip(",") is None:
                self._expect("}")
                break
        return found

    def _fields(self) -> list[tuple[int, str, Node, bool]]:
        found: list[tuple[int, str, Node, bool]] = []
        while self._skip("}") is None:
            optional = self._skip("?") is not None
            name = self._skip("escaped") or self._expect("name")
            colon = self._expect(":")
            found.append((colon.at, name.text, self._expression(), optional))
            if self._skip(",") is None:
                self._expect("}")
                break
        return found
