"""``make mutate``: remove or weaken each guard of the modules that keep evidence safe, and see a test fail.

For each mutant the tests that reach the changed line run in a process of its own, those of the nearest file first, up to the first
failure.  A mutant that no test notices is a survivor: write the test that is missing, mend the code that does nothing, or list it in
tests/mutation/survivors.txt with the reason why nothing has to notice.

  python -m tests.mutation                                  all modules, all cores, 30 minutes at most
  python -m tests.mutation --list --module vault            the mutants of firmware/runtime/vault.py
  python -m tests.mutation --module durable --jobs 1        one module
  python -m tests.mutation --only 'vault:Vault.begin:drop'  the mutants whose id holds this

The status is 0 when each mutant was caught or is listed, and 1 otherwise: also when a listed one is caught by now or exists no more,
when the time was over before all had run, and when the tests fail without any mutant.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.baseline import BaselineError, measure
from tests.mutation.display import Display, summary
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.operators import OPERATORS
from tests.mutation.pool import Pool
from tests.mutation.targets import PRELOAD, TARGETS, Tests
from tests.mutation.trial import Trials
from tests.mutation.verdicts import ReviewError, complaints, read_reviewed

ROOT = Path(__file__).parents[2]
SURVIVORS = ROOT / "tests" / "mutation" / "survivors.txt"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is mutated: a tree of sources, its modules with their tests, what to import once, and the reviewed list."""

    root: Path
    targets: Mapping[str, Tests]
    preload: Sequence[str]
    survivors: Path

    def path(self, module: str) -> Path:
        """Where a module lies."""
        return self.root.joinpath(*module.split(".")).with_suffix(".py")


def main(argv: Sequence[str], scene: Scene) -> int:
    """Run the command; its status."""
    options = _options(argv)
    modules = [each for each in scene.targets if not options.module or _asked(each, options.module)]
    if not modules:
        sys.stderr.write(f"no such module; there are {', '.join(each.split('.')[-1] for each in scene.targets)}\n")
        return 2
    known = [each for module in modules for each in mutants(module, scene.path(module))]
    chosen = [each for each in known if options.only is None or options.only in each.id]
    if options.list:
        sys.stdout.writelines(f"{each.id}  [line {each.line}]\n" for each in chosen)
        return 0
    try:
        reviewed = read_reviewed(scene.survivors)
        return _try(options, scene, chosen, known, reviewed)
    except (BaselineError, ReviewError) as error:
        sys.stdout.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("interrupted\n")
        return 130


def _try(
    options: argparse.Namespace,
    scene: Scene,
    chosen: Sequence[Mutant],
    known: Sequence[Mutant],
    reviewed: Mapping[str, str],
) -> int:
    began = time.monotonic()
    until = began + options.minutes * 60
    modules = list(dict.fromkeys(each.module for each in known))
    _preload(scene)
    display = Display(sys.stdout, len(chosen), reviewed)
    files = [file for module in dict.fromkeys(each.module for each in chosen) for file in scene.targets[module].files]
    watched = frozenset(str(scene.path(module)) for module in modules)
    with tempfile.TemporaryDirectory(prefix="lapel-mutate-") as folder:
        first: Pool[str] = Pool(options.jobs, Path(folder))
        try:
            baseline = measure(scene.root, files, watched, first, until=until, tick=display.tick)
        finally:
            first.stop()
        display.say(f"{len(baseline.tests)} tests pass without a mutant ({time.monotonic() - began:.0f} s)")
        trials = Trials(baseline, scene.targets, scene.path, Pool(options.jobs, Path(folder)))
        results = trials.run(chosen, until, display.tell)
    display.clear()
    wrong = complaints(
        results, reviewed, modules=modules if options.only is None else (), known=[each.id for each in known]
    )
    sys.stdout.writelines(f"{line}\n" for line in (*summary(results, reviewed), *wrong))
    sys.stdout.write(f"{time.monotonic() - began:.0f} s on {options.jobs} processes\n")
    if options.json is not None:
        options.json.write_text(json.dumps([each.as_json() for each in results], indent=1) + "\n", encoding="utf-8")
    return 1 if wrong else 0


def _asked(module: str, names: Sequence[str]) -> bool:
    """Whether a module is one of these: by its name, or by as much of its path as tells it from others."""
    return any(f".{module}".endswith(f".{name}") for name in names)


def _preload(scene: Scene) -> None:
    """Import what all processes need, and nothing that is to be changed."""
    for name in scene.preload:
        importlib.import_module(name)
    early = [each for each in scene.targets if each in sys.modules]
    if early:
        raise RuntimeError(f"imported before the mutants: {', '.join(early)}")


def _options(argv: Sequence[str]) -> argparse.Namespace:
    told = "\n".join(f"  {name:<9}{(each.__doc__ or '').splitlines()[0]}" for name, each in OPERATORS.items())
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m tests.mutation", description=__doc__, epilog=f"operators:\n{told}", formatter_class=form
    )
    parser.add_argument(
        "--module", action="append", metavar="NAME", help="only this module, by the end of its name; again for more"
    )
    parser.add_argument("--only", metavar="TEXT", help="only the mutants whose id holds this text")
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at a time (default: the cores)"
    )
    parser.add_argument(
        "--minutes", type=float, default=30.0, metavar="N", help="stop after this time, and fail (default: 30)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results there")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Scene(ROOT, TARGETS, PRELOAD, SURVIVORS)))
