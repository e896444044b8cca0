"""The ways in which a guard is removed or weakened, as a table.

An operator looks at one site and yields the edits that it knows there.  An edit changes the tree in place: it is applied in a process
that is thrown away.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tests.mutation.sites import Site, header, whole


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: what stood there, what stands there now, how to make it, and the lines of which one has to run for it to matter."""

    before: str
    after: str
    apply: Callable[[], None]
    lines: range


Operator = Callable[[Site], Iterator[Edit]]

STEPS: Final = frozenset(
    [
        "append",
        "audit",
        "begin",
        "close",
        "create",
        "drop",
        "note_closing",
        "note_receipt",
        "put",
        "put_away",
        "quarantine",
        "register",
        "remove",
        "rename",
        "replace",
        "reserve",
        "seal",
        "sync",
        "write",
    ]
)
"""Calls whose order among others is a promise."""
FILES: Final = ("file", "journal")
FIXED: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Return,
    ast.Raise,
    ast.Continue,
    ast.Break,
    ast.Pass,
    ast.Import,
    ast.ImportFrom,
)
FLIPS: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
NEGATIONS: Final = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
"""Comparisons whose flip is their negation."""
COUNTED: Final = ("max", "min", "range")


def drop(site: Site) -> Iterator[Edit]:
    """A step is left out: a call whose result nobody uses, a ``del``, a count."""
    node = site.node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.YieldFrom):
        nothing: ast.stmt = ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load())))
    elif (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) or isinstance(
        node, ast.Delete | ast.AugAssign
    ):
        nothing = ast.Pass()
    else:
        return
    yield Edit(_text(node), "", lambda: site.put(nothing), header(node))


def swap(site: Site) -> Iterator[Edit]:
    """Two steps in the other order, one of them at least on storage."""
    for first, second in pairwise(site.siblings[:2]) if site.node is site.statement else ():
        movable = (
            not isinstance(first, FIXED) and not isinstance(second, FIXED) and not _is_text(first) | _is_text(second)
        )
        movable = movable and not _silent(first) | _silent(second)
        if movable and (_steps(first) or _steps(second)) and not _depends(first, second):

            def apply(first: ast.stmt = first, second: ast.stmt = second) -> None:
                block = getattr(site.holder, site.field)
                at = block.index(first)
                block[at : at + 2] = second, first

            lines = range(first.lineno, header(second).stop)
            yield Edit(f"{_text(first)} ; {_text(second)}", "swapped", apply, lines)


def flip(site: Site) -> Iterator[Edit]:
    """A comparison is weakened, or turned round."""
    node = site.node
    if not isinstance(node, ast.Compare):
        return
    for index, operator in enumerate(node.ops):
        operators: list[ast.cmpop] = [*node.ops[:index], FLIPS[type(operator)](), *node.ops[index + 1 :]]
        yield _replacing(site, node, ast.Compare(node.left, operators, node.comparators))


def negate(site: Site) -> Iterator[Edit]:
    """A condition holds where it did not."""
    node = site.node
    asked = site.field == "test" or (site.field == "ifs" and isinstance(site.holder, ast.comprehension))
    if not asked or not isinstance(node, ast.expr) or isinstance(node, ast.Constant):
        return
    if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], NEGATIONS):
        return
    opposite = (
        node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else ast.UnaryOp(ast.Not(), node)
    )
    yield _replacing(site, node, opposite)


def weaken(site: Site) -> Iterator[Edit]:
    """A condition loses one of its parts."""
    node = site.node
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            yield _replacing(site, node, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))


def unguard(site: Site) -> Iterator[Edit]:
    """A way out is closed: what was refused or passed over goes on."""
    node = site.node
    early = isinstance(node, ast.Return) and not isinstance(site.holder, ast.FunctionDef)
    if isinstance(node, ast.Raise | ast.Continue | ast.Break) or early:
        yield Edit(_text(node), "", lambda: site.put(ast.Pass()), header(node))


def rethrow(site: Site) -> Iterator[Edit]:
    """Nobody handles an error any more."""
    node = site.node
    if isinstance(node, ast.ExceptHandler):
        last = node.body[-1]
        if not (isinstance(last, ast.Raise) and last.exc is None):
            lines = range(node.body[0].lineno, (last.end_lineno or last.lineno) + 1)
            handler = ast.ExceptHandler(node.type, node.name, [ast.Raise()])
            yield Edit(f"except {_text(node.type)}", "raise", lambda: site.put(handler), lines)
    elif isinstance(node, ast.With) and any(_text(item.context_expr).startswith("suppress(") for item in node.items):
        yield Edit(
            _text(node),
            "not suppressed",
            lambda: site.put(ast.If(ast.Constant(value=True), node.body, [])),
            header(node),
        )


