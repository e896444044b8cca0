"""What is wrong: one refusal where it is met, gathered into a list of problems that each name a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType


class Refused(Exception):  # noqa: N818 - it says what happened, not that somebody erred
    """Something is not what the format demands; the message says what, in plain words."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the file, relative to what was judged, and the reason."""

    file: str
    reason: str


@dataclass(slots=True)
class Problems:
    """A list of problems that grows while a recording or a volume is judged."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, reason: str) -> None:
        """Note one problem, once."""
        problem = Problem(file, reason)
        if problem not in self.found:
            self.found.append(problem)

    def at(self, file: str) -> _At:
        """Note what is refused inside, and whatever the system cannot read, as a problem of ``file``; then go on."""
        return _At(self, file)

    def __bool__(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.found)


@dataclass(frozen=True, slots=True)
class _At:
    """The context manager of ``Problems.at``."""

    problems: Problems
    file: str

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, Refused):
            self.problems.add(self.file, str(error))
        elif isinstance(error, OSError):
            self.problems.add(self.file, f"cannot be read: {error.strerror or error}")
        return isinstance(error, (Refused, OSError))


def need(true: object, reason: str) -> None:
    """Refuse with ``reason`` unless ``true``."""
    if not true:
        raise Refused(reason)
