"""The rules of the house, as tables, and a checker that reads every module's syntax tree without importing it.

Used by tests/unit/test_architecture.py on this tree, and on small made-up trees that break each rule.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

OURS = ("firmware", "hal", "tools")

# Who may import which of our packages, the most specific name first.  A package always may import itself.
LEAVES = ("firmware.version", "hal.interface")
CORE = ("firmware.core", *LEAVES)
DOCK = ("firmware.dock", "firmware.evidence", "firmware.media", *CORE)
SHARED = ("hal.files", "hal.lines", "hal.overlay", "hal.patterns", "hal.tty")
RUNTIME = ("firmware.runtime", "firmware.settings", *DOCK)
DIRECTION: dict[str, tuple[str, ...]] = {
    "firmware.__main__": ("firmware.service", "firmware.camera", *RUNTIME, "hal.pi", "hal.sim"),
    "firmware.service": ("firmware.camera", *RUNTIME),
    "firmware.camera": RUNTIME,
    "firmware.runtime": RUNTIME,
    "firmware.dock": DOCK,
    "firmware.evidence": CORE,
    "firmware.media": CORE,
    "firmware.core": CORE,
    "firmware.settings": ("firmware.core.memory", "firmware.core.rules"),
    "firmware.version": (),
    "hal.interface": ("hal.values",),
    "hal.files": ("hal.interface",),
    "hal.lines": (),
    "hal.overlay": ("hal.interface",),
    "hal.patterns": ("hal.interface",),
    "hal.pi": ("hal.interface", *SHARED),
    "hal.sim": ("hal.interface", *SHARED),
    "hal.tty": ("hal.lines",),
    "hal.values": (),
    "tools.verify": (),
    "tools.bench": OURS,
    "tools.provision": ("tools", "firmware.dock", "firmware.evidence", "firmware.settings"),
    "tools": ("tools", "firmware.dock", "firmware.evidence", "firmware.version", "hal.interface", "hal.patterns"),
}

# What others wrote: who may import it.  Firmware gets by on these two alone; what opens hardware is one file in each package.
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "firmware.evidence": ("cryptography",),
    "firmware.dock.tls": ("OpenSSL",),
    "firmware": (),
    "hal.interface": (),
    "hal.files": (),
    "hal.lines": (),
    "hal.overlay": ("numpy",),
    "hal.patterns": (),
    "hal.tty": ("serial",),
    "hal.values": (),
    "hal.sim": ("PIL", "av", "cryptography", "numpy", "serial"),
    "hal.pi": (
        "av",
        "cryptography",
        "gpiozero",
        "lgpio",
        "libcamera",
        "numpy",
        "picamera2",
        "serial",
        "smbus2",
        "tpm2_pytss",
    ),
    "tools.dock.places.s3": ("botocore",),
    "tools.dock.places.swift": ("keystoneauth1", "requests", "swiftclient"),
    "tools.bench": ("OpenSSL", "av", "cryptography", "numpy", "pyrage", "rich"),
    "tools.panel": ("h11", "wsproto"),
    "tools.provision.factory.labels": ("segno",),
    "tools.dock.timing.tsa": ("cryptography", "rfc3161_client"),
    "tools": ("PIL", "av", "c2pa", "cryptography", "numpy", "pyrage", "rich", "serial"),
}
ONE_FILE_A_PACKAGE = ("gpiozero", "lgpio", "libcamera", "picamera2", "serial", "smbus2", "tpm2_pytss")

# Pure packages: time comes in as a number, randomness as bytes, files and threads are somebody else's.
PURE = ("firmware.core", "firmware.dock", "firmware.evidence", "firmware.media", "firmware.settings", "hal.overlay")
IMPURE = frozenset(
    [
        "asyncio",
        "concurrent",
        "glob",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "queue",
        "random",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
    ]
)
NEVER = {"asyncio": "threads, not asyncio"}

# Modules that choose a module by its name at run time.  firmware.__main__ does so by plain imports inside a function.
CHOOSES_BY_NAME = ("tools.__main__", "tools.bench.suites", "tools.dock.places.address")
# The production image holds neither the simulator nor the tools: on a camera these imports must not run.
NOT_ON_A_CAMERA = ("hal.sim", "tools")

LINES = 350
LINES_OF = {"firmware.camera": 150}
SUPERVISOR = "firmware.runtime.supervise"
BROAD = ("Exception", "BaseException")

# Importing a module opens nothing: what may be called at import is what makes a constant.
BUILTINS = frozenset(
    [
        "TypeError",
        "bool",
        "bytes",
        "classmethod",
        "dict",
        "enumerate",
        "float",
        "frozenset",
        "int",
        "len",
        "list",
        "map",
        "max",
        "min",
        "object",
        "property",
        "range",
        "reversed",
        "set",
        "sorted",
        "staticmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
    ]
)
CONSTANT_MAKERS = (
    "collections.",  # namedtuple, OrderedDict, ...
    "cryptography.hazmat.primitives.",  # names of curves and hashes
    "cryptography.x509.",  # object identifiers, extensions
    "dataclasses.",
    "datetime.",
    "enum.",
    "fractions.Fraction",
    "functools.",
    "hashlib.sha256",  # of a constant
    "itertools.",
    "operator.",
    "pathlib.",  # a path is a name; opening it is not
    "re.compile",
    "struct.",
    "types.MappingProxyType",
    "typing.",
    "av.time_base",
    "numpy.",  # tables of the simulated scene
)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a module breaks, and where."""

    module: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: ``target`` is the module or the member with its dots; ``at_start`` if it runs when the module is loaded."""

    target: str
    line: int
    at_start: bool


class Module:
    """One source file."""

    def __init__(self, root: Path, path: Path) -> None:
        parts = path.relative_to(root).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, str(path))

    @cached_property
    def imports(self) -> list[Import]:
        """Every import of the module, also those in functions, under TYPE_CHECKING and by a literal name."""
        return [*self._imports(self.tree, at_start=True)]

    def _imports(self, node: ast.AST, *, at_start: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _is_guard(
                child, "TYPE_CHECKING"
            )
            runs = at_start and not deferred
            match child:
                case ast.Import():
                    yield from (Import(alias.name, child.lineno, runs) for alias in child.names)
                case ast.ImportFrom():
                    base = self._absolute(child)
                    yield from (Import(f"{base}.{alias.name}", child.lineno, runs) for alias in child.names)
                case ast.Call(args=[ast.Constant(value=str(target)), *_]) if _callee(child) in {
                    "import_module",
                    "__import__",
                }:
                    yield Import(target, child.lineno, runs)
            yield from self._imports(child, at_start=runs)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        kept = package[: len(package) - node.level + 1]
        return ".".join([*kept, *([node.module] if node.module else [])])


def modules(root: Path) -> list[Module]:
    """Every module of ours below ``root``."""
    return [Module(root, path) for name in OURS for path in sorted((root / name).rglob("*.py"))]


def packages(root: Path) -> set[str]:
    """Every folder below ``root`` that holds modules of ours, with dots."""
    return {".".join(path.parent.relative_to(root).parts) for name in OURS for path in (root / name).rglob("*.py")}


def violations(root: Path) -> list[Violation]:
    """Everything in the tree that breaks a rule."""
    tree = modules(root)
    each = (
        _direction,
        _third_party,
        _purity,
        _production,
        _size,
        _broad_except,
        _import_opens_nothing,
        _chosen_by_name,
    )
    found = [violation for module in tree for rule in each for violation in rule(module)]
    return [*found, *_one_file_a_package(tree)]


def _direction(module: Module) -> Iterator[Violation]:
    """Imports go one way."""
    owner, allowed = _most_specific(module.name, DIRECTION)
    for each in module.imports:
        if each.target.split(".")[0] in OURS and not _within(each.target, (owner or module.name, *allowed)):
            yield Violation(module.name, each.line, f"may not import {each.target}")


def _third_party(module: Module) -> Iterator[Violation]:
    """Each library stands where the table says."""
    _, allowed = _most_specific(module.name, THIRD_PARTY)
    for each in module.imports:
        library = each.target.split(".")[0]
        if library not in OURS and library not in sys.stdlib_module_names and library not in allowed:
            yield Violation(module.name, each.line, f"may not import {library}")


def _one_file_a_package(tree: list[Module]) -> Iterator[Violation]:
    """What opens hardware is imported by one file in each package."""
    for library in ONE_FILE_A_PACKAGE:
        first: dict[str, str] = {}
        for module in tree:
            area = ".".join(module.name.split(".")[:2])
            for each in module.imports:
                if each.target.split(".")[0] == library and first.setdefault(area, module.name) != module.name:
                    yield Violation(module.name, each.line, f"{library} is imported by {first[area]} already")


def _purity(module: Module) -> Iterator[Violation]:
    """Pure packages take time and randomness as values and leave files and threads alone."""
    for each in module.imports:
        library = each.target.split(".")[0]
        if library in NEVER:
            yield Violation(module.name, each.line, f"may not import {library}: {NEVER[library]}")
        elif library in IMPURE and _within(module.name, PURE):
            yield Violation(module.name, each.line, f"is pure and may not import {library}")


def _production(module: Module) -> Iterator[Violation]:
    """A camera without simulator and tools still starts."""
    if _within(module.name, NOT_ON_A_CAMERA):
        return
    for each in module.imports:
        if (
            each.at_start
            and _within(each.target, ("hal.sim", "hal.pi", "tools"))
            and not _within(module.name, ("hal.pi",))
        ):
            yield Violation(
                module.name, each.line, f"imports {each.target} at start; a camera or a desk may not have it"
            )


def _size(module: Module) -> Iterator[Violation]:
    """One idea a module."""
    limit = LINES_OF.get(module.name, LINES)
    lines = len(module.text.splitlines())
    if lines > limit:
        yield Violation(module.name, lines, f"has {lines} lines; {limit} are allowed")


def _broad_except(module: Module) -> Iterator[Violation]:
    """Only the supervisor catches what it does not know."""
    if module.name == SUPERVISOR:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(each is None or _dotted(each) in BROAD for each in caught):
                yield Violation(module.name, node.lineno, f"catches everything; only {SUPERVISOR} may")
        elif (
            isinstance(node, ast.Call)
            and _callee(node) == "suppress"
            and any(_dotted(each) in BROAD for each in node.args)
        ):
            yield Violation(module.name, node.lineno, f"suppresses everything; only {SUPERVISOR} may catch it")


def _import_opens_nothing(module: Module) -> Iterator[Violation]:
    """At import only constants are made."""
    names = _outside_names(module)
    for call in _calls_at_import(module.tree):
        root = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            continue  # a method of a literal or of what another call made, which is judged on its own
        name = _dotted(call.func)
        if root.id in names:
            full = names[root.id] + name[len(root.id) :]
            allowed = any(full.startswith(each) for each in CONSTANT_MAKERS)
        else:
            allowed = root.id in BUILTINS or root.id not in dir(builtins)
        if not allowed:
            yield Violation(module.name, call.lineno, f"calls {name} when imported")


def _chosen_by_name(module: Module) -> Iterator[Violation]:
    """A module chosen at run time escapes every other rule."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _callee(node) in {"import_module", "__import__"}:
            literal = bool(node.args) and isinstance(node.args[0], ast.Constant)
            if not literal and module.name not in CHOOSES_BY_NAME:
                yield Violation(module.name, node.lineno, "imports a module by a computed name")


