"""The page of `solara run browser/mesa_app.py`: the thought experiment in Mesa's own page."""

from browser.mesa_page import solara_page
from browser.solara_setup import configure_solara

configure_solara()
page = solara_page()
