"""What a visitor does with the page in Chromium, for the tests of the page."""

import contextlib
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "out" / "page"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
DAY = "document.querySelector('.pm-network canvas').dataset.day"


@contextlib.contextmanager
def served(*arguments):
    """Run `patchmarket app` with these arguments; give its address. At the end it must say one line and no more."""
    command = [sys.executable, "-m", "patchmarket", "app", *arguments, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            yield re.search(r"http://\S+", line)[0]
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(20) in (0, 130, -signal.SIGINT)
            assert server.stderr.read().splitlines() == ["patchmarket: stopped; what was written is whole"]
            assert server.stdout.read() == ""


def day(page):
    """Return the day that the network shows."""
    return int(page.evaluate(DAY))


def wait_for_day(page, least, seconds=60):
    """Wait until the network shows a day."""
    page.wait_for_function(f"{DAY} >= {least}", timeout=1000 * seconds)


def type_in(page, path, value):
    """Change a setting."""
    field = page.locator(f"[id='{path}']")
    for group in page.locator("details:not([open])", has=field).all():
        group.locator("> summary").click()
    for group in page.locator("details:not([open])", has=field).all():  # a group within the group
        group.locator("> summary").click()
    if field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Tab")


def finish(page):
    """Run all remaining days."""
    page.get_by_role("button", name="To the end").click()
    page.get_by_role("button", name="Replay").wait_for(timeout=60_000)


def users(page):
    """Return the users of each provider, as the table on the page says."""
    return [int(cell.replace(",", "")) for cell in page.locator(".pm-summary tbody td:nth-child(4)").all_inner_texts()]


def shot(page, name):
    """Take a picture."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)  # charts are drawn up to five times a second
    page.screenshot(path=SHOTS / f"{name}.png")


def take(page, label, folder):
    """Download a file."""
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=label).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
