"""Every closed form and published value that the model must give again, beside what it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from answers.validation.validate_ask import CHECKS
from answers.validation.validate_measure import Check, Finding
from answers.validation.validate_text import markdown_of, values_of

Progress = Callable[[int, Check, list[Finding]], object]
"""Called with a check's number, from 1, the check and its findings."""


@dataclass(frozen=True)
class Validation:
    """What all checks found."""

    results: list[tuple[Check, list[Finding]]]
    quick: bool  # with fewer replicates

    @property
    def findings(self) -> list[Finding]:
        """The figures of all checks."""
        return [finding for _, found in self.results for finding in found]

    @property
    def agreeing(self) -> int:
        """How many figures agree."""
        return sum(finding.agrees for finding in self.findings)

    @property
    def agrees(self) -> bool:
        """Whether every figure agrees."""
        return self.agreeing == len(self.findings)

    @property
    def values(self) -> list[dict[str, Any]]:
        """The findings as plain values, a row each."""
        return values_of(self.results)

    @property
    def markdown(self) -> str:
        """The findings as a Markdown page."""
        return markdown_of(self.results, quick=self.quick)


def validate(*, quick: bool = False, progress: Progress | None = None) -> Validation:
    """Run all checks.

    Parameters
    ----------
    quick
        Use fewer replicates.
    progress
        Called after each check with its number, the check and its findings.
    """
    results = []
    for number, check in enumerate(CHECKS, start=1):
        found = check.find(check.quick if quick else check.replicates)
        results.append((check, found))
        if progress is not None:
            progress(number, check, found)
    return Validation(results, quick)