def limit(site: Site) -> Iterator[Edit]:
    """A limit moves: a constant doubles or is nought, a number in a comparison is one more."""
    node = site.node
    if (
        site.field == "value"
        and isinstance(node, ast.expr)
        and not site.inside
        and (size := _constant(site)) is not None
    ):
        name = _text(site.statement).split(":")[0].split(" =")[0]
        for other in sorted({0, size * 2, size + (size == 0)} - {size}):
            edit = _replacing(site, node, ast.Constant(other))
            yield Edit(f"{name} = {edit.before}", edit.after, edit.apply, edit.lines)
    elif isinstance(node, ast.Constant) and (number := whole(node)) is not None and site.inside and _counts(site):
        edit = _replacing(site, node, ast.Constant(number + 1))
        around = next(
            each for each in site.above if isinstance(each, ast.Compare | ast.Call | ast.Subscript | ast.stmt)
        )
        yield Edit(f"{edit.before} in {_text(around)}", edit.after, edit.apply, edit.lines)


OPERATORS: Final[Mapping[str, Operator]] = {
    each.__name__: each for each in (drop, swap, flip, negate, weaken, unguard, rethrow, limit)
}


def _replacing(site: Site, node: ast.expr, other: ast.expr) -> Edit:
    return Edit(_text(node), _text(other), lambda: site.put(other), header(site.statement))


def _text(node: ast.AST | None) -> str:
    """The first line of a node's source, in one spelling."""
    return "" if node is None else ast.unparse(node).split("\n", maxsplit=1)[0]


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _steps(statement: ast.stmt) -> bool:
    """Whether it takes a step on storage, or one that others see.  An ``append`` counts on a file, not on a list, and what a function
    will do once it is called does not count where it is made."""
    for each in _at_once(statement):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr.lstrip("_") in STEPS:
            owner = ast.unparse(each.func.value)
            if each.func.attr != "append" or owner.endswith(FILES):
                return True
    return False


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What belongs to a node, but for the bodies of functions without a name."""
    yield node
    for each in () if isinstance(node, ast.Lambda) else ast.iter_child_nodes(node):
        yield from _at_once(each)


def _silent(statement: ast.stmt) -> bool:
    """Whether it only gives a name to a value, or way to others: nobody can tell when."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
        return statement.value.value is None
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return all(isinstance(each, ast.Name) for each in names) and not any(
        isinstance(each, ast.Call) for each in ast.walk(statement)
    )


def _depends(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether one gives a name to what the other reads: in the other order that is an error, and no other order."""
    given, read = (
        [
            {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, kind)}
            for node in (first, second)
        ]
        for kind in (ast.Store, ast.Load)
    )
    return bool(given[0] & (read[1] | given[1]) or given[1] & read[0])


def _constant(site: Site) -> int | None:
    """The value of a constant of a module that is a whole number."""
    targets = site.holder.targets if isinstance(site.holder, ast.Assign) else [getattr(site.holder, "target", None)]
    if site.scope or not all(isinstance(each, ast.Name) and each.id.isupper() for each in targets):
        return None
    nodes = list(ast.walk(site.node))
    if not all(
        isinstance(each, ast.BinOp | ast.operator | ast.UnaryOp | ast.unaryop) or whole(each) is not None
        for each in nodes
    ):
        return None
    value = eval(compile(ast.Expression(site.node), "constant", "eval"))  # type: ignore[arg-type]  # noqa: S307 - numbers alone
    return int(value)


def _counts(site: Site) -> bool:
    """Whether a number decides how much or how many."""
    if site.field in {"lower", "upper"}:
        return True
    if isinstance(site.holder, ast.Subscript):
        return False
    if isinstance(site.holder, ast.BinOp) and isinstance(site.holder.op, ast.Add | ast.Sub):
        return True
    if isinstance(site.holder, ast.Call) and isinstance(site.holder.func, ast.Name) and site.holder.func.id in COUNTED:
        return True
    return any(isinstance(each, ast.Compare) for each in site.above if not isinstance(each, ast.stmt))
