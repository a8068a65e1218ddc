"""The page: its Vue components, and the connection between them and the visitor's controls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import solara

from browser.controls import Controls
from browser.session import suppress_errors
from model import DEFAULT_SEED
from model.figures import PALETTE
from model.scenario import Scenario

STYLE = (Path(__file__).parent / "market_page.css").read_text(encoding="utf-8")
Request = Callable[[dict[str, Any]], None]
Connect = Callable[[str, Any], Callable[[], None]]


class Start(NamedTuple):
    """The scenario and the seed that a new page shows."""

    own: Scenario | None = None  # a scenario that is not a preset
    name: str = "thought-experiment"
    seed: int = DEFAULT_SEED


start = Start()  # set once, by `browser.serve`, before the first page is opened


@solara.component_vue("parts/toolbar.vue")
def Toolbar(event_request: Request) -> None:
    pass


@solara.component_vue("parts/settings.vue")
def Settings(event_request: Request, colours: list[str]) -> None:
    pass


@solara.component_vue("parts/summary.vue")
def Summary(event_request: Request) -> None:
    pass


@solara.component_vue("parts/network.vue")
def Network(event_request: Request, part: str, title_prefix: str) -> None:
    pass


@solara.component_vue("parts/chart.vue")
def Chart(event_request: Request, view: str) -> None:
    pass


@solara.component_vue("parts/servers.vue")
def Servers(event_request: Request, part: str, title_prefix: str) -> None:
    pass


@solara.component_vue("parts/events.vue")
def Events(event_request: Request) -> None:
    pass


@solara.component_vue("parts/timeline.vue")
def Timeline(event_request: Request) -> None:
    pass


@solara.component_vue("parts/seeds.vue")
def Seeds(event_request: Request) -> None:
    pass


@solara.component_vue("parts/start.vue")
def StartPage(event_request: Request) -> None:
    pass


@solara.component
def Part(name: str, component: Callable[..., Any], connect: Connect, **settings: Any) -> Any:
    """Show a component and send it the messages for `name` as long as it is on the page."""
    element = component(**settings)
    solara.use_effect(lambda: connect(name, solara.get_widget(element)), [])
    return element


@solara.component
def Page() -> None:
    """Show a market that one visitor controls."""
    count, set_count = solara.use_state(1)
    query = solara.use_router().search or ""

    def open_controls() -> tuple[Controls, Connect]:
        widgets: list[tuple[str, Any]] = []

        def show(part: str, content: dict[str, Any], arrays: list[bytes]) -> None:
            for name, widget in tuple(widgets):
                if name == part:
                    widget.send({"method": "show", "args": [content]}, arrays)

        def connect(name: str, widget: Any) -> Callable[[], None]:
            widgets.append((name, widget))
            return lambda: widgets.remove((name, widget))

        return Controls(suppress_errors(show), set_count, query, *start), connect

    controls, connect = solara.use_memo(open_controls, [])
    solara.use_effect(lambda: controls.close, [])

    side_by_side = "pm-pair" if count > 1 else ""
    titles = ["A: ", "B: "] if count > 1 else [""]
    shared: dict[str, Any] = {"connect": connect, "event_request": controls.handle}
    solara.Title("patchmarket")
    solara.Style(STYLE)
    with solara.Div(classes=["pm-page"]):
        with solara.Div(classes=["pm-top"]):
            Part("toolbar", Toolbar, **shared)
        with solara.Div(classes=["pm-side"]):
            Part("settings", Settings, colours=list(PALETTE), **shared)
        with solara.v.Html(tag="main", class_="pm-main"):
            with solara.Div(classes=["pm-wide", "pm-first"]):
                Part("start", StartPage, **shared)
            with solara.Div(classes=["pm-wide"]):
                Part("summary", Summary, **shared)
            with solara.Div(classes=["pm-wide"]):
                Part("seeds", Seeds, **shared)
            with solara.Div(classes=["pm-half", side_by_side]):
                for k, title in enumerate(titles):
                    Part(f"network-{k}", Network, part=f"network-{k}", title_prefix=title, **shared)
            with solara.Div(classes=["pm-half", "pm-two"]):
                Part("charts", Chart, view="shares", **shared)
                Part("charts", Chart, view="profit", **shared)
            with solara.Div(classes=["pm-wide"]):
                Part("timeline", Timeline, **shared)
            with solara.Div(classes=["pm-third", side_by_side]):
                for k, title in enumerate(titles):
                    Part(f"servers-{k}", Servers, part=f"servers-{k}", title_prefix=title, **shared)
            with solara.Div(classes=["pm-third"]):
                Part("charts", Chart, view="flows", **shared)
            with solara.Div(classes=["pm-third"]):
                Part("events", Events, **shared)


@solara.component
def Layout(children: list[Any] = []) -> None:  # noqa: B006 -- Solara's signature; it is never changed
    """Fill the window with the page, without Solara's own header and navigation."""
    solara.Div(children=children)
