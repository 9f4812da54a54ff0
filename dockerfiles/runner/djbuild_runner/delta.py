"""
The deletions of an uncommitted edit.

A cell's tree is a prepared one plus the files that changed, which can be
uploaded over it. Files that are gone cannot, so they come as a list.
"""

import os
from pathlib import Path

VARIABLE = "DJBUILD_DELTA"
DIRECTORY = "/djbuild/delta"


def delete_listed(tree):
    """Delete what the list names, if there is one, from the tree."""
    listing = Path(os.environ.get(VARIABLE, DIRECTORY), "deleted")
    if not listing.exists():
        return
    for name in listing.read_bytes().split(b"\0"):
        if name:
            _delete(Path(tree), Path(os.fsdecode(name)))


def _delete(tree, name):
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(f"refusing to delete {str(name)!r}: it is outside the tree")
    try:
        (tree / name).unlink()
    except FileNotFoundError:
        pass
