"""
The settings module Django imports.

Worker processes and the subprocesses of ``--bisect`` import it again, so it
depends on nothing but the environment and the tree.
"""

from importlib import import_module

from .arguments import given
from .cell import Cell
from .settings import generate, overruled, uppercase

_cell = Cell.from_environment()
_given = given(_cell)
_user = uppercase(import_module(_given.settings)) if _given.settings else {}
_generated = generate(_cell, base=uppercase(import_module("test_sqlite")), user=_user)

# What was asked for and isn't done: pairs of a notice's kind and a sentence, for
# the runner to tell. Django takes only upper-case names for settings.
disobeyed = [("fallback", said) for said in overruled(_cell, _generated, _user)]
if _given.debugger:
    disobeyed.append(("left-out", "--pdb: a cell has no terminal for a debugger"))

globals().update(_generated)
