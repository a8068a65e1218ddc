"""Findings as rows of text, as a Markdown page and as plain values."""

from collections.abc import Sequence
from typing import Any

from answers.validation.validate_measure import ROUNDING, STANDARD_ERRORS, Check, Finding

COLUMNS = ("figure", "expected", "simulated", "SE", "z", "verdict")
Results = Sequence[tuple[Check, list[Finding]]]

HEAD = """# Validation

Every closed form and published value that the model must give again, beside what it gives. Written by
`patchmarket validate --out docs/validation.md`; do not edit it by hand.

A figure agrees within {errors:g} standard errors (SE), or to rounding where chance plays no part (no SE). If all is
well, a figure differs by chance once in 16,000. Seeds are fixed: the same version gives the same page. The functions
are in `answers/validation/`, a check each, and `tests/answers/test_validation.py` runs them on every change.

**{agree} of {total} figures agree{quick}.**
"""


def markdown_of(results: Results, *, quick: bool) -> str:
    """Write the results as a Markdown page."""
    findings = [finding for _, found in results for finding in found]
    head = HEAD.format(
        errors=STANDARD_ERRORS,
        agree=sum(finding.agrees for finding in findings),
        total=len(findings),
        quick=" (a quick look, with fewer replicates)" if quick else "",
    )
    return head + "".join(_section(number, *result, quick=quick) for number, result in enumerate(results, start=1))


def _section(number: int, check: Check, findings: list[Finding], *, quick: bool) -> str:
    replicates = check.quick if quick else check.replicates
    remarks = [
        f"Source: {check.source}." if check.source else "",
        f"{replicates} replicates." if replicates > 1 else "",
    ]
    said = " ".join([check.claim, *(remark for remark in remarks if remark)])
    lines = [f"\n## {number}. {check.name}", "", said, "", f"| {' | '.join(COLUMNS)} |", "|---|--:|--:|--:|--:|---|"]
    lines += ["| " + " | ".join(row(finding)) + " |" for finding in findings]
    return "\n".join(lines) + "\n"


def row(finding: Finding) -> tuple[str, ...]:
    """Write one finding, a text a column.

    >>> row(Finding("share", 0.5, 0.51234, 0.01))
    ('share', '0.5', '0.5123', '0.01', '+1.2', 'agrees')
    """
    bound = f"{finding.bound} " if finding.bound else ""
    return (
        finding.figure,
        bound + number(finding.expected),
        number(finding.simulated),
        number(finding.error) if finding.error else "",
        "" if finding.z is None else f"{finding.z:+.1f}",
        "agrees" if finding.agrees else "DIFFERS",
    )


def number(value: float) -> str:
    """Write a number to four digits that count, none after the point of a large one; what only rounding left is 0.

    >>> number(4000.0000001), number(2.04081), number(0.0012345), number(1e-16)
    ('4,000', '2.041', '0.001234', '0')
    """
    if abs(value) < ROUNDING:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def values_of(results: Results) -> list[dict[str, Any]]:
    """Return the findings as plain values, a row each."""
    return [
        {"check": check.name, **finding._asdict(), "z": finding.z, "agrees": finding.agrees}
        for check, found in results
        for finding in found
    ]
