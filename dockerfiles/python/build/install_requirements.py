"""Install Django's test requirements into a virtual environment with uv.

Usage: install_requirements.py VENV REQUIREMENTS_FOLDER

Everything is installed at once when that works. A Python too new for some
package makes that fail; then each requirement is tried on its own, and those
that fail are reported and written to VENV/missing-requirements.txt, so that
Django's suite skips the tests that need them. A requirement the suite cannot
run without fails the build.
"""

import re
import subprocess
import sys
from pathlib import Path

# From py3.txt. Everything in the other files is a database driver, and needed.
REQUIRED = {"asgiref", "sqlparse", "tzdata", "backports-zoneinfo"}
# Extras that make a driver faster, without which the driver works.
DISPENSABLE = {"psycopg-pool"}


def requirements(folder):
    """Yield (requirement, needed) for each line of each file."""
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            line = re.sub(r"(^|\s)#.*", "", line).strip()
            if not line:
                continue
            name = re.match(r"[\w.-]*", line).group()
            name = re.sub(r"[-_.]+", "-", name).lower()
            driver = path.name != "py3.txt" and name not in DISPENSABLE
            yield line, driver or name in REQUIRED


def install(venv, arguments):
    command = ["uv", "pip", "install", "--python", f"{venv}/bin/python", *arguments]
    return subprocess.run(command).returncode == 0


def main(venv, folder):
    missing = Path(venv, "missing-requirements.txt")
    files = sorted(Path(folder).glob("*.txt"))
    if not files:
        sys.exit(f"No requirements files in {folder}.")
    if install(venv, [word for file in files for word in ("-r", str(file))]):
        missing.write_text("", encoding="utf-8")
        return

    print("Not all requirements can be installed; trying them one by one.", flush=True)
    failed = []
    for requirement, needed in requirements(Path(folder)):
        if install(venv, [requirement]):
            continue
        # Without its binary extra, psycopg runs on the system's libpq.
        plain = re.sub(r"\[[^]]*\]", "", requirement)
        if plain != requirement and install(venv, [plain]):
            failed.append(requirement)
            continue
        failed.append(requirement)
        if needed:
            sys.exit(f"Django's tests cannot run without {requirement}.")
    missing.write_text("".join(f"{line}\n" for line in failed), encoding="utf-8")
    width = 72
    print("=" * width)
    print("MISSING REQUIREMENTS: Django's suite will skip the tests that need them.")
    for line in failed:
        print(f"  {line}")
    print("=" * width, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
