"""Page: the parts that a visitor sees, and the wires between them and the visitor's desk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import solara

from browser.desk import Desk
from browser.session import quietly
from model import DEFAULT_SEED
from model.figures import PALETTE
from model.scenario import Scenario

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
Say = Callable[[dict[str, Any]], None]
Wire = Callable[[str, Any], Callable[[], None]]


class Beginning(NamedTuple):
    """What a page begins with."""

    own: Scenario | None = None  # a scenario that is no preset
    start: str = "thought-experiment"
    seed: int = DEFAULT_SEED


beginning = Beginning()  # set once, by `browser.serve`, before the first page is opened


@solara.component_vue("parts/bar.vue")
def Bar(event_say: Say) -> None:
    pass


@solara.component_vue("parts/settings.vue")
def Settings(event_say: Say, colours: list[str]) -> None:
    pass


@solara.component_vue("parts/story.vue")
def Story(event_say: Say) -> None:
    pass


@solara.component_vue("parts/network.vue")
def Network(event_say: Say, part: str, title_prefix: str) -> None:
    pass


@solara.component_vue("parts/chart.vue")
def Chart(event_say: Say, view: str) -> None:
    pass


@solara.component_vue("parts/fleet.vue")
def Fleet(event_say: Say, part: str, title_prefix: str) -> None:
    pass


@solara.component_vue("parts/feed.vue")
def Feed(event_say: Say) -> None:
    pass


@solara.component
def Part(name: str, make: Callable[..., Any], wire: Wire, **settings: Any) -> Any:
    """Show a part of the page, and let messages to `name` reach it as long as it is there."""
    element = make(**settings)
    solara.use_effect(lambda: wire(name, solara.get_widget(element)), [])
    return element


@solara.component
def Page() -> None:
    """Show a market to one visitor, and let it be played with."""
    count, set_count = solara.use_state(1)
    search = solara.use_router().search or ""

    def open_desk() -> tuple[Desk, Wire]:
        widgets: list[tuple[str, Any]] = []

        def show(part: str, content: dict[str, Any], arrays: list[bytes]) -> None:
            for name, widget in tuple(widgets):
                if name == part:
                    widget.send({"method": "show", "args": [content]}, arrays)

        def wire(name: str, widget: Any) -> Callable[[], None]:
            widgets.append((name, widget))
            return lambda: widgets.remove((name, widget))

        return Desk(quietly(show), set_count, search, *beginning), wire

    desk, wire = solara.use_memo(open_desk, [])
    solara.use_effect(lambda: desk.close, [])

    several = "pm-pair" if count > 1 else ""
    titles = ["A: ", "B: "] if count > 1 else [""]
    wires: dict[str, Any] = {"wire": wire, "event_say": desk.hear}
    solara.Title("patchmarket")
    solara.Style(STYLE)
    with solara.Div(classes=["pm-page"]):
        with solara.Div(classes=["pm-top"]):
            Part("bar", Bar, **wires)
        with solara.Div(classes=["pm-side"]):
            Part("settings", Settings, colours=list(PALETTE), **wires)
        with solara.Div(classes=["pm-main"]):
            with solara.Div(classes=["pm-wide"]):
                Part("story", Story, **wires)
            with solara.Div(classes=["pm-half", several]):
                for k, title in enumerate(titles):
                    Part(f"network-{k}", Network, part=f"network-{k}", title_prefix=title, **wires)
            with solara.Div(classes=["pm-half", "pm-two"]):
                Part("charts", Chart, view="shares", **wires)
                Part("charts", Chart, view="profit", **wires)
            with solara.Div(classes=["pm-third", several]):
                for k, title in enumerate(titles):
                    Part(f"fleet-{k}", Fleet, part=f"fleet-{k}", title_prefix=title, **wires)
            with solara.Div(classes=["pm-third"]):
                Part("charts", Chart, view="flows", **wires)
            with solara.Div(classes=["pm-third"]):
                Part("feed", Feed, **wires)


@solara.component
def Layout(children: list[Any] = []) -> None:  # noqa: B006 -- Solara's signature; it is never changed
    """Fill the window with the page, and with nothing of Solara's own."""
    solara.Div(children=children)
