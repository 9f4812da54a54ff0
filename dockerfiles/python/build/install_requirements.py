"""Install Django's test requirements into a virtual environment with uv.

Usage: install_requirements.py VENV REQUIREMENTS_FOLDER TOOLS

TOOLS is a virtual environment with pip, which uv goes into. Everything is
installed at once when that works. A Python too new for some package makes that
fail; then each requirement is tried on its own, and those that this Python cannot
have are reported and written to VENV/missing-requirements.txt, so that Django's
suite skips the tests that need them. A requirement the suite cannot run without
fails the build.

A network that fails says nothing of a Python: it is tried again, and at last
fails the build with a line that begins with "djbuild: network:" and the exit
status 75, which means that it may go well another time.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

# From py3.txt. Everything in the other files is a database driver, and needed.
REQUIRED = {"asgiref", "sqlparse", "tzdata", "backports-zoneinfo"}
# Extras that make a driver faster, without which the driver works.
DISPENSABLE = {"psycopg-pool"}

# EX_TEMPFAIL of sysexits.h; apt.sh leaves with it too.
TEMPORARY = 75

# Seconds before another attempt; each makes a few of its own.
PAUSES = (2, 8, 30)

# uv leaves with 1 where nothing fits or a build fails, and with 2 where something
# else came in between.
UNAVAILABLE = 1

# What uv and pip say of a network, in their own words.
NETWORK = re.compile(
    r"error sending request for url"
    r"|error decoding response body|request or response body error"
    r"|Request failed after \d+ retr"
    r"|Failed to fetch:?|Failed to download"
    r"|HTTP status server error|HTTP status client error \((408|425|429) "
    r"|HTTP error (408|425|429|5\d\d)|returned a (401|403|407) "
    r"|connection broken by|Connection to \S+ timed out|Read timed out"
    r"|Could not fetch URL|network timeout"
)


class NetworkFailed(Exception):
    """What was said of it last."""


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


def run(command):
    """The exit status of a command and what it said, which is printed as well."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    said = []
    for line in process.stdout:
        print(line, end="", flush=True)
        said.append(line)
    return process.wait(), "".join(said)


def succeeds(command, run=run, sleep=time.sleep):
    """Whether a command succeeds, or fails for another reason than the network."""
    for pause in (*PAUSES, None):
        status, said = run(command)
        if status == 0:
            return True
        fault = NETWORK.search(said)
        if not fault:
            if status == UNAVAILABLE:
                return False
            sys.exit(f"{command[0]} left with exit status {status}.")
        if pause is None:
            raise NetworkFailed(line_around(fault))
        print(f"The network failed; once more in {pause} s.", flush=True)
        sleep(pause)


def line_around(match):
    text = match.string
    start = text.rfind("\n", 0, match.start()) + 1
    return text[start:].partition("\n")[0].strip()[:300]


def main(venv, folder, tools):
    missing = Path(venv, "missing-requirements.txt")
    files = sorted(Path(folder).glob("*.txt"))
    if not files:
        sys.exit(f"No requirements files in {folder}.")
    pip = [f"{tools}/bin/python", "-m", "pip", "install", "--retries", "5"]
    if not succeeds([*pip, "--no-cache-dir", "--disable-pip-version-check", "uv"]):
        sys.exit("uv cannot be installed.")

    def install(arguments):
        uv = [f"{tools}/bin/uv", "pip", "install", "--python", f"{venv}/bin/python"]
        return succeeds([*uv, *arguments])

    if install([word for file in files for word in ("-r", str(file))]):
        missing.write_text("", encoding="utf-8")
        return

    print("Not all requirements can be installed; trying them one by one.", flush=True)
    failed = []
    for requirement, needed in requirements(Path(folder)):
        if install([requirement]):
            continue
        # Without its binary extra, psycopg runs on the system's libpq.
        plain = re.sub(r"\[[^]]*\]", "", requirement)
        if plain != requirement and install([plain]):
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
    try:
        main(*sys.argv[1:])
    except NetworkFailed as failure:
        print(f"djbuild: network: {failure}", flush=True)
        sys.exit(TEMPORARY)
