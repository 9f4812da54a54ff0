"""
The command line of runtests.py: ours first, so that the user's win.

Two of the user's options can't be passed on as they are. ``--settings`` would
replace the settings that make the cell what it is, so that module is layered
over them instead (see ``django_settings``). ``--pdb`` would wait for a
terminal that a cell doesn't have. Both are recognised as argparse does: by any
beginning that no other option of the tree's runtests.py shares.

How many processes to use is told by the variable of Django's own automatic
choice. Asked for a number outright, Django would try even where it can't: on
Oracle, or when it doesn't know Python's way of starting processes.
"""

import ast
from dataclasses import dataclass
from typing import Optional

SETTINGS_MODULE = "djbuild_runner.django_settings"
PROCESSES_VARIABLE = "DJANGO_TEST_PROCESSES"

SETTINGS, DEBUGGER = "--settings", "--pdb"


@dataclass(frozen=True)
class Given:
    """The user's arguments, taken apart."""

    settings: Optional[str]
    debugger: bool
    passed_on: list


def runtests_arguments(cell):
    return [f"--settings={SETTINGS_MODULE}", "--noinput", *given(cell).passed_on]


def given(cell):
    """The user's arguments. The tree's script is read only if it may matter."""
    options = set()
    if any(argument.startswith("--") for argument in cell.arguments):
        options = options_of(cell.tests / "runtests.py")
    return take_apart(cell.arguments, options)


def take_apart(arguments, options):
    settings, debugger, passed_on = None, False, []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            passed_on += [argument, *remaining]
            break
        typed, equals, value = argument.partition("=")
        option = spelled_out(typed, options)
        if option == SETTINGS:
            settings = value if equals else next(remaining, None)
        elif option == DEBUGGER:
            debugger = True
        else:
            passed_on.append(argument)
    return Given(settings, debugger, passed_on)


def spelled_out(typed, options):
    """The option argparse takes a word for, if it is one beginning with --."""
    if not typed.startswith("--") or typed in options:
        return typed
    meant = [option for option in options if option.startswith(typed)]
    return meant[0] if len(meant) == 1 else typed


def options_of(script):
    """The long options that a script's parser has, from its source."""
    options = {"--help", SETTINGS, DEBUGGER}
    try:
        source = ast.parse(script.read_bytes())
    except (OSError, SyntaxError):
        # It won't run either, and will say so itself.
        return options
    for call in ast.walk(source):
        if not isinstance(call, ast.Call):
            continue
        if getattr(call.func, "attr", None) == "add_argument":
            names = (getattr(argument, "value", None) for argument in call.args)
            options.update(n for n in names if str(n).startswith("--"))
    return options
