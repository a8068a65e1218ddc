"""The controls of the page: each request of a visitor changes the forms or is passed to the session."""

import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from browser.downloads import DOWNLOADS
from browser.fields import is_live, parse_seed
from browser.form import OWN, Form
from browser.links import format_link, parse_link
from browser.market_view import MarketView
from browser.own_files import scenario_with
from browser.replicates import Replicates
from browser.session import Session, Show
from browser.stories import GLOSSARY, STORIES
from model.errors import ScenarioError
from model.scenario import Scenario

SPEEDS = {"1": 1.0, "2": 2.0, "5": 5.0, "10": 10.0, "20": 20.0, "50": 50.0, "max": math.inf}  # days per second


class Controls:
    """One visitor's forms and session.

    Parameters
    ----------
    show
        Shows a message on a part of the page.
    set_market_count
        Called with the number of markets on the page when it changes.
    query
        The query of the link that opened the page.
    own, name, seed
        The scenario given on the command line, or None if that is a preset; the name of the first scenario; its seed.
    """

    def __init__(
        self,
        show: Show,
        set_market_count: Callable[[int], None],
        query: str = "",
        own: Scenario | None = None,
        name: str = "thought-experiment",
        seed: int = 3,
    ) -> None:
        self._show, self._set_market_count = show, set_market_count
        self.forms, self.seed, self.errors = parse_link(query, own, name, seed)
        self._typed_seed = str(self.seed)  # valid or not
        self.edited = 0  # index of the form that is shown
        self.speed = "10"
        self.session = Session(show)
        self._replicates = Replicates(lambda content: show("seeds", content, []))
        self._files = TemporaryDirectory(prefix="patchmarket-page-")  # what the visitor has dropped onto the page
        self._start_page: dict[str, Any] = {"open": own is None and not query.lstrip("?"), "story": None}
        self._running: list[Form] = []  # forms of the running markets, with changes made during the run
        self._settings_day = 0  # day of the settings that are shown
        self._running_seed = self.seed
        self._start()

    def close(self) -> None:
        """End the session."""
        self._replicates.close()
        self.session.close()
        self._files.cleanup()

    def handle(self, request: dict[str, Any]) -> None:
        """Carry out a visitor's request, or show why that is impossible."""
        actions: dict[str, Callable[..., None]] = {
            "ready": self._ready,
            "drawn": self._confirm_drawn,
            "play": self._play,
            "pause": self.session.pause,
            "step": self.session.step,
            "finish": self.session.finish,
            "look": self._look_at,
            "resume": self._resume,
            "replicate": self._replicate,
            "story": self._choose_story,
            "open": self._open_file,
            "watch": self._watch,
            "restart": self._restart,
            "speed": self._set_speed,
            "scenario": self._choose_scenario,
            "set": self._set_value,
            "forget": self._forget_change,
            "seed": self._set_seed,
            "edit": self._edit,
            "compare": self._compare,
            "download": self._download,
        }
        arguments = {key: value for key, value in request.items() if key != "action"}
        try:
            actions[request["action"]](**arguments)
        except ScenarioError as error:
            self.errors = str(error)
            self._show_settings()

    # --- requests

    def _ready(self, part: str) -> None:
        self.session.show_part(part)
        if part in ("settings", "toolbar"):
            self._show_settings()
        if part == "start":
            self._show_start_page()

    def _play(self) -> None:
        self.session.play(SPEEDS[self.speed])

    def _set_speed(self, value: str, playing: bool) -> None:
        if value not in SPEEDS:
            raise ScenarioError.of("speed", value, f"must be one of {', '.join(SPEEDS)}")
        self.speed = value
        self._show_settings()
        if playing:
            self._play()

    def _resume(self, day: Any) -> None:
        """Run to the day on which the page was before it was loaded again."""
        self.session.run_to(int(day))

    def _look_at(self, day: Any) -> None:
        self.session.look_at(int(day))

    def _replicate(self) -> None:
        """Run the markets as they have been changed so far on more seeds."""
        scenarios = self.session.ask(lambda views: [view.market.settings_as_run() for view in views])
        self._replicates.run(scenarios, self._running_seed)

    def _choose_story(self, name: str) -> None:
        if name not in STORIES:
            raise ScenarioError.of("story", name, f"must be one of {', '.join(STORIES)}")
        story, form = STORIES[name], Form(STORIES[name].scenario, self.forms[0].own)
        for path, value in story.settings.items():
            form = form.set_value(path, str(value))
        self.edited = 0
        self._restart([form])
        self._start_page = {"open": False, "story": story._asdict()}
        self._show_start_page()

    def _open_file(self, name: str, text: str) -> None:
        """Start a market from a file that was dropped onto the page."""
        own = scenario_with(name, text, self.forms[self.edited].base, Path(self._files.name))
        forms = list(self.forms)
        forms[self.edited] = Form(OWN, own)
        self._restart(forms)
        self._start_page = {"open": False, "story": None}
        self._show_start_page()

    def _show_start_page(self) -> None:
        stories = [{"name": name} | story._asdict() for name, story in STORIES.items()]
        self._show("start", self._start_page | {"stories": stories, "glossary": GLOSSARY}, [])

    def _watch(self, market: int, kind: str | None = None, index: int = 0) -> None:
        """Show what happens to a user, by its number among those who are drawn, or to a provider."""

        def choose(views: list[MarketView]) -> None:
            view = views[min(max(int(market), 0), len(views) - 1)]
            known = {"user": view.sample.tolist(), "provider": range(len(view.market.providers))}.get(kind or "", [])
            chosen = kind if 0 <= int(index) < len(known) else None
            self.session.watch(int(market), chosen, known[int(index)] if chosen else 0)

        self.session.inspect(choose)

    def _restart(self, forms: list[Form] | None = None) -> None:
        """Start new markets, from other forms if given. If anything is invalid, forms and markets stay as they are."""
        forms = self.forms if forms is None else forms
        for form in forms:
            _ = form.scenario  # raises if the form is invalid
        parse_seed(self._typed_seed)  # likewise
        self.forms, self.errors = forms, ""
        self._start()

    def _choose_scenario(self, value: str) -> None:
        forms = list(self.forms)
        forms[self.edited] = forms[self.edited].choose_scenario(value)
        self._restart(forms)

    def _confirm_drawn(self) -> None:
        self.session.confirm_drawn()
        days = [day for form in self.forms for day, _ in form.changes]
        if any(self._settings_day < day <= self.session.day for day in days):
            self._show_settings()

    def _set_value(self, path: str, value: Any) -> None:
        self.errors = ""
        running = self.session.day > 0
        if running and is_live(path) and self.session.ask(lambda views: self._change(views, path, value)):
            parse_seed(self._typed_seed)  # raises if the seed is still invalid
            self._show_settings()
            return
        form = self.forms[self.edited] = self.forms[self.edited].set_value(path, value)
        _ = form.scenario  # raises if the form is invalid
        if not running:
            self._restart()
            return
        parse_seed(self._typed_seed)  # raises if the seed is still invalid
        self._show_settings()

    def _change(self, views: list[MarketView], path: str, text: Any) -> bool:
        """Change a price or policy of the running market; False if its days have passed."""
        market, number = views[self.edited].market, int(path.split(".")[1])
        if market.day >= market.settings.days:
            return False
        key, running = path.split(".")[2], self._running[self.edited].change(market.day, path, text)
        self.forms[self.edited] = self.forms[self.edited].change(market.day, path, text)
        value = getattr(running.as_of(market.day).scenario.providers[number], key)
        self.session.change_provider(self.edited, number, key, value)
        self._running[self.edited] = running
        return True

    def _forget_change(self, day: int, path: str) -> None:
        """Leave out a change from the next run on."""
        self.forms[self.edited] = self.forms[self.edited].without_change(day, path)
        self._show_settings()

    def _set_seed(self, value: str) -> None:
        self._typed_seed = value
        self.seed = parse_seed(value)
        self.errors = ""
        if self.session.day == 0:
            self._restart()
        else:
            self._show_settings()

    def _edit(self, number: int) -> None:
        self.edited = min(max(int(number), 0), len(self.forms) - 1)
        self._show_settings()

    def _compare(self, on: bool) -> None:
        number, self.edited = self.edited, int(on)
        try:
            self._restart([self.forms[0], self.forms[0]] if on else self.forms[:1])
        except ScenarioError:
            self.edited = number
            raise

    def _download(self, kind: str, number: int = 0) -> None:
        download = DOWNLOADS[kind]

        def send_file(views: list[MarketView]) -> None:
            view = views[min(max(int(number), 0), len(views) - 1)]
            prefix = "ab"[number] + "-" if len(views) > 1 else ""
            self._show("toolbar", {"file": prefix + download.file_name}, [download.content(view.market)])

        self.session.inspect(send_file)

    # --- the state of the page

    def _start(self) -> None:
        """Start the markets that the forms describe. An invalid form starts the scenario that it is based on."""
        self._running = []
        for form in self.forms:
            try:
                _ = form.scenario
                self._running.append(form)
            except ScenarioError as error:
                self.errors = self.errors or str(error)
                self._running.append(Form(form.name, form.own))
        self._running_seed = self.seed
        self._replicates.forget()
        self.session.start([form.scenario for form in self._running], self.seed)
        self._set_market_count(len(self.forms))
        self._show_settings()

    def _pending(self) -> bool:
        """Return whether a setting waits for the next run."""
        try:
            return self.seed != self._running_seed or self._scenarios(self.forms) != self._scenarios(self._running)
        except ScenarioError:
            return True

    @staticmethod
    def _scenarios(forms: list[Form]) -> list[Scenario]:
        return [form.scenario for form in forms]

    def _show_settings(self) -> None:
        """Show the settings in force today and the toolbar's choices."""
        form, self._settings_day = self.forms[self.edited], self.session.day
        settings = {
            "groups": form.as_of(self._settings_day).fields,
            "changes": form.list_changes(),
            "scenario": form.name,
            "scenarios": form.names,
            "seed": self._typed_seed,
            "edited": self.edited,
            "count": len(self.forms),
            "errors": self.errors.splitlines(),
            "pending": self._pending(),
            "glossary": GLOSSARY,
        }
        toolbar = {
            "link": format_link(self.forms, self.seed),
            "markets": len(self.forms),
            "speed": self.speed,
            "speeds": list(SPEEDS),
            "downloads": [{"kind": kind, "label": download.label} for kind, download in DOWNLOADS.items()],
        }
        self._show("settings", settings, [])
        self._show("toolbar", toolbar, [])
