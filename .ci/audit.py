"""Known vulnerabilities of what is installed; exit 1 if there is one.

Where PyPI's service for that is out of reach, this is said and no more: that says nothing of us.
"""

import json
import subprocess
import sys
from pathlib import Path

AUDIT = ("--vulnerability-service", "pypi", "--local", "--progress-spinner", "off")


def main() -> int:
    program = str(Path(sys.executable).with_name("pip-audit"))
    asked = subprocess.run(  # noqa: S603 (our own program)
        [program, *AUDIT, "--format", "json"], capture_output=True, text=True, check=False
    )
    try:
        installed = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        print("audit: not done:", (asked.stderr.strip().splitlines() or ["no answer"])[-1])
        return 0
    found = [each for each in installed if each.get("vulns")]
    for each in found:
        known = "; ".join(
            f"{vuln['id']}, fixed in {', '.join(vuln['fix_versions']) or 'no version'}"
            for vuln in each["vulns"]
        )
        print(f"audit: {each['name']} {each['version']}: {known}")
    unknown = sum("skip_reason" in each for each in installed)
    told = f"{len(found)} vulnerable, {unknown} that PyPI tells nothing of"
    print(f"audit: {len(installed)} packages, {told}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
