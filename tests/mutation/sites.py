"""Walking a module's syntax tree: every place where an operator may change something, and nothing that only speaks.

Left out are annotations, docstrings, decorators, imports, messages, log calls and what stands under ``TYPE_CHECKING``: a change there
is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SPOKEN = ("annotation", "returns", "decorator_list", "type_params")
"""Fields of nodes that are for readers and tools."""
LOGS = ("_log", "log")
MESSAGES = ("message",)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Site:
    """A node and where it hangs: ``holder.field`` or ``holder.field[index]``.  ``scope`` is the qualified name of the function or class
    around it, empty at the top; ``above`` are the nodes around it, nearest first; ``statement`` the statement that it belongs to."""

    node: ast.AST
    holder: ast.AST
    field: str
    index: int | None
    scope: str
    above: tuple[ast.AST, ...]
    statement: ast.stmt

    @property
    def inside(self) -> bool:
        """Whether it runs when a function is called, and not when the module is imported."""
        return any(isinstance(node, Function) for node in self.above)

    @property
    def siblings(self) -> list[ast.stmt]:
        """The block that a statement stands in, from it on."""
        block = getattr(self.holder, self.field)
        return block[self.index :] if isinstance(block, list) and self.index is not None else []

    def put(self, new: ast.AST, offset: int = 0) -> None:
        """Put another node in its place, with its line numbers."""
        ast.copy_location(new, self.node)
        ast.fix_missing_locations(new)
        if self.index is None:
            setattr(self.holder, self.field, new)
        else:
            getattr(self.holder, self.field)[self.index + offset] = new


def walk(tree: ast.Module) -> Iterator[Site]:
    """All sites, in the order of the text."""
    for index, statement in enumerate(tree.body):
        yield from _visit(Site(statement, tree, "body", index, "", (tree,), statement))


def header(statement: ast.AST) -> range:
    """The lines of a statement without the blocks under it."""
    first, last = getattr(statement, "lineno", 0), getattr(statement, "end_lineno", 0)
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        last = max(first, body[0].lineno - 1)
    return range(first, last + 1)


def _visit(site: Site) -> Iterator[Site]:
    node = site.node
    if _speaks(node):
        return
    yield site
    scope = site.scope
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
    above = (node, *site.above)
    for field, value in ast.iter_fields(node):
        if field in SPOKEN or (isinstance(node, ast.If) and field == "body" and _for_types(node)):
            continue
        children = value if isinstance(value, list) else [value]
        for number, child in enumerate(children):
            if isinstance(child, ast.AST):
                index = number if isinstance(value, list) else None
                statement = child if isinstance(child, ast.stmt) else site.statement
                yield from _visit(Site(child, node, field, index, scope, above, statement))


def _speaks(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or _logs(node.value)
    return isinstance(node, ast.Assign) and all(isinstance(to, ast.Name) and to.id in MESSAGES for to in node.targets)


def _logs(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    return (isinstance(owner, ast.Attribute) and owner.attr in LOGS) or (
        isinstance(owner, ast.Name) and owner.id in LOGS
    )


def _for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def whole(node: ast.AST) -> int | None:
    """The whole number that a node writes out; None if it is anything else."""
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None
