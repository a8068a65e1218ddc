"""The functions that answer questions are found under their names, whatever was imported before."""

import inspect
from importlib import import_module

import pytest

import answers
import patchmarket


@pytest.mark.parametrize("face", [answers, patchmarket], ids=["answers", "patchmarket"])
def test_every_public_name_is_a_function_or_class_after_all_modules_are_imported(face):
    for home in set(answers._HOMES.values()):
        import_module(home)
    for name in face.__all__:
        assert inspect.isfunction(getattr(face, name)) or inspect.isclass(getattr(face, name)), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'answers' has no attribute 'guess'"):
        answers.guess  # noqa: B018 -- looking it up is the test
