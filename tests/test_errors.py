"""The tree of errors that the module shows is the tree that there is."""

import inspect
import re

from synthproto import errors


def test_the_tree_shows_every_error_with_its_builtin() -> None:
    shown = dict(re.findall(r"(\w+)\s+\((\w+)\)", errors.__doc__ or ""))
    classes = {
        name: value
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert set(classes) == {*shown, "SynthprotoError"}
    for name, builtin in shown.items():
        assert builtin in {base.__name__ for base in classes[name].__bases__}
