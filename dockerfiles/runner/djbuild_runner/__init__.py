"""
Runs the test suite of a Django checkout inside a djbuild cell.

One cell is one branch, one Python and one database. The container's standard
output carries nothing but events, one JSON object per line; its standard error
carries Django's ordinary output, for people. In reading order:

- ``__main__``    the whole story: take the descriptors over, run, exit code
- ``supervisor``  the process above: how the suite ended, and where it hangs
- ``notes``       what processes leave for one another
- ``cell``        what to run, from the environment
- ``delta``       files an uncommitted edit has deleted
- ``channel``     the event stream
- ``readiness``   waiting for the services while Django loads
- ``drivers``     connecting to each kind of database
- ``arguments``   the command line of runtests.py
- ``settings``    the settings of a cell, as a value
- ``django_settings``  the same, as the module Django imports
- ``session``     what the parts of one run share
- ``runner``      the DiscoverRunner that Django's runtests.py is told to use
- ``result``      unittest's callbacks turned into events
- ``parallel``    the same when tests run in worker processes
- ``watch``       noticing workers that died, and tests that hang
- ``evidence``    what the system says of a failure
- ``server``      what the database server says of it
- ``exits``       what the exit code says

Only ``runner``, ``result`` and ``parallel`` import Django, so that the others
can be read, and tested, without it.
"""
