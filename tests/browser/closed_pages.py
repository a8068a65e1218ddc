"""Open and close a hundred pages of a server, and print how many of their markets are left. Run by test_page.py."""

import gc
import sys
import time
import weakref

import ipyvuetify
import solara.server.app as solara_app
from solara.server import kernel, kernel_context

from browser import market_page
from model import Market, Scenario

born = weakref.WeakSet()
begin = Market.__init__


def noted(market, *args, **settings):
    born.add(market)
    begin(market, *args, **settings)


Market.__init__ = noted
market_page.start = market_page.Start(Scenario.preset("quiet", **{"users.count": 200, "days": 9}), "own", 3)
script = solara_app.AppScript("browser/app.py")
script.init()
solara_app.apps["__default__"] = script
most = 0
for number in range(100):
    context = kernel_context.VirtualKernelContext(id=str(number), kernel=kernel.Kernel(), session_id="one")
    kernel_context.contexts[context.id] = context
    with context:
        context.container = ipyvuetify.Html(tag="div")
        solara_app.load_app_widget(None, script, "/")
    deadline = time.monotonic() + 10
    while not len(born) and time.monotonic() < deadline:
        time.sleep(0.01)
    most = max(most, len(born))
    context.close()
del context
deadline = time.monotonic() + 20  # for the threads to end
while len(born) and time.monotonic() < deadline:
    time.sleep(0.2)
    gc.collect()
sys.stdout.write(f"{most > 0} {len(born)}\n")
