"""What the commands that run many markets do and print."""

import json
import shlex
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.machine import cores
from batch.progress import Display, clock
from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.runner import StudyOutcome
    from batch.study import Run, Study

DONE, FAILED, LOST = 0, 1, 3
POINTS_SHOWN, FAILURES_SHOWN = 10, 20
WORKER_BYTES = 300_000_000  # a worker before its first run


def sweep(
    study: "Study",
    out: Path,
    *,
    workers: int | None,
    shard: str | None,
    timeout: float | None,
    memory: float | None,
    retry_failed: bool,
    cluster: str | None,
) -> int:
    """Do the runs of a study that are not done yet; return the exit code."""
    from batch.executor import ExecutorError
    from batch.runner import Stopped, run_study

    if cluster is not None and (timeout is not None or memory is not None):
        raise ScenarioError("--timeout, --memory: apply to workers of this machine only, not to a cluster")
    executor, workers = None, workers or cores()
    begin = time.monotonic()
    with ExitStack() as stack:
        if cluster is not None:
            from batch.cluster import connect

            executor, workers = stack.enter_context(connect(cluster))
        else:
            check_workers(study, workers)
        show = stack.enter_context(Display())
        try:
            outcome = run_study(
                study,
                out,
                executor,
                workers=workers,
                shard=shard,
                timeout=timeout,
                memory=memory,
                retry_failed=retry_failed,
                progress=show,
            )
        except KeyboardInterrupt as stopped:
            stack.close()
            done = f"{stopped.outcome.done:,} runs were done; " if isinstance(stopped, Stopped) else ""
            print(f"{done}resume with: {shlex.join(['patchmarket', *sys.argv[1:]])}", file=sys.stderr)
            raise
        except OSError as error:  # a full disk, say
            how = f"{error.strerror or error}; {out} is consistent, and the same command resumes it"
            raise OSError(error.errno, how) from None
        except ExecutorError as error:
            stack.close()
            how = f"resume with: {shlex.join(['patchmarket', *sys.argv[1:]])}, with or without a cluster"
            print(f"patchmarket: {error}; what is done is kept; {how}", file=sys.stderr)
            return LOST
    report(outcome, out, time.monotonic() - begin)
    return FAILED if outcome.failed else DONE


def report(outcome: "StudyOutcome", out: Path, seconds: float) -> None:
    """Print the outcome of a sweep, and which runs failed."""
    before = f", {outcome.skipped:,} were finished before" if outcome.skipped else ""
    print(f"{outcome.done:,} runs done in {clock(seconds)}{before}, {outcome.failed:,} failed")
    if outcome.failed:
        from batch.analysis import open_study

        failures = open_study(out).failures()
        for failure in failures.head(FAILURES_SHOWN).to_dict("records"):
            place = f"point {failure['point']}, replicate {failure['replicate']}"
            print(f"failed: {failure['run_id']} ({place}): {failure['reason']}")
        if len(failures) > FAILURES_SHOWN:
            print(f"... and {len(failures) - FAILURES_SHOWN:,} more")
        print(f"Each is in {out}/failures with the command that runs it alone; --retry-failed tries them again.")
    print(f"Means and intervals: patchmarket summary {shlex.quote(str(out))}")


def plan(study: "Study", workers: int | None, shard: str | None) -> None:
    """Print what a sweep would do and how long it takes, estimated from one run."""
    from batch import outcomes
    from batch.plan import Plan, Shard

    workers = workers or cores()
    todo = Plan(study, Shard.read(shard) if shard else Shard(), {})
    first = todo.next()
    if first is None:
        print(f"{study.name}: no runs in this shard")
        return
    kind = "at most " if study.replicates.adaptive else ""
    print(
        f"{study.name}: {len(study.points):,} points, {kind}{todo.most:,} runs{f' in shard {shard}' if shard else ''}"
    )
    print_table([{"point": point.number, **point.labels} for point in study.points[:POINTS_SHOWN]])
    if len(study.points) > POINTS_SHOWN:
        print(f"... and {len(study.points) - POINTS_SHOWN:,} more points")
    outcomes.warm_up()
    begin = time.perf_counter()
    outcomes.execute(study, first)
    seconds = time.perf_counter() - begin
    total = clock(seconds * todo.most / workers)
    print(
        f"\nOne run (point {first.point}) took {seconds:.2g} s: {kind}{total} with {workers} workers if all are alike."
    )
    print(f"A worker needs about {memory_of_worker(study) / 1e6:,.0f} MB.")


def memory_of_worker(study: "Study") -> int:
    """Return about how many bytes a worker takes that does the largest run of a study."""
    from model.memory import memory_needed

    scenarios = (study.scenario_at(point.number) for point in study.points)
    return WORKER_BYTES + max(memory_needed(scenario, scenario.users.count) for scenario in scenarios)


