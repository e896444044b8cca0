"""The layout and the import rules hold, and the checker that says so finds each kind of breach."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture import LINES, OURS, modules, violations
from tests.architecture import packages as packages_below

ROOT = Path(__file__).parents[2]

# A tree that keeps every rule, close to the borders of some.
GOOD = {
    "firmware/__init__.py": "",
    "firmware/__main__.py": "from firmware import camera\ndef main():\n    from hal.sim import build\nif __name__ == '__main__':\n    main()\n",
    "firmware/camera.py": "from firmware.runtime.writer import Writer\nfrom firmware.core import ring\n",
    "firmware/settings.py": "",
    "firmware/core/__init__.py": "",
    "firmware/core/ring.py": "import re\nfrom hal.interface import Unit\nfrom . import gop\nfrom .gop import A\nWORD = re.compile('x')\n",
    "firmware/core/gop.py": "A = 1\n",
    "firmware/evidence/age.py": "from cryptography.hazmat.primitives import hashes\nfrom firmware.core import ring\nHASH = hashes.SHA256()\n",
    "firmware/media/fmp4.py": "from firmware.core.ring import WORD\n",
    "firmware/dock/tls.py": "from OpenSSL import SSL\nfrom firmware.evidence import age\n",
    "firmware/runtime/writer.py": "import threading\nfrom firmware.dock import tls\ntry:\n    pass\nexcept OSError:\n    pass\n",
    "firmware/runtime/supervise.py": "def run():\n    try:\n        pass\n    except Exception:\n        pass\n",
    "hal/interface.py": "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass Unit:\n    data: bytes = field(default=b'')\n",
    "hal/sim/port.py": "import serial\nfrom hal.interface import Unit\n",
    "hal/pi/port.py": "import serial\nfrom hal.interface import Unit\n",
    "tools/__main__.py": "from importlib import import_module\ndef main(name):\n    import_module(f'tools.{name}')\n",
    "tools/dock/serve.py": "from firmware.dock import tls\n",
    "tools/verify/cli.py": "from tools.verify import age\nimport pyrage\n",
    "tools/verify/age.py": "",
}

MANY_LINES = "x = 1\n" * (LINES + 1)
BROAD = "try:\n    pass\nexcept {}:\n    pass\n"

# (file that is changed or added, its text, what the checker must say)
BREACHES = [
    ("firmware/core/ring.py", "from firmware.media import fmp4", "may not import firmware.media.fmp4"),
    ("firmware/core/ring.py", "import firmware.runtime.writer", "may not import firmware.runtime.writer"),
    ("firmware/core/ring.py", "from ..runtime import writer", "may not import firmware.runtime.writer"),
    ("firmware/core/ring.py", "def f():\n    from firmware.dock import tls", "may not import firmware.dock.tls"),
    (
        "firmware/core/ring.py",
        "if TYPE_CHECKING:\n    from firmware.dock import tls",
        "may not import firmware.dock.tls",
    ),
    ("firmware/core/ring.py", "import time", "is pure and may not import time"),
    ("firmware/core/ring.py", "from os import urandom", "is pure and may not import os"),
    ("firmware/core/ring.py", "import numpy", "may not import numpy"),
    ("firmware/evidence/age.py", "from firmware.media import fmp4", "may not import firmware.media.fmp4"),
    ("firmware/evidence/age.py", "from firmware.dock import tls", "may not import firmware.dock.tls"),
    ("firmware/media/fmp4.py", "from firmware.evidence import age", "may not import firmware.evidence.age"),
    ("firmware/media/fmp4.py", "import cryptography", "may not import cryptography"),
    ("firmware/dock/link.py", "from OpenSSL import SSL", "may not import OpenSSL"),
    ("firmware/dock/link.py", "import serial", "may not import serial"),
    ("firmware/dock/link.py", "import socket", "is pure and may not import socket"),
    ("firmware/settings.py", "from firmware.core import ring", "may not import firmware.core.ring"),
    ("firmware/runtime/writer.py", "from firmware import camera", "may not import firmware.camera"),
    ("firmware/runtime/writer.py", "from hal.sim import port", "may not import hal.sim.port"),
    ("firmware/runtime/writer.py", "import hal.pi.port", "may not import hal.pi.port"),
    ("firmware/runtime/writer.py", "from cryptography import x509", "may not import cryptography"),
    ("firmware/runtime/writer.py", "import asyncio", "may not import asyncio: threads, not asyncio"),
    ("firmware/runtime/writer.py", "import tools", "may not import tools"),
    ("firmware/runtime/writer.py", "m = __import__('hal.sim')", "may not import hal.sim"),
    ("firmware/runtime/writer.py", "def f(n):\n    import_module(n)", "imports a module by a computed name"),
    ("firmware/camera.py", "from hal.pi import port", "may not import hal.pi.port"),
    ("firmware/camera.py", "x = 1\n" * 151, "has 151 lines; 150 are allowed"),
    (
        "firmware/__main__.py",
        "from hal.sim import build",
        "imports hal.sim.build at start; a camera or a desk may not have it",
    ),
    ("firmware/__main__.py", "import tools.dock", "may not import tools.dock"),
    ("hal/interface.py", "from firmware.core import ring", "may not import firmware.core.ring"),
    ("hal/interface.py", "import serial", "may not import serial"),
    ("hal/sim/video.py", "from firmware.core import ring", "may not import firmware.core.ring"),
    ("hal/sim/video.py", "from hal.pi import port", "may not import hal.pi.port"),
    ("hal/sim/video.py", "import picamera2", "may not import picamera2"),
    ("hal/sim/video.py", "import serial", "serial is imported by hal.sim.port already"),
    ("tools/dock/serve.py", "from firmware.runtime import writer", "may not import firmware.runtime.writer"),
    ("tools/dock/serve.py", "from hal.sim import port", "may not import hal.sim.port"),
    ("tools/dock/serve.py", "from OpenSSL import SSL", "may not import OpenSSL"),
    ("tools/verify/cli.py", "from firmware.evidence import age", "may not import firmware.evidence.age"),
    ("tools/verify/cli.py", "from tools.dock import serve", "may not import tools.dock.serve"),
    ("tools/verify/cli.py", "from .. import dock", "may not import tools.dock"),
    ("tools/dock/serve.py", MANY_LINES, f"has {LINES + 1} lines; {LINES} are allowed"),
    ("tools/dock/serve.py", BROAD.format("Exception"), "catches everything; only firmware.runtime.supervise may"),
    (
        "hal/sim/port.py",
        BROAD.format("(OSError, BaseException)"),
        "catches everything; only firmware.runtime.supervise may",
    ),
    ("firmware/core/gop.py", BROAD.format(""), "catches everything; only firmware.runtime.supervise may"),
    (
        "firmware/core/gop.py",
        "def f():\n    with contextlib.suppress(Exception):\n        pass",
        "suppresses everything",
    ),
    ("hal/sim/port.py", "F = open('x')", "calls open when imported"),
    ("hal/sim/port.py", "import os\nos.mkfifo('x')", "calls os.mkfifo when imported"),
    ("hal/sim/port.py", "import subprocess as s\nclass A:\n    x = s.run(['true'])", "calls s.run when imported"),
    ("hal/sim/port.py", "from threading import Lock\ndef f(lock=Lock()):\n    pass", "calls Lock when imported"),
    ("hal/sim/port.py", "import logging\nLOG = logging.getLogger()", "calls logging.getLogger when imported"),
    ("hal/sim/port.py", "import serial\n@serial.tool()\ndef f():\n    pass", "calls serial.tool when imported"),
    ("hal/sim/port.py", "if True:\n    print('hello')", "calls print when imported"),
    ("hal/sim/port.py", "from pathlib import Path\nT = [open(p).read() for p in ()]", "calls open when imported"),
]


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write a tree."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_this_tree_keeps_every_rule() -> None:
    """Import direction, libraries, purity, sizes, excepts, and nothing opened at import."""
    assert [str(violation) for violation in violations(ROOT)] == []


def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path) -> None:
    """The checker does not cry wolf."""
    assert [str(violation) for violation in violations(plant(tmp_path, GOOD))] == []


@pytest.mark.parametrize(("name", "text", "rule"), BREACHES, ids=[f"{name}-{rule}" for name, _, rule in BREACHES])
def test_a_breach_is_found(name: str, text: str, rule: str, tmp_path: Path) -> None:
    """One file changed so that it breaks one rule: the checker names the module and the rule."""
    broken = violations(plant(tmp_path, GOOD | {name: text}))
    module = name.removesuffix(".py").replace("/", ".")
    assert any(violation.module == module and violation.rule.startswith(rule) for violation in broken), broken


def test_wheel_lists_every_package() -> None:
    """The wheel's list of packages and the folders agree, and each folder is a real package."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(packages_below(ROOT)) == sorted(listed)
    assert [name for name in listed if not (ROOT / name.replace(".", "/") / "__init__.py").is_file()] == []


