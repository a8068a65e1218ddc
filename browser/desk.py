"""Desk: takes what a visitor does on the page, and orders it from the forms and the session."""

import math
from collections.abc import Callable
from typing import Any

from browser.form import Form, read_link, read_seed, write_link
from browser.session import Session, Show
from browser.take_away import DOWNLOADS
from model.errors import ScenarioError
from model.scenario import Scenario

SPEEDS = {"1": 1.0, "2": 2.0, "5": 5.0, "10": 10.0, "20": 20.0, "50": 50.0, "max": math.inf}  # days a second


class Desk:
    """One visitor's forms and session.

    Parameters
    ----------
    show
        Shows a message on a part of the page.
    rearrange
        Called when there are more, or fewer, markets to be seen, with their number.
    search
        The query of the link that the visitor came by.
    own, start, seed
        The scenario that the page was started with if it is no preset, what it begins with, and its seed.
    """

    def __init__(
        self,
        show: Show,
        rearrange: Callable[[int], None],
        search: str = "",
        own: Scenario | None = None,
        start: str = "thought-experiment",
        seed: int = 3,
    ) -> None:
        self._show, self._rearrange = show, rearrange
        self.forms, self.seed, self.wrong = read_link(search, own, start, seed)
        self._typed_seed = str(self.seed)  # right or wrong
        self.edited = 0  # number of the form that is shown
        self.speed = "10"
        self.session = Session(show)
        self._founded: list[Scenario] = []  # what the running markets were made from, with changes by hand
        self._founded_seed = self.seed
        self._begin()

    def close(self) -> None:
        """Let go of everything."""
        self.session.close()

    def hear(self, said: dict[str, Any]) -> None:
        """Do what the visitor asks for; what cannot be is said on the page."""
        deeds: dict[str, Callable[..., None]] = {
            "ready": self._ready,
            "drawn": self.session.drawn,
            "play": self._play,
            "pause": self.session.pause,
            "step": self.session.step,
            "finish": self.session.finish,
            "restart": self._restart,
            "speed": self._set_speed,
            "scenario": self._choose,
            "set": self._put,
            "seed": self._set_seed,
            "edit": self._edit,
            "compare": self._compare,
            "download": self._download,
        }
        about = {key: value for key, value in said.items() if key != "do"}
        try:
            deeds[said["do"]](**about)
        except ScenarioError as error:
            self.wrong = str(error)
            self._tell()

    # --- what a visitor can do

    def _ready(self, part: str) -> None:
        self.session.introduce(part)
        if part == "settings":
            self._tell()
        if part == "bar":
            self._tell()

    def _play(self) -> None:
        self.session.play(SPEEDS[self.speed])

    def _set_speed(self, value: str, playing: bool) -> None:
        if value not in SPEEDS:
            raise ScenarioError.of("speed", value, f"must be one of {', '.join(SPEEDS)}")
        self.speed = value
        self._tell()
        if playing:
            self._play()

    def _restart(self, forms: list[Form] | None = None) -> None:
        """Begin anew, with other forms if given; where something is wrong, forms and markets stay as they are."""
        forms = self.forms if forms is None else forms
        for form in forms:
            _ = form.scenario  # raises what is wrong with it
        read_seed(self._typed_seed)  # the same
        self.forms, self.wrong = forms, ""
        self._begin()

    def _choose(self, value: str) -> None:
        forms = list(self.forms)
        forms[self.edited] = forms[self.edited].choose(value)
        self._restart(forms)

    def _put(self, path: str, value: Any) -> None:
        form = self.forms[self.edited] = self.forms[self.edited].put(path, value)
        self.wrong = ""
        scenario = form.scenario
        if self.session.day == 0:
            self._restart()
            return
        if path.startswith("providers."):
            self._alter(path, scenario)
        read_seed(self._typed_seed)  # what is still wrong with it is still said
        self._tell()

    def _alter(self, path: str, scenario: Scenario) -> None:
        """Bring a price or a policy to the running market; anything else waits for the next one."""
        _, number, key, *_ = path.split(".")
        if key in ("price", "policy"):
            self.session.alter(self.edited, int(number), scenario.providers[int(number)])
            now = self._founded[self.edited].tables()
            now["providers"][int(number)][key] = scenario.tables()["providers"][int(number)][key]
            self._founded[self.edited] = Scenario.parse(now)

    def _set_seed(self, value: str) -> None:
        self._typed_seed = value
        self.seed = read_seed(value)
        self.wrong = ""
        if self.session.day == 0:
            self._restart()
        else:
            self._tell()

    def _edit(self, number: int) -> None:
        self.edited = min(max(int(number), 0), len(self.forms) - 1)
        self._tell()

    def _compare(self, on: bool) -> None:
        number, self.edited = self.edited, int(on)
        try:
            self._restart([self.forms[0], self.forms[0]] if on else self.forms[:1])
        except ScenarioError:
            self.edited = number
            raise

    def _download(self, kind: str, number: int = 0) -> None:
        name, _, make = DOWNLOADS[kind]

        def answer(watches: list[Any]) -> None:
            watch = watches[min(max(int(number), 0), len(watches) - 1)]
            prefix = "ab"[number] + "-" if len(watches) > 1 else ""
            self._show("bar", {"file": prefix + name}, [make(watch.market)])

        self.session.ask(answer)

    # --- what follows

    def _begin(self) -> None:
        """Found the markets that the forms say; one that cannot be is as it was before it was edited."""
        self._founded = []
        for form in self.forms:
            try:
                self._founded.append(form.scenario)
            except ScenarioError as error:
                self.wrong = self.wrong or str(error)
                self._founded.append(form.base)
        self._founded_seed = self.seed
        self.session.found(list(self._founded), self.seed)
        self._rearrange(len(self.forms))
        self._tell()

    def _pending(self) -> bool:
        """Say whether something has been set that waits for the next market."""
        try:
            return self.seed != self._founded_seed or [form.scenario for form in self.forms] != self._founded
        except ScenarioError:
            return True

    def _tell(self) -> None:
        """Show the settings as they are."""
        form = self.forms[self.edited]
        self._show(
            "settings",
            {
                "groups": form.fields,
                "start": form.start,
                "starts": form.starts,
                "seed": self._typed_seed,
                "edited": self.edited,
                "count": len(self.forms),
                "wrong": self.wrong.splitlines(),
                "pending": self._pending(),
            },
            [],
        )
        link = write_link(self.forms, self.seed)
        downloads = [{"kind": kind, "label": label} for kind, (_, label, _) in DOWNLOADS.items()]
        self._show(
            "bar",
            {
                "link": link,
                "runs": len(self.forms),
                "speed": self.speed,
                "speeds": list(SPEEDS),
                "downloads": downloads,
            },
            [],
        )
