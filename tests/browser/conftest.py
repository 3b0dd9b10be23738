"""A browser, and the book as a site. Run by `make test-browser` after `make book`."""

import functools
import gzip
import http.server
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
SCREENSHOTS = ROOT / "_build" / "screenshots"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SIZES: dict[str, int] = {}  # of what was sent, by its address: none changes while the tests run
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pages():
    """Every page of the book, as paths under the site."""
    found = [*SITE.glob("book/*.html"), *SITE.glob("notebooks/*.html")]
    return sorted(page.relative_to(SITE).as_posix() for page in found)


@pytest.fixture(scope="session")
def browser():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no chromium: on Debian, `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


class Visit:
    """A page that was opened, with all that was asked for and all that went wrong."""

    def __init__(self, browser, address, viewport=DESKTOP, scheme="light", scripts=True):
        self.outside, self.failed, self.errors, self.sizes = [], [], [], {}
        self.context = browser.new_context(
            viewport=viewport, color_scheme=scheme, java_script_enabled=scripts
        )
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("response", self._weigh)
        self.page.goto(address, wait_until="networkidle")

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind:
            self.picture()
        self.context.close()

    def picture(self):
        """Keep the whole page as a picture: of one that fails, since it takes a second."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        folder, name = Path(urlsplit(self.page.url).path).with_suffix("").parts[-2:]
        path = SCREENSHOTS / f"{folder}-{name}-{self.page.viewport_size['width']}.png"
        self.page.screenshot(path=path, full_page=True)

    def _answer(self, route):
        url = route.request.url
        if url.startswith(("http://127.0.0.1", "file:", "data:")):
            route.continue_()
        else:
            self.outside.append(url)
            route.abort()

    def _hear(self, message):
        if message.type == "error":
            self.errors.append(message.text)

    def _weigh(self, response):
        if response.status >= 400:
            self.failed.append(response.url)
        if response.ok and response.request.resource_type != "image":
            if response.url not in SIZES:
                # as a web server sends it; fonts are compressed already
                SIZES[response.url] = len(gzip.compress(response.body()))
            self.sizes[response.url] = SIZES[response.url]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.failed and "desktop" in item.funcargs:
        item.funcargs["desktop"].picture()
    return report


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def site():
    """Address of the built book."""
    if not (SITE / "index.html").is_file():
        pytest.fail("the book is not built: `make book`")
    handler = functools.partial(_Handler, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def opened(browser, site, request):
    """A page that stays open for all its tests: to open it takes longer than most of them."""
    with Visit(browser, f"{site}/{request.param}") as visit:
        yield visit


@pytest.fixture
def desktop(opened):
    """The page that is open, on a screen and in the light."""
    opened.page.set_viewport_size(DESKTOP)
    opened.page.emulate_media(media="screen", color_scheme="light")
    return opened
