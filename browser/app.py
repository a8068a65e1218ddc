"""The page that `patchmarket app` and `solara run browser/app.py` show."""

from browser.market_page import Layout, Page
from browser.solara_setup import configure_solara

configure_solara()

__all__ = ["Layout", "Page"]
