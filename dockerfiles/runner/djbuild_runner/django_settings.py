"""
The settings module Django imports.

Worker processes and the subprocesses of ``--bisect`` import it again, so it
depends on nothing but the environment and the tree.
"""

from importlib import import_module

from .arguments import split_settings
from .cell import Cell
from .settings import generate, uppercase


def _settings(cell):
    module, _ = split_settings(cell.arguments)
    return generate(
        cell,
        base=uppercase(import_module("test_sqlite")),
        user=uppercase(import_module(module)) if module else {},
    )


globals().update(_settings(Cell.from_environment()))
