"""Configuration of the site, built with `uv run sphinx-build -W docs out/site`."""

import os
import re
from importlib.metadata import version as version_of
from typing import Any

os.environ["NUMBA_DISABLE_JIT"] = "1"  # Sphinx sees signatures and docstrings only of uncompiled rules

from numpy.typing import ArrayLike
from sphinx.util.typing import stringify_annotation

from agents.settings import Settings
from model.parameters import row, settings

project = "patchmarket"
author = copyright = "The patchmarket developers"  # noqa: A001 -- Sphinx's name for it
version = release = version_of("patchmarket")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
templates_path = ["_templates"]
exclude_patterns = ["examples"]  # read where they lie, beside the files that they describe
myst_heading_anchors = 4
default_role = "code"  # docstrings use `single` backticks
autodoc_mock_imports = ["batch.preload"]  # importing it runs a market
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True, "ignore-module-all": True}
napoleon_google_docstring = False
napoleon_use_ivar = True  # attributes are listed in the class docstring; properties also have entries of their own
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "patchmarket"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False

ARRAY_LIKE = stringify_annotation(ArrayLike, "smart")
ARRAYS = re.compile(r"~numpy\.ndarray\[tuple\[~typing\.Any, \.\.\.\], ~numpy\.dtype\[(.*?)\]\]")


def list_settings(_app: Any, what: str, _name: str, thing: Any, _options: Any, lines: list[str]) -> None:
    """Add a section's settings to its docstring, as in the parameter tables."""
    if what != "class" or not issubclass(thing, Settings):
        return
    for key, info in settings(thing):
        _, meaning, unit, allowed, default, grade, source = row("", key, info)
        remarks = [unit, allowed, f"default {default}".replace("`", "``"), grade, source]
        lines += ["", f"``{key}``", f"   {meaning}; {', '.join(remark for remark in remarks if remark)}"]
    lines.append("")


def shorten(
    _app: Any, what: str, _name: str, thing: Any, _options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Shorten numpy's types, and omit the constructors of sections, whose settings are listed."""
    if what == "class" and issubclass(thing, Settings):
        return "", None
    short = [
        text and ARRAYS.sub(r"NDArray[\1]", text.replace(ARRAY_LIKE, "ArrayLike")) for text in (signature, returns)
    ]
    return short[0], short[1]


def skip_alias(_app: Any, _what: str, _name: str, thing: Any, _skip: bool, _options: Any) -> bool | None:
    """Skip the fields of named tuples, which the signature lists."""
    return True if str(thing.__doc__).startswith("Alias for field number") else None


def setup(app: Any) -> None:
    """Register the functions above with Sphinx."""
    app.connect("autodoc-process-docstring", list_settings)
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-skip-member", skip_alias)
