"""A discovery as a paragraph."""

from answers.scenario_discovery.boxes import LEVEL, SHUFFLES
from answers.scenario_discovery.discover_measure import Discovery


def paragraph(discovery: Discovery) -> str:
    """Say where the condition holds, and how far to trust that."""
    cases, found = discovery.cases, discovery.found
    share = cases.cases / cases.total
    sentences = [
        f"{discovery.when} holds in {share:.1%} of {cases.total:,} runs at {len(cases.points.share):,} points."
    ]
    if not cases.cases or cases.cases == cases.total:
        sentences.append(f"As it holds in {'all' if cases.cases else 'none'} of them, there is nothing to look for.")
    elif not found.boxes:
        sentences.append(
            "No part of the space of factors was found in which it holds more often, beyond what noise would give "
            f"(best of {SHUFFLES} trees grown on shuffled outcomes, level {LEVEL:.0%})."
        )
    for number, box in enumerate(found.boxes, start=1):
        sentences.append(
            f"Box {number}: {box.rule}. It holds {box.coverage:.0%} of all cases (coverage); {box.density:.0%} of its "
            f"runs are cases (density); noise gives one as good with p = {box.p_value:.3f}."
        )
    if whole := discovery.together:
        sentences.append(
            f"Together: coverage {whole['coverage']:.0%}, density {whole['density']:.0%}; of boxes found without the "
            f"points they are judged by: coverage {share_or_none(whole['held_out_coverage'])}, density "
            f"{share_or_none(whole['held_out_density'])}."
        )
    if cases.failed:
        sentences.append(f"{cases.failed:,} runs failed; the boxes say nothing of them.")
    if cases.unknown:
        sentences.append(f"{cases.unknown:,} runs have no value in a column that the condition uses and are left out.")
    if discovery.silent:
        sentences.append(f"{discovery.silent:,} points have no run in which it can be told.")
    return " ".join(sentences)


def share_or_none(value: float | None) -> str:
    """Write a share, or that there is none."""
    return "none" if value is None else f"{value:.0%}"
