"""The server of the page. By default only this machine can reach it; the page loads nothing from other hosts."""

import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browser.form import OWN, check_size
from model.errors import ScenarioError
from model.scenario import Scenario, preset_names

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SameOriginOnly:
    """ASGI middleware that refuses requests to other host names and from pages of other sites.

    Without it, any web page open in the visitor's browser could send requests to this server.

    Parameters
    ----------
    app
        The application to protect.
    hosts
        The host names that are served; None serves any name.
    """

    def __init__(self, app: Any, hosts: tuple[str, ...] | None) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass an allowed request on; refuse any other."""
        if scope["type"] in ("http", "websocket") and not self.allows(dict(scope["headers"])):
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b"patchmarket: this address is not served\n"})
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, send)

    def allows(self, headers: dict[bytes, bytes]) -> bool:
        """Return whether a request is to a host that is served, and from a page of this server.

        >>> SameOriginOnly(None, LOOPBACK).allows({b"host": b"localhost:8765", b"origin": b"http://localhost:8765"})
        True
        >>> SameOriginOnly(None, LOOPBACK).allows({b"host": b"localhost:8765", b"origin": b"http://elsewhere.example"})
        False
        """
        host, origin = headers.get(b"host", b"").decode("latin-1"), headers.get(b"origin", b"").decode("latin-1")
        named = self.hosts is None or urlsplit(f"//{host}").hostname in self.hosts
        return named and (not origin or urlsplit(origin).netloc == host)


def serve(scenario: str, seed: int, host: str, port: int, *, open_browser: bool) -> None:
    """Serve the page until interrupted.

    Parameters
    ----------
    scenario, seed
        What the page shows first.
    host, port
        The address; port 0 takes any free port.
    open_browser
        Whether to open the page in this machine's browser.
    """
    own = None if scenario in preset_names() else Scenario.load(scenario)
    if own is not None:
        check_size(own)
    listener = listen(host, port)
    port = listener.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if not is_loopback(host):
        print(
            f"patchmarket: warning: anybody who can reach {host} can use this page and keep this machine busy; "
            "there is no password",
            file=sys.stderr,
        )
    compile_rules()
    print(f"The market is at {url} (Ctrl+C stops it)", flush=True)
    os.environ["SOLARA_APP"] = str(Path(__file__).parent / "app.py")
    os.environ["SERVER_NAME"], os.environ["SERVER_PORT"] = host, str(port)

    import uvicorn
    from solara.server.starlette import app

    from browser import market_page
    from browser.solara_setup import configure_solara

    configure_solara()
    market_page.start = market_page.Start(own, scenario if own is None else OWN, seed)
    hosts = (*LOOPBACK, host) if is_loopback(host) else None
    config = uvicorn.Config(SameOriginOnly(app, hosts), log_level="warning", access_log=False)
    logging.getLogger("solara").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="solara")  # on cookies, which this page does not use
    if open_browser:
        import webbrowser

        threading.Timer(1.0, webbrowser.open, [url]).start()
    server = uvicorn.Server(config)
    if hasattr(signal, "SIGHUP"):  # uvicorn itself ends in an orderly way on the others only
        signal.signal(signal.SIGHUP, server.handle_exit)
    server.run(sockets=[listener])


def compile_rules() -> None:
    """Run a small market so that its rules are compiled before the first visitor comes."""
    from model.market import Market

    settings: dict[str, Any] = {"users.count": 100, "flaws.per_year": 100.0, "days": 60}
    Market("thought-experiment", rng=0, **settings).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # connections wait until the server is up
    except OSError as error:
        listener.close()
        raise ScenarioError(f"--host {host} --port {port}: cannot be served on ({error.strerror})") from None
    return listener


def is_loopback(host: str) -> bool:
    """Return whether an address is reachable from this machine only.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
