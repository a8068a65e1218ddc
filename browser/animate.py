"""Animate: the network view of a run as a GIF, without a browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image

from browser.fleet import BLINK
from model.errors import ScenarioError
from model.figures import colours, plain
from model.layout import lay_out

if TYPE_CHECKING:
    from model.market import Market

MOST_FRAMES, MILLISECONDS = 120, 100  # of a longer run, a frame stands for several days
DRAWN = 5_000  # users; of more, a sample is drawn, so that a dot can be seen
WIDTH, HEIGHT, DPI = 7.2, 6.0, 90  # inches, inches, dots an inch


def check_name(path: Path) -> None:
    """Refuse a name that no animation can be written to, before anything is run."""
    if path.suffix.lower() != ".gif":
        raise ScenarioError.of("--animate", str(path), "must end in .gif")
    if not path.resolve().parent.is_dir() or path.is_dir():
        raise ScenarioError.of("--animate", str(path), "must be a file in a folder that is there")


class Film:
    """Takes pictures of a market while it runs.

    Parameters
    ----------
    market
        The one; pictures are taken from its present day on.

    A picture stands for some days: outages and moves of all of them are marked.
    """

    def __init__(self, market: "Market") -> None:
        self.market = market
        users = len(market.users.provider)
        self.rows = np.arange(min(users, DRAWN)) * users // min(users, DRAWN)
        self.places = lay_out(market.network, market.settings.network.kind)[self.rows]
        self.every = -(-market.settings.days // MOST_FRAMES)
        self.frames: list[Image.Image] = []
        self._suffered = np.zeros(len(self.rows), bool)
        self._provider, self._downtime = self._columns()
        self._figure, self._parts = self._stage()
        self._shoot()

    def run(self, days: int) -> None:
        """Let days pass, as far as the market has any, and take a picture whenever it is time to."""
        market = self.market
        for _ in range(min(days, market.settings.days - market.day)):
            market.step()
            downtime = market.users.downtime[self.rows]
            self._suffered |= downtime >= self._downtime + BLINK
            self._downtime = downtime
            if market.day % self.every == 0 or market.day == market.settings.days:
                self._shoot()

    def save(self, path: Path) -> None:
        """Write the pictures as a GIF that runs again and again."""
        first, *rest = self.frames
        times = [MILLISECONDS] * len(rest) + [2000]  # the end stays for a while
        first.save(path, format="GIF", save_all=True, append_images=rest, duration=times, loop=0, optimize=False)

    def _columns(self) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
        users = self.market.users
        return users.provider[self.rows], users.downtime[self.rows]

    def _stage(self) -> tuple[Figure, dict[str, Any]]:
        """Set up everything that stays, and the parts that change."""
        market = self.market
        names, paint = [plain(name) for name in market.record.names], colours(len(market.providers))
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.axis("off")
        size = max(1.5, 0.75 * 72 * HEIGHT * 0.8 / np.sqrt(len(self.rows)))  # points across a dot
        dots = [axes.plot([], [], "s", color=colour, ms=size, mew=0)[0] for colour in paint]
        hit = axes.plot([], [], "s", color="black", ms=1.2 * size, mew=0)[0]
        moved = axes.plot([], [], "s", color="black", mfc="none", ms=1.5 * size + 1, mew=1)[0]
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        signs = [Line2D([], [], ls="", marker="s", color=c, label=n) for n, c in zip(names, paint, strict=True)]
        signs.append(Line2D([], [], ls="", marker="s", color="black", label="outage of 10 s or more"))
        signs.append(Line2D([], [], ls="", marker="s", mfc="none", color="black", label="just moved"))
        figure.legend(handles=signs, loc="outside lower center", ncols=min(4, len(signs)), frameon=False, fontsize=9)
        return figure, {
            "axes": axes,
            "dots": dots,
            "hit": hit,
            "moved": moved,
            "title": axes.set_title("", fontsize=10),
        }

    def _shoot(self) -> None:
        market, parts = self.market, self._parts
        provider, _ = self._columns()
        for j, dots in enumerate(parts["dots"]):
            dots.set_data(*self.places[provider == j].T)
        parts["hit"].set_data(*self.places[self._suffered & (provider >= 0)].T)
        parts["moved"].set_data(*self.places[(provider != self._provider) & (provider >= 0)].T)
        shares = np.array([p.users for p in market.providers]) / max(sum(p.users for p in market.providers), 1)
        told = ", ".join(f"{plain(p.name)} {share:.0%}" for p, share in zip(market.providers, shares, strict=True))
        sample = f" ({len(self.rows):,} drawn)" if len(self.rows) < len(market.users.provider) else ""
        head = f"{plain(market.settings.name)}: {market.settings.users.count:,} users{sample}, seed {market.seed}"
        second = told if len(market.providers) <= 4 else f"{plain(market.providers[int(shares.argmax())].name)} leads"
        parts["title"].set_text(f"{head}, day {market.day:,} of {market.settings.days:,}\n{second}")
        canvas = self._figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # the same
        picture = Image.fromarray(pixels[..., :3])
        palette = self.frames[0] if self.frames else None
        self.frames.append(
            picture.quantize(64) if palette is None else picture.quantize(palette=palette, dither=Image.Dither.NONE)
        )
        self._provider, self._suffered = provider, np.zeros(len(self.rows), bool)
