"""A game as a figure: payoffs with best answers and equilibria marked, and where the present market goes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from answers.games.empirical import EmpiricalGame, Finding
from answers.games.equilibria import Floats, support_of
from answers.games.game_measure import GameAnalysis
from answers.games.replicator import Path
from answers.games.symmetric import counts_of
from model.figures import colours, plain

STYLES = ("-", "--", "-.", ":")
COLUMNS_WITH_NUMBERS = 12  # beyond which the numbers in the cells would overlap


def game_figure(analysis: GameAnalysis) -> Figure:
    """Draw the payoffs of each role on the left, the replicator dynamics from the present market on the right."""
    game, findings, path = analysis.game, analysis.findings, analysis.path
    table = game.table(game.by_cell.mean(axis=0))
    roles, policies, others = table.shape
    width = 4.5 + 1.3 * min(others, COLUMNS_WITH_NUMBERS) + 4.5
    figure = Figure(figsize=(min(width, 16), 1.2 + max(3.2, 1.2 + 0.8 * policies) * roles), dpi=120)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(roles, 2, squeeze=False, width_ratios=[1.0 + 0.15 * min(others, 8), 1.0])
    for role in range(roles):
        heat_map(grid[role, 0], game, table[role], stable_cells(game, findings, role), role)
        shares(grid[role, 1], game, path, role)
    figure.suptitle(f"{plain(analysis.scenario)}: {game.players} providers choose among {policies} policies")
    return figure


def heat_map(axes: Axes, game: EmpiricalGame, worth: Floats, stable: set[tuple[int, int]], role: int) -> None:
    """Draw what one's own policy (row) earns against what the others do (column)."""
    figure = axes.figure
    image = axes.imshow(worth, cmap="cividis", aspect="auto")
    best = worth == worth.max(axis=0)
    if worth.shape[1] <= COLUMNS_WITH_NUMBERS:
        middle = (worth.min() + worth.max()) / 2
        for (a, m), value in np.ndenumerate(worth):
            text = f"{value:,.0f}" + ("\n★ best" if best[a, m] else "")
            axes.text(m, a, text, ha="center", va="center", color="black" if value > middle else "white", fontsize=9)
    for a, m in stable:
        axes.add_patch(Rectangle((m - 0.46, a - 0.46), 0.92, 0.92, fill=False, edgecolor="#D55E00", linewidth=3))
    axes.set_yticks(range(len(game.policies)), game.policies)
    axes.set_xticks(range(worth.shape[1]), other_names(game))
    if worth.shape[1] > 8:
        axes.tick_params(axis="x", rotation=30)
    other = "the other provider" if game.alike else plain(game.names[1 - role])
    axes.set_xlabel(f"policy of {other}" if game.players == 2 else "policies of the others")
    axes.set_ylabel("own policy" if game.alike else f"policy of {plain(game.names[role])}")
    whose = "a provider" if game.alike else plain(game.names[role])
    axes.set_title(f"What {whose} earns\n★ best answer; frame: pure equilibrium", fontsize=10)
    figure.colorbar(image, ax=axes, format="{x:,.0f}", label="dollars a month\nper original server")


def shares(axes: Axes, game: EmpiricalGame, path: Path, role: int) -> None:
    """Draw how the shares of policies change if those that earn more are copied."""
    for k, (name, colour) in enumerate(zip(game.policies, colours(len(game.policies)), strict=True)):
        style = STYLES[k % len(STYLES)]
        axes.plot(path.time, 100 * path.shares[:, role, k], style, color=colour, lw=2, label=name)
    whose = "of all providers" if game.alike else f"of those like {plain(game.names[role])}"
    axes.set(ylim=(-2, 102), xlim=(0, path.time[-1]), ylabel=f"share {whose} (%)", xlabel="time (arbitrary unit)")
    axes.set_title("Replicator dynamics from the present market", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="center right")


def other_names(game: EmpiricalGame) -> list[str]:
    """Name what the others may do."""
    if game.players == 2:
        return list(game.policies)
    rows = counts_of(game.players - 1, len(game.policies)).tolist()
    return ["\n".join(f"{n} {name}" for n, name in zip(row, game.policies, strict=True) if n) for row in rows]


def stable_cells(game: EmpiricalGame, findings: Sequence[Finding], role: int) -> set[tuple[int, int]]:
    """Return the places of pure equilibria in a role's payoffs: own policy, column of the others."""
    pure = [f.mixes for f in findings if all(len(policies) == 1 for policies in support_of(f.mixes))]
    chosen = [
        tuple(sorted(mixes.argmax(axis=1).tolist())) if game.alike else tuple(mixes.argmax(axis=1)) for mixes in pure
    ]
    profiles = {profile: number for number, profile in enumerate(game.profiles)}
    numbers = {profiles[profile] for profile in chosen}
    return {(cell.policy, cell.others) for cell in game.cells if cell.profile in numbers and cell.role == role}
