"""A game as a paragraph."""

from collections.abc import Sequence

import numpy as np

from answers.games.empirical import EmpiricalGame, Finding
from answers.games.equilibria import Floats, support_of
from answers.games.game_measure import GameAnalysis
from answers.games.replicator import Path
from model.conclusion import dollars

TOLD = 3  # equilibria, beyond which the others are only counted
NOTABLE = 0.001  # a share that is worth a word
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def paragraph(analysis: GameAnalysis) -> str:
    """Say what providers would choose, whether that is a dilemma, and where the present market goes."""
    game, findings, start, path = analysis.game, analysis.findings, analysis.start, analysis.path
    sentences = [*best_answers(game), *equilibria(game, findings), *dilemma(game, findings), copied(game, start, path)]
    sentences.append(f"From {len(game.samples):,} replicates of {len(game.profiles):,} profiles.")
    if analysis.lost:
        sentences.append(f"{analysis.lost:,} more replicates were left out, as a run of each failed or had no profit.")
    if analysis.others:
        sentences.append(f"The scenario's other providers ({analysis.others:,}) keep their policies.")
    return " ".join(sentences)


def best_answers(game: EmpiricalGame) -> list[str]:
    """Say which policy is best whatever the others do, if one is."""
    table = game.table(game.by_cell.mean(axis=0))
    if np.ptp(table) == 0:
        return ["Every player earns the same in every profile: here the policy makes no difference."]
    told = []
    for role, worth in enumerate(table):
        best = [a for a in range(len(worth)) if all((worth[a] > other).all() for other in np.delete(worth, a, axis=0))]
        who = "a provider" if game.alike else game.names[role]
        if best:
            told.append(f"Whatever the others do, {who} earns most with {game.policies[best[0]]}.")
        else:
            told.append(f"Which policy is best for {who} depends on what the others do.")
    return told


def equilibria(game: EmpiricalGame, findings: Sequence[Finding]) -> list[str]:
    """Say which choices hold by themselves, and how sure that is."""
    count = len(findings)
    if not count:
        return ["No equilibrium was found among the pure profiles and those in which all choose alike."]
    head = "There is one equilibrium:" if count == 1 else f"There are {number(count)} equilibria:"
    told = [
        f"{choices(game, finding.mixes)}, earning {earned(finding.payoffs)} per original server and month "
        f"(an equilibrium with probability {finding.probability:.0%}; nobody gains more than "
        f"{dollars(finding.regret)} by leaving it, with 95 %)"
        for finding in findings[:TOLD]
    ]
    more = f"; and {count - TOLD} more" if count > TOLD else ""
    return [f"{head} {'; '.join(told)}{more}."]


def dilemma(game: EmpiricalGame, findings: Sequence[Finding]) -> list[str]:
    """Say whether all would earn more elsewhere."""
    told = []
    for finding in findings[:TOLD]:
        better = finding.better
        if better is None:
            continue
        there = choices(game, np.eye(len(game.policies))[list(better.profile)])
        here = "" if len(findings) == 1 else f" than where {choices(game, finding.mixes)}"
        gain = (
            f"everyone would earn at least {dollars(better.gain)} more{here} where {there} (95 % interval "
            f"{dollars(better.low)} to {dollars(better.high)})"
        )
        if better.stable:
            told.append(f"It takes coordination: {gain}, and that would hold by itself too.")
        elif better.probability >= 0.95:
            told.append(
                f"That is a dilemma: {gain}, but that does not hold by itself. "
                "Everyone pays, nobody gains: there is no free lunch."
            )
        else:
            told.append(f"It may be a dilemma: {gain}, with probability {better.probability:.0%}.")
    if findings and not told:
        told.append("It is no dilemma: no other profile would be better for everyone.")
    return told


def copied(game: EmpiricalGame, start: Floats, path: Path) -> str:
    """Say where the present market goes if what earns more is copied."""
    if not path.settled:
        return "If policies that earn more are copied, their shares do not settle."
    names = ["the present market"] if game.alike else list(game.names)
    moves = [
        f"{name} goes from {mixed(game, before)} to {mixed(game, after)}"
        for name, before, after in zip(names, start, path.end, strict=True)
    ]
    return f"If policies that earn more are copied, {' and '.join(moves)}."


def choices(game: EmpiricalGame, mixes: Floats) -> str:
    """Say what each chooses."""
    everyone = "both choose" if game.players == 2 else "all choose"
    support = support_of(mixes)
    same = bool(np.allclose(mixes, mixes[0]))
    if same and len(support[0]) == 1:
        return f"{everyone} {game.policies[support[0][0]]}"
    if same:
        return f"each chooses {mixed(game, mixes[0])}"
    if game.alike and all(len(policies) == 1 for policies in support):
        counts = mixes.sum(axis=0).round().astype(int)
        told = [
            (number(n), "chooses" if n == 1 else "choose", name)
            for n, name in zip(counts, game.policies, strict=True)
            if n
        ]
        return " and ".join(" ".join(words) for words in told)
    return " and ".join(f"{name} chooses {mixed(game, mix)}" for name, mix in zip(game.names, mixes, strict=True))


def mixed(game: EmpiricalGame, mix: Floats) -> str:
    """Say with which chances, or in which shares, policies are chosen."""
    chosen = [(name, chance) for name, chance in zip(game.policies, mix, strict=True) if chance >= NOTABLE]
    if len(chosen) == 1 and chosen[0][1] > 1 - NOTABLE:
        return chosen[0][0]
    return " and ".join(f"{100 * chance:.3g}% {name}" for name, chance in chosen)


def earned(payoffs: Floats) -> str:
    """Say what players earn, once where it is the same."""
    amounts = list(dict.fromkeys(dollars(amount) for amount in payoffs.tolist()))
    return f"{amounts[0]} each" if len(amounts) == 1 else " and ".join(dollars(a) for a in payoffs.tolist())


def number(count: int) -> str:
    """Write a number as people do."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"
