"""The page of `solara run browser/app.py`, and of `patchmarket app`."""

from browser.page import Layout, Page
from browser.setup import prepare

prepare()

__all__ = ["Layout", "Page"]
