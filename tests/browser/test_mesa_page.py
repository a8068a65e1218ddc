"""Mesa's own page on the market, in a real browser: the lines of the guide, in a file of a user's own."""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.commands import ENVIRONMENT, ROOT
from tests.pages import steps

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
GUIDE = (ROOT / "docs" / "guide" / "mesa.md").read_text(encoding="utf-8")
OWN_FILE = next(step.shown for step in steps(GUIDE) if step.what == "my_page.py")
SHORT = {  # a quarter rather than a year, so that the end comes while the test waits
    "model_params = {": 'model_params = {\n    "days": 90,',
    '**{"users.count": 300}': '**{"users.count": 300, "days": 90}',
}


@contextlib.contextmanager
def served(path):
    """Run `solara run` on a file; give its address, and afterwards its log, in which no traceback may be."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "solara", "run", str(path), "--no-open", "--port", str(port), "--production"]
    environment = ENVIRONMENT | {"SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False"}
    log = path.with_suffix(".log")
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=environment) as server:
        try:
            wait_until_up(f"http://localhost:{port}/", server)
            yield f"http://localhost:{port}/"
        finally:
            server.terminate()
            server.wait(20)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_until_up(url, server):
    for _ in range(360):
        assert server.poll() is None
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=60):
            return
        time.sleep(0.5)
    raise AssertionError("the server did not start in three minutes")


@contextlib.contextmanager
def visited(url):
    """Open a page in Chromium; it may not report an error, nor load anything from elsewhere."""
    playwright = pytest.importorskip("playwright.sync_api")
    elsewhere = []
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((url, "data:", "blob:")) else None)
        page.goto(url, timeout=60_000)
        page.get_by_text(re.compile(r"(Step|Time): 0")).wait_for(timeout=120_000)
        yield page
        assert page.locator(".v-alert.error, .solara-error").count() == 0, page.content()
        browser.close()
    assert elsewhere == []


def steps_done(page):
    return float(re.search(r"(?:Step|Time): ([\d.]+)", page.locator("body").inner_text())[1])


def wait_for(page, condition, seconds=180):
    for _ in range(seconds * 5):
        if condition(steps_done(page)):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"step {steps_done(page)}")


def stands_still(page):
    """Return the step at which the page comes to rest; a busy server still has some to send."""
    for _ in range(30):
        before = steps_done(page)
        page.wait_for_timeout(3000)
        if steps_done(page) == before:
            return before
    raise AssertionError("the page goes on")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_the_guides_lines_start_play_pause_step_reseed_reset_and_end(tmp_path):
    path = tmp_path / "own_page.py"
    lines = OWN_FILE
    for given, short in SHORT.items():
        assert lines.count(given) == 1
        lines = lines.replace(given, short)
    path.write_text(lines)
    with served(path) as url, visited(url) as page:
        page.locator("img").nth(1).wait_for(timeout=60_000)  # the space and the plot, before the first step
        press(page, "Step")
        wait_for(page, lambda step: step == 1)
        press(page, "▶")
        wait_for(page, lambda step: step >= 4)
        press(page, "❚❚")
        assert stands_still(page) < 90
        seed = page.get_by_label("seed")
        seed.fill("17")
        seed.press("Tab")
        press(page, "Reset")
        wait_for(page, lambda step: step == 0)
        press(page, "▶")
        wait_for(page, lambda step: step >= 2)
        press(page, "Reset")  # while it plays
        wait_for(page, lambda step: step == 0)
        press(page, "▶")
        wait_for(page, lambda step: step == 90)  # past the last day the button is dead and the page alive
        page.wait_for_timeout(1000)
        assert steps_done(page) == 90
        page.get_by_role("slider").last.press("ArrowRight")  # 400 users
        press(page, "Reset")
        wait_for(page, lambda step: step == 0)
        press(page, "Step")
        wait_for(page, lambda step: step == 1)
        shots = ROOT / "out" / "page"
        shots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=shots / "mesa.png", full_page=True)


def test_the_page_that_comes_with_the_project_opens(tmp_path):
    path = tmp_path / "mesa_app.py"
    path.write_text((ROOT / "browser" / "mesa_app.py").read_text())
    with served(path) as url, visited(url) as page:
        press(page, "Step")
        wait_for(page, lambda step: step == 1)
