"""Known vulnerabilities of what is installed; exit 1 if there is one.

Packages that PyPI could not be asked about are named: that is no pass, and no fault of theirs.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

AUDIT = ("--vulnerability-service", "pypi", "--local", "--progress-spinner", "off")


def main() -> int:
    program = str(Path(sys.executable).with_name("pip-audit"))
    asked = subprocess.run(  # noqa: S603 (our own program)
        [program, *AUDIT, "--format", "json"], capture_output=True, text=True, check=False
    )
    try:
        installed = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        why = (asked.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"audit: not asked about any package, so that nothing is known: {why}")
        return 0
    print(*report(installed), sep="\n")
    return int(any(each.get("vulns") for each in installed))


def report(installed: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each package that is vulnerable, and a last one that says what is known."""
    skipped = [each["name"] for each in installed if "skip_reason" in each]
    found = [each for each in installed if each.get("vulns")]
    asked = f"asked about {len(installed) - len(skipped)} packages, {len(found)} vulnerable"
    unasked = f"not asked about {len(skipped)}: {', '.join(skipped)}"
    parts = [asked] * (len(skipped) < len(installed)) + [unasked] * bool(skipped)
    return [*map(_line, found), f"audit: {'; '.join(parts)}"]


def _line(package: dict[str, Any]) -> str:
    known = "; ".join(
        f"{vuln['id']}, fixed in {', '.join(vuln['fix_versions']) or 'no version'}"
        for vuln in package["vulns"]
    )
    return f"audit: {package['name']} {package['version']}: {known}"


if __name__ == "__main__":
    sys.exit(main())
