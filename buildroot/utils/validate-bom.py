"""Hold a bill of materials against CycloneDX's own schema: ``validate-bom.py FILE``.  Runs in the environment of requirements/image.txt."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = Path(sys.argv[1]).read_text(encoding="utf-8")
trouble = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if trouble is not None:
    sys.exit(f"{sys.argv[1]}: is no CycloneDX: {trouble}")
told = json.loads(text)
nested = sum(len(each.get("components", [])) for each in told["components"])
sys.stdout.write(
    f"{sys.argv[1]}: CycloneDX {told['specVersion']}: {len(told['components'])} components, {nested} inside wheels\n"
)
