"""A changed module in the place of the one on disk."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import CodeType, ModuleType


class Substitute(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives ``code`` to whoever imports ``name``.  ``used`` tells that somebody did: otherwise a test has seen nothing of it."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.used = False
        self._name = name
        self._code = code

    def install(self) -> None:
        """Stand before all other finders.  ``RuntimeError`` if the module was imported already."""
        if self._name in sys.modules:
            message = f"{self._name} was imported before its mutant"
            raise RuntimeError(message)
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The changed module's, and nobody else's."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._code.co_filename, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed module."""
        self.used = True
        exec(self._code, module.__dict__)  # noqa: S102 - this is what an import does
