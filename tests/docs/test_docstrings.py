"""The examples of docstrings run, in all modules; those of public names have their data in tests/test_public.py."""

import doctest
import importlib
import pkgutil

import sparsernn

WITH_DATA = {"sparsernn.training.watching.watch_afterwards"}
"""Examples that speak of a finished run: told beside those of public names."""


def examples():
    public = {id(getattr(sparsernn, name)) for name in sparsernn.__all__}
    for found in pkgutil.walk_packages(sparsernn.__path__, "sparsernn."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for example in doctest.DocTestFinder(exclude_empty=True).find(module, found.name):
            top = example.name.removeprefix(found.name + ".").partition(".")[0]
            own = id(getattr(module, top, None))
            if example.examples and own not in public and ".studies.model." not in example.name:
                yield example


def test_every_example_runs():
    said, seen = [], 0
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in examples():
        if example.name not in WITH_DATA:
            runner.run(example, out=said.append)
            seen += 1
    assert not runner.failures, "".join(said)
    assert seen > 25
