"""The game that providers play by their choice of policy.

Every profile of policies is simulated under common random numbers; what each provider earns are the payoffs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from answers.answer import Answer
from answers.experiment import carry_out, experiment
from answers.games.game_ask import ask
from answers.games.game_measure import GameAnalysis, measure
from answers.games.game_table import summary_of, table_of
from answers.games.game_text import paragraph
from model.files import prepare_folder
from model.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def game(
    scenario: Scenario,
    policies: Sequence[str],
    *,
    players: int = 2,
    replicates: int = 100,
    seed: int = 1,
    out: Path | None = None,
    workers: int | None = None,
) -> Answer:
    """Simulate every profile of policies and say what providers would choose.

    Parameters
    ----------
    scenario
        The market. Its first `players` providers choose, the others keep their policies. If it has fewer, and they
        are alike, they are joined by more of their kind.
    policies
        Kinds of policy. A provider that has one already keeps its terms; others take those of the first provider
        that has it, or else its defaults.
    players, replicates, seed
        How many play; how often each profile is run; the root of all randomness.
    out
        Where the runs are kept, in a folder `study`, to be completed after an interruption; None: they are not kept.
    workers
        Processes; None: one for each processor.

    Raises
    ------
    ScenarioError
        For policies that do not exist, more players than the scenario allows, or too few runs.
    """
    question = ask(scenario, policies, players)
    study = experiment(
        question.market,
        question.variants,
        name=f"game: {scenario.name}",
        question=f"Which of {', '.join(policies)} would {players} providers choose?",
        replicates=replicates,
        seed=seed,
    )
    if out is not None:
        prepare_folder(out)
    runs = carry_out(study, None if out is None else out / "study", workers)
    analysis = measure(question, runs, scenario.name, replicates, seed)
    return tell(analysis)


def tell(analysis: GameAnalysis) -> Answer:
    """Return a game as an answer."""

    def figure() -> "Figure":
        from answers.games.game_figure import game_figure  # matplotlib takes a moment

        return game_figure(analysis)

    return Answer("game", summary_of(analysis), table_of(analysis.game), paragraph(analysis), figure)
