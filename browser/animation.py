"""Animation of the network during a run, as a GIF."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from browser.servers import SHORTEST_OUTAGE
from model.errors import ScenarioError
from model.figures import colours, plain
from model.layout import network_layout

if TYPE_CHECKING:
    from model.market import Market

MAX_FRAMES = 120  # in a longer run, a frame covers several days
FRAME_MS, LAST_FRAME_MS = 100, 2000  # milliseconds
MAX_USERS_DRAWN = 5_000  # of more users, a sample is drawn, so that single dots stay visible
WIDTH, HEIGHT, DPI = 7.2, 6.0, 90  # inches, inches, dots per inch


def check_path(path: Path) -> None:
    """Refuse a path that an animation cannot be written to."""
    if path.suffix.lower() != ".gif":
        raise ScenarioError.of("--animate", str(path), "must end in .gif")
    if not path.resolve().parent.is_dir() or path.is_dir():
        raise ScenarioError.of("--animate", str(path), "must be a file in an existing folder")


class Animation:
    """Records frames of a market while it runs.

    A frame may cover several days; it marks the outages and moves of all of them.

    Parameters
    ----------
    market
        The market; the first frame shows its current day.
    """

    def __init__(self, market: "Market") -> None:
        self.market = market
        users = len(market.users.provider)
        self.sample = np.arange(min(users, MAX_USERS_DRAWN)) * users // min(users, MAX_USERS_DRAWN)
        self.positions = network_layout(market.network, market.settings.network.kind)[self.sample]
        self.days_per_frame = -(-market.settings.days // MAX_FRAMES)
        self.frames: list[Image.Image] = []
        self._hit = np.zeros(len(self.sample), bool)  # users with an outage since the last frame
        self._provider = market.users.provider[self.sample]
        self._downtime = market.users.downtime[self.sample]
        self._figure, self._artists = self._set_up_figure()
        self._add_frame()

    def run(self, days: int) -> None:
        """Run the market for up to `days` more days and record frames."""
        market = self.market
        for _ in range(min(days, market.settings.days - market.day)):
            market.step()
            downtime = market.users.downtime[self.sample]
            self._hit |= downtime >= self._downtime + SHORTEST_OUTAGE
            self._downtime = downtime
            if market.day % self.days_per_frame == 0 or market.day == market.settings.days:
                self._add_frame()

    def save(self, path: Path) -> None:
        """Write the frames as a GIF that repeats."""
        first, *rest = self.frames
        times = [FRAME_MS] * len(rest) + [LAST_FRAME_MS]
        first.save(path, format="GIF", save_all=True, append_images=rest, duration=times, loop=0, optimize=False)

    def _set_up_figure(self) -> tuple[Figure, dict[str, Any]]:
        """Return the figure and the artists that change from frame to frame."""
        market = self.market
        names, paint = [plain(name) for name in market.record.names], colours(len(market.providers))
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.axis("off")
        size = max(1.5, 0.75 * 72 * HEIGHT * 0.8 / np.sqrt(len(self.sample)))  # points across a dot
        dots = [axes.plot([], [], "s", color=colour, ms=size, mew=0)[0] for colour in paint]
        hit = axes.plot([], [], "s", color="black", ms=1.2 * size, mew=0)[0]
        moved = axes.plot([], [], "s", color="black", mfc="none", ms=1.5 * size + 1, mew=1)[0]
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        handles = [Line2D([], [], ls="", marker="s", color=c, label=n) for n, c in zip(names, paint, strict=True)]
        handles.append(Line2D([], [], ls="", marker="s", color="black", label="outage of 10 s or more"))
        handles.append(Line2D([], [], ls="", marker="s", mfc="none", color="black", label="just moved"))
        figure.legend(
            handles=handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False, fontsize=9
        )
        return figure, {"dots": dots, "hit": hit, "moved": moved, "title": axes.set_title("", fontsize=10)}

    def _add_frame(self) -> None:
        market, artists = self.market, self._artists
        provider = market.users.provider[self.sample]
        for j, dots in enumerate(artists["dots"]):
            dots.set_data(*self.positions[provider == j].T)
        artists["hit"].set_data(*self.positions[self._hit & (provider >= 0)].T)
        artists["moved"].set_data(*self.positions[(provider != self._provider) & (provider >= 0)].T)
        shares = np.array([p.users for p in market.providers]) / max(sum(p.users for p in market.providers), 1)
        listed = ", ".join(f"{plain(p.name)} {share:.0%}" for p, share in zip(market.providers, shares, strict=True))
        sample = f" ({len(self.sample):,} drawn)" if len(self.sample) < len(market.users.provider) else ""
        head = f"{plain(market.settings.name)}: {market.settings.users.count:,} users{sample}, seed {market.seed}"
        second = listed if len(market.providers) <= 4 else f"{plain(market.providers[int(shares.argmax())].name)} leads"
        artists["title"].set_text(f"{head}, day {market.day:,} of {market.settings.days:,}\n{second}")
        canvas = self._figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # the same
        picture = Image.fromarray(pixels[..., :3])
        palette = self.frames[0] if self.frames else None
        self.frames.append(
            picture.quantize(64) if palette is None else picture.quantize(palette=palette, dither=Image.Dither.NONE)
        )
        self._provider, self._hit = provider, np.zeros(len(self.sample), bool)