def check_workers(study: "Study", workers: int) -> None:
    """Raise ScenarioError if so many workers cannot fit in the memory that is free now."""
    import psutil

    each, free = memory_of_worker(study), psutil.virtual_memory().available
    if workers * each > free:
        needed = f"{each / 1e9:.1f} GB each, and {free / 1e9:.1f} GB are free"
        raise ScenarioError.of("--workers", workers, f"need {needed}: {free // each:,} fit")


def status(folder: Path) -> int:
    """Report the progress of the study in a folder, also while it runs."""
    from batch.analysis import open_study
    from batch.lock import owner_of
    from batch.logs import LEDGER, PENDING, read_ledger, read_pending
    from batch.manifest import read_manifest

    study = open_study(folder).study
    manifest = read_manifest(folder)
    if manifest is None:
        raise ScenarioError(f"{folder}: has no manifest; the sweep was stopped before it began")
    session = manifest["sessions"][-1]
    parts = {path.name for path in (folder / "runs").glob("part-*.parquet")}
    finished = [
        event for event, _ in read_ledger(folder / LEDGER) if event["event"] == "done" and event["part"] in parts
    ]
    done = sum(len(event["runs"]) for event in finished)
    waiting = sum(1 for _ in read_pending(folder / PENDING))
    failed = sum(1 for _ in (folder / "failures").glob("*.json"))
    owner = owner_of(folder)
    kind = "at most " if study.replicates.adaptive else ""
    share = f" (shard {session['shard']} last)" if session.get("shard", "1/1") != "1/1" else ""
    print(f"{study.name}: {done + waiting:,} of {kind}{study.total_runs:,} runs done, {failed:,} failed{share}")
    if waiting:
        print(f"In the tables: {done:,}; {waiting:,} more are stored and wait to be written to them.")
    print(f"Running: {owner}, since {session['start']}." if owner else f"Not running. Last: {session_text(session)}.")
    return DONE


def session_text(session: dict[str, Any]) -> str:
    """Return how a session ended."""
    if session["end"] is None:
        return f"began {session['start']} on {session['host']} and was interrupted; the same command resumes it"
    how = "stopped" if session["stopped"] else "ended"
    return f"began {session['start']} on {session['host']}, {how} {session['end']}"


def merge(out: Path, folders: Iterable[Path]) -> int:
    """Merge the runs of several folders of one study into one, each run once."""
    from batch.analysis import open_study
    from batch.merging import merge_folder
    from batch.store import Store

    sources = list(folders)
    study = open_study(sources[0]).study
    with Store(out, study) as store:
        for folder in sources:
            added = merge_folder(store, study, folder)
            print(f"{folder}: {added:,} runs added")
        store.finish(stopped=False)
        print(f"{out}: {len(store.done):,} runs done, {len(store.failed):,} failed")
    return DONE


def summary(folder: Path, wanted: list[str], *, csv: bool) -> int:
    """Print means and intervals by point."""
    from batch.analysis import HEADLINE, open_study

    table = open_study(folder).summary()
    if wanted:
        unknown = [name for name in wanted if name not in set(table["outcome"])]
        if unknown:
            known = ", ".join(dict.fromkeys(table["outcome"]))
            raise ScenarioError.of("--outcome", unknown[0], f"must be one of {known}")
        table = table[table["outcome"].isin(wanted)]
    elif not csv:
        table = table[table["outcome"].str.fullmatch(HEADLINE)]
    if csv:
        table.to_csv(sys.stdout, index=False)
        return DONE
    if table.empty:
        print("No runs are done yet.")
        return DONE
    rows = table.to_dict("records")
    print_table(
        [
            {name: value for name, value in row.items() if name not in {"low", "high", "sd", "mean"}}
            | {"mean": f"{row['mean']:,.4g}", "95 % from": f"{row['low']:,.4g}", "to": f"{row['high']:,.4g}"}
            for row in rows
        ]
    )
    return DONE


def rerun(folder: Path, run_id: str) -> int:
    """Repeat one run of a study in this process and print its row; nothing is written."""
    from batch import outcomes
    from batch.analysis import open_study

    study = open_study(folder).study
    run = find_run(study, folder, run_id)
    try:
        result = outcomes.execute(study, run)
    except Exception:
        traceback.print_exc()
        return FAILED
    print(json.dumps(result.row, indent=1))
    return DONE


def find_run(study: "Study", folder: Path, run_id: str) -> "Run":
    """Return a run of a study by its id."""
    from batch.store import failure_path

    path = failure_path(folder, run_id)
    if path.is_file():
        failure = json.loads(path.read_bytes())
        return study.run_of(failure["point"], failure["replicate"])
    for replicate in range(study.replicates.most):
        for point in range(len(study.points)):
            run = study.run_of(point, replicate)
            if run.run_id == run_id:
                return run
    raise ScenarioError(f"{folder}: has no run {run_id!r}; ids are in the run_id column and in failures/")


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print rows under their names, each column as wide as its widest cell."""
    names = list(rows[0])
    texts = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in texts) for column in range(len(names))]
    numbers = [isinstance(rows[0][name], int | float) for name in names]
    for line in texts:
        cells = zip(line, widths, numbers, strict=True)
        print("  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in cells).rstrip())


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
