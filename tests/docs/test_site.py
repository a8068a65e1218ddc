"""The site: one command builds it without a warning, and it asks nothing of any other host."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests.pages import ROOT

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "video": "src"}


class Assets(HTMLParser):
    """What a page makes a browser load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name == LOADED.get(tag) or name == "srcset"]


def elsewhere(path):
    """Return the addresses on other hosts from which a file of the site would load something."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        assets = Assets()
        assets.feed(text)
        styles = re.findall(r"url\(([^)]*)\)", text)
        return [address for address in [*assets.found, *styles] if "//" in address and not address.startswith("data:")]
    return re.findall(r"(?:url\(|@import|import\(|fetch\()\s*[\"']?(?:https?:)?//[^\"')]*", text)


def test_addresses_elsewhere_are_noticed(tmp_path):
    page, style = tmp_path / "page.html", tmp_path / "style.css"
    page.write_text('<a href="https://x.org">x</a><script src="//x.org/a.js"></script><img src="a.png">')
    style.write_text("@import 'https://x.org/a.css'; b { src: url(b.woff) } c { src: url(https://x.org/c.woff) }")
    assert elsewhere(page) == ["//x.org/a.js"]
    assert len(elsewhere(style)) == 2


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_needs_no_other_host(tmp_path):
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-d", str(tmp_path / "trees"), "docs", str(site)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css", ".js")]
    assert len([path for path in files if path.suffix == ".html"]) > 100
    assert {path: found for path in files if (found := elsewhere(path))} == {}
    market = (site / "api" / "modules" / "model.market.html").read_text(encoding="utf-8")
    assert "Users who choose between hosting providers" in market
    rules = (site / "api" / "modules" / "agents.word_of_mouth.html").read_text(encoding="utf-8")
    assert "Let the informed users" in rules
    table = re.sub(r"\s+", " ", (site / "api" / "modules" / "model.schema.html").read_text(encoding="utf-8"))
    assert "what is already believed (may change in a run); number from 0 to 1, default 0.3, assumed" in table
