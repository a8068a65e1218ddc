"""What a report says about a study itself: its design, its provenance, and how to do it again."""

import json
import shlex
from typing import TYPE_CHECKING, Any

from answers.report.report_section import Section
from batch.manifest import read_manifest
from model.timeline import planned

if TYPE_CHECKING:
    import pandas as pd

    from batch.analysis import StudyResults
    from batch.factors import Axis
    from batch.study import Study

MOST_POINTS, MOST_FAILURES, MOST_SESSIONS = 40, 20, 20


def design(results: "StudyResults", runs: "pd.DataFrame", failures: "pd.DataFrame") -> Section:
    """Say what was run."""
    import pandas as pd

    study = results.study
    section = Section("design", "Design")
    repeats = study.replicates
    replicates = f"{repeats.minimum:,} of each point"
    if repeats.adaptive:
        replicates = (
            f"{repeats.minimum:,} to {repeats.most:,} of each point, until {repeats.outcome} is known to within "
            f"{repeats.half_width:g} at {repeats.confidence:.0%}"
        )
    base = study.scenario
    section.facts = [
        ("Scenario", f"{base.name}: {base.users.count:,} users, {base.days:,} days"),
        ("Providers", "; ".join(f"{p.name} ({p.policy.kind}, {p.price:g} dollars a month)" for p in base.providers)),
        ("Design", f"{study.design.kind}, {len(study.points):,} point{'s' if len(study.points) > 1 else ''}"),
        ("Replicates", replicates),
        ("Randomness", randomness(study)),
        ("Runs", f"{len(runs):,} done, {len(failures):,} failed, {study.total_runs:,} at most"),
    ]
    if base.events:
        section.facts.append(("Events", "; ".join(planned(base))))
    if study.outcomes.warmup_days:
        section.facts.append(("Warm-up", f"{study.outcomes.warmup_days:,} days, left out of rates and money"))
    if study.axes:
        section.add_table("What differs between points.", pd.DataFrame([factor_row(a) for a in study.axes]), 100)
    elif len(study.points) > 1:
        points = [{"point": p.number} | p.labels for p in study.points]
        section.add_table("What differs between points.", pd.DataFrame(points), MOST_POINTS)
    if len(failures):
        columns = [name for name in ("run_id", "point", "replicate", "seed", "reason") if name in failures]
        told = failures[columns].astype(dict.fromkeys(columns, str))
        section.add_table("Runs that failed; nothing here counts them.", told, MOST_FAILURES)
    return section


def randomness(study: "Study") -> str:
    """Say what the points of a replicate have in common."""
    shared = "all points of a replicate meet the same people, graph and flaws"
    return f"root seed {study.seed}; {shared if study.common_random_numbers else 'every run draws its own'}"


def factor_row(axis: "Axis") -> dict[str, Any]:
    """Describe a factor."""
    factor = axis.factor
    if axis.ranged:
        levels = f"{factor.low:g} to {factor.high:g}, {factor.scale}"
    else:
        levels = ", ".join(str(value) for level in axis.levels for value in level.labels.values())
    column = "; ".join(axis.columns)
    setting = "; ".join(factor.targets)
    return {"factor": column, "setting": setting, "role": factor.role or "–", "levels": levels}


def provenance(results: "StudyResults") -> Section:
    """Say which study it was, and what ran it, where and when."""
    import pandas as pd

    study, section = results.study, Section("provenance", "Provenance")
    manifest = read_manifest(results.folder) or {}
    sessions = manifest.get("sessions", [])
    section.facts = [
        ("Study", study.name),
        ("Digest", manifest.get("digest", study.digest)),
        ("Root seed", f"{study.seed}; every run's seed is in the column seed of runs/*.parquet"),
        ("Code", code_of(sessions)),
        ("Versions", versions_of(sessions)),
    ]
    if sessions:
        rows = [
            {
                "began (UTC)": s.get("start"),
                "ended": s.get("end") or "not noted",
                "host": s.get("host"),
                "share": s.get("shard", "1/1"),
                "done": s.get("done"),
                "failed": s.get("failed"),
            }
            for s in sessions
        ]
        caption = "Sessions that filled the folder; done and failed count all of it when the session ended."
        section.add_table(caption, pd.DataFrame(rows).astype(object), MOST_SESSIONS)
    return section


def code_of(sessions: list[dict[str, Any]]) -> str:
    """Name the commits that ran a study."""
    found = {json.dumps(s.get("git")): s.get("git") for s in sessions}
    told = [
        f"commit {git['commit']}{', with changes that were not committed' if git['dirty'] else ''}"
        if git
        else "not from a git checkout"
        for git in found.values()
    ]
    return "; ".join(told) or "unknown: the folder has no manifest"


def versions_of(sessions: list[dict[str, Any]]) -> str:
    """Name the versions of what results depend on, all of them where sessions differ."""
    found: dict[str, dict[str, None]] = {}
    for session in sessions:
        for package, version in session.get("versions", {}).items():
            found.setdefault(package, {})[version] = None
    return ", ".join(f"{package} {' and '.join(versions)}" for package, versions in found.items()) or "unknown"


def rebuild(results: "StudyResults") -> Section:
    """Say how to get the same numbers again."""
    manifest = read_manifest(results.folder) or {}
    git = next((s["git"] for s in reversed(manifest.get("sessions", [])) if s.get("git")), None)
    section = Section("rebuild", "How to rebuild it")
    section.words = ["Save study.toml, which is in the study's folder and linked below, beside the code, then:"]
    folder = shlex.quote(f"out/{results.study.name}")
    lines = [f"git checkout {git['commit']}"] if git else []
    lines += [
        f"uv run patchmarket sweep study.toml --out {folder}",
        f"uv run patchmarket summary {folder} --csv",
        f"uv run patchmarket report {folder}",
    ]
    section.commands = "\n".join(lines)
    if git and git["dirty"]:
        section.words.append("The code had changes that were not committed: that commit may not give the same numbers.")
    section.words.append("The same study and code give the same tables to the last bit, on any number of processors.")
    section.add_data("study.toml", results.study.to_toml())
    return section