# Imports the libraries first, then each module of ours under an audit hook that hears every file, socket, process and thread.
WATCH = """
import importlib, sys
names, libraries = sys.argv[1].split(","), sys.argv[2].split(",")
for library in libraries:
    importlib.import_module(library.partition(".")[0])
    while library not in sys.modules:  # the longest part of a name with dots that is a module
        try:
            importlib.import_module(library)
        except ModuleNotFoundError:
            library = library.rpartition(".")[0]
opened = []
WATCHED = ("os.mkdir", "os.mkfifo", "os.remove", "os.rename", "socket.__new__", "subprocess.Popen", "_thread.start_new_thread")
def hear(event, args):
    if event in WATCHED or (event == "open" and not str(args[0]).endswith((".py", ".pyc")) and ".pyc." not in str(args[0])):
        opened.append((event, str(args[0])))
sys.addaudithook(hear)
sys.dont_write_bytecode = True
for name in names:
    importlib.import_module(name)
    for event in opened:
        print(name, *event)
    opened.clear()
"""


def test_importing_opens_nothing() -> None:
    """The same promise, kept at run time: all modules that a desk can import, imported, open no file, socket, process or thread."""
    tree = [module for module in modules(ROOT) if not module.name.startswith("hal.pi.")]
    outside = {each.target for module in tree for each in module.imports if each.at_start}
    command = [
        sys.executable,
        "-c",
        WATCH,
        ",".join(module.name for module in tree),
        ",".join(sorted(name for name in outside if name.split(".")[0] not in OURS)),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