def _outside_names(module: Module) -> dict[str, str]:
    """Names in the module that stand for something that others wrote, with their full names."""
    names: dict[str, str] = {}
    for node in ast.walk(module.tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    names |= {alias.asname: alias.name} if alias.asname else {top: top}
            case ast.ImportFrom(level=0):
                names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {name: full for name, full in names.items() if full.split(".")[0] not in OURS}


def _calls_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """Calls that run when the module is loaded: not those in functions, but their decorators and default values."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [each for each in (*child.args.defaults, *child.args.kw_defaults) if each]
            yield from _calls_at_import(ast.Tuple([*child.decorator_list, *defaults], ast.Load()))
        elif isinstance(child, ast.Lambda) or _is_guard(child, "__name__") or _is_guard(child, "TYPE_CHECKING"):
            continue
        else:
            if isinstance(child, ast.Call):
                yield child
            yield from _calls_at_import(child)


def _is_guard(node: ast.AST, name: str) -> bool:
    """Whether this is ``if TYPE_CHECKING`` or ``if __name__ == ...``."""
    return isinstance(node, ast.If) and any(
        isinstance(each, ast.Name) and each.id == name for each in ast.walk(node.test)
    )


def _callee(call: ast.Call) -> str:
    """The last part of what is called."""
    return _dotted(call.func).rpartition(".")[2]


def _dotted(node: ast.AST | None) -> str:
    """``a.b.c`` of a name or attribute; empty for anything else."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{_dotted(node.value)}.{node.attr}"
        case _:
            return ""


def _within(name: str, wholes: tuple[str, ...]) -> bool:
    """Whether ``name`` is one of ``wholes`` or lies in one."""
    return any(name == whole or name.startswith(f"{whole}.") for whole in wholes)


def _most_specific(name: str, table: dict[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    """The row for a module: that of the longest name it lies in, the name first."""
    rows = [key for key in table if _within(name, (key,))]
    key = max(rows, key=len, default="")
    return key, table.get(key, ())
