"""
The command line of runtests.py: ours first, so that the user's win.

Two of the user's options can't be passed on as they are. ``--settings`` would
replace the settings that make the cell what it is, so that module is layered
over them instead (see ``django_settings``). ``--pdb`` would wait for a
terminal that a cell doesn't have.

How many processes to use is told by the variable of Django's own automatic
choice. Asked for a number outright, Django would try even where it can't: on
Oracle, or when it doesn't know Python's way of starting processes.
"""

SETTINGS_MODULE = "djbuild_runner.django_settings"
PROCESSES_VARIABLE = "DJANGO_TEST_PROCESSES"


def runtests_arguments(cell):
    _, passed_on = split_settings(cell.arguments)
    return [
        f"--settings={SETTINGS_MODULE}",
        "--noinput",
        *(argument for argument in passed_on if argument != "--pdb"),
    ]


def split_settings(arguments):
    """The settings module the user names, if any, and the other arguments."""
    module, others = None, []
    remaining = iter(arguments)
    for argument in remaining:
        option, equals, value = argument.partition("=")
        if option == "--settings":
            module = value if equals else next(remaining, None)
        else:
            others.append(argument)
    return module, others
