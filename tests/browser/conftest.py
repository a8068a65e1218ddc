import pytest

from tests.browser.chromium import CHROMIUM, QUIET, served


@pytest.fixture(scope="module")
def address():
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        found = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


@pytest.fixture
def visit(browser, address):
    """Give a function that opens the page as a new visitor; at the end, no visitor may have met an error."""
    opened, errors, elsewhere = [], [], []

    def begin(query="", size=(1280, 800), scheme="light", url=address):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, accept_downloads=True
        )
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((url, "data:", "blob:")) else None)
        page.goto(f"{url}/{query}", timeout=60_000)
        page.wait_for_selector(".pm-network canvas[data-day]", timeout=60_000)
        page.wait_for_selector(".pm-shares canvas", timeout=30_000)
        opened.append(context)
        return page

    yield begin
    for context in opened:
        context.close()
    assert errors == []
    assert elsewhere == []
