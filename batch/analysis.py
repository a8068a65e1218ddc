"""Reading a study's folder as tables, also while it is being filled.

A run counts only once it is in a part under `runs/`: rows of other tables that belong to no such run are left aside.
"""

import json
import math
import tomllib
from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.adaptive import interval, quantile
from batch.columns import RUN_COLUMNS
from batch.logs import LEDGER, parts_written
from batch.parts import check_part
from batch.study import Study
from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

READING_ATTEMPTS = 5  # while a part is replaced by another under our eyes
FIRST_OUTCOME = "days"
YES_OR_NO = "live_paid"  # the outcome of which the mean is a share of runs
HEADLINE = r"lost_share_p0|live_paid|p\d+_(share_end|profit_per_original_server)"  # shown unless others are asked for


class StudyResults:
    """The results in a study's folder, each table read when it is asked for.

    Attributes
    ----------
    folder : Path
        Where the results are.
    study : Study
        What was studied.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._checked: set[Path] = set()

    def __repr__(self) -> str:
        return (
            f"<StudyResults in {str(self.folder)!r}: {self._runs(['run_id']).num_rows:,} runs done of {self.study!r}>"
        )

    def _repr_html_(self) -> str:
        table = self.summary()
        shown = table[table["outcome"].str.fullmatch(HEADLINE)]
        return f"<p><code>{escape(repr(self))}</code></p>{shown.to_html(index=False, max_rows=20)}"

    @cached_property
    def study(self) -> Study:
        """What was studied, from `study.toml`."""
        path = self.folder / "study.toml"
        try:
            return Study.parse(tomllib.loads(path.read_text(encoding="utf-8")), self.folder)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ScenarioError(f"{path}: cannot be read: {error}") from None

    def runs(self) -> "pd.DataFrame":
        """Return a row for each run that is done, sorted by `run_id`: point, replicate, seed, labels, outcomes."""
        return self._runs().to_pandas()

    def series(self, columns: list[str] | None = None, runs: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return a row for each run, day and provider; empty where the study did not keep them.

        Parameters
        ----------
        columns
            Those to read besides `run_id`; None reads all. The days of a million runs exceed most memories.
        runs
            The ids of the runs to read; None reads all.
        """
        return self._table("series", columns, runs)

    def flows(self, runs: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return a row for each run, day and pair of providers between which users moved, with their number."""
        return self._table("flows", runs=runs)

    def moves(self, runs: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return a row for each move of each run."""
        return self._table("moves", runs=runs)

    def failures(self) -> "pd.DataFrame":
        """Return a row for each run that failed and has not been done since, sorted by `run_id`."""
        import pandas as pd

        done = set(self._runs(["run_id"]).column("run_id").to_pylist())
        found = []
        for path in sorted((self.folder / "failures").glob("*.json")):
            try:
                failure = json.loads(path.read_text(encoding="utf-8"))
            except FileNotFoundError:  # retried with success meanwhile
                continue
            except (OSError, ValueError) as error:
                raise ScenarioError(f"{path}: is damaged ({error}); delete it to have the run tried again") from None
            if failure["run_id"] not in done:
                found.append(failure)
        columns = list(dict.fromkeys(["run_id", "point", "replicate", "seed", *(key for f in found for key in f)]))
        return pd.DataFrame(found, columns=columns).sort_values("run_id", ignore_index=True)

    def summary(self, confidence: float = 0.95) -> "pd.DataFrame":
        """Return the mean of every numeric outcome at every point.

        Parameters
        ----------
        confidence
            Of Student's interval from `low` to `high`. The interval of the outcome that decided an adaptive study's
            replicates is wider, as `batch.adaptive` says, which keeps its confidence despite the repeated looks.

        Returns
        -------
        DataFrame
            A row for each point and outcome: point, labels, outcome, n, mean, sd, low, high. n counts the runs that
            have the outcome; what so few runs cannot give is nan. The interval of `live_paid`, a share of runs, is
            that of Agresti and Coull.
        """
        import numpy as np
        import pandas as pd

        runs = self.runs().sort_values(["point", "replicate"])
        names = list(runs.columns)
        first = names.index(FIRST_OUTCOME)
        labels = names[len(RUN_COLUMNS) : first]
        numeric = [name for name in names[first:] if pd.api.types.is_numeric_dtype(runs[name])]
        by_point = runs.groupby("point", sort=True)
        labelled = by_point[labels].first() if labels else pd.DataFrame(index=sorted(set(runs["point"])))
        tables = []
        for place, name in enumerate(numeric):
            table = by_point[name].agg(n="count", mean="mean", sd="std")
            wide = [quantile(confidence, int(n) - 1) if n > 1 else math.nan for n in table["n"]]
            half = np.asarray(wide) * table["sd"] / np.sqrt(table["n"].where(table["n"] > 1))
            table["low"], table["high"] = table["mean"] - half, table["mean"] + half
            decides = self.study.replicates.adaptive and name == self.study.replicates.outcome
            if decides or name == YES_OR_NO:
                looks = len(self.study.replicates.looks) if decides else 1
                bounds = [interval(values.tolist(), 1 - (1 - confidence) / looks) for _, values in by_point[name]]
                table[["low", "high"]] = np.where(np.isfinite(bounds), bounds, np.nan)
            if name == YES_OR_NO:
                table[["low", "high"]] = table[["low", "high"]].clip(0, 1)
            tables.append(labelled.join(table).assign(outcome=name, order=place).rename_axis("point").reset_index())
        whole = pd.concat(tables, ignore_index=True).sort_values(["point", "order"], ignore_index=True)
        return whole[["point", *labels, "outcome", "n", "mean", "sd", "low", "high"]]

    def _runs(self, columns: list[str] | None = None) -> "pa.Table":
        """Read the runs, none twice."""
        from batch.outcomes import schema

        table = self._read("runs", columns)
        if table is None:
            table = schema(self.study).empty_table()
            return table if columns is None else table.select(columns)
        ids = table.column("run_id")
        if len(ids.unique()) < len(ids):
            twice = [pair["values"] for pair in ids.value_counts().to_pylist() if pair["counts"] > 1]
            raise ScenarioError(
                f"{self.folder / 'runs'}: run {twice[0]} is there more than once ({len(twice)} runs are); "
                "the folder was filled by two writers at once, or parts were copied into it"
            )
        return table

    def _table(self, name: str, columns: list[str] | None = None, runs: Sequence[str] | None = None) -> "pd.DataFrame":
        """Read a side table, without the rows of runs that are not done."""
        import pandas as pd
        import pyarrow.compute as pc

        table = self._read(name, columns and list(dict.fromkeys(["run_id", *columns])), runs)
        if table is None:
            return pd.DataFrame({"run_id": pd.Series(dtype=str)})
        done = self._read("runs", ["run_id"])
        known = pc.is_in(table.column("run_id"), done.column("run_id").combine_chunks()) if done is not None else None
        return (table.filter(known) if known is not None else table.slice(0, 0)).to_pandas()

    def _read(
        self, name: str, columns: list[str] | None = None, runs: Sequence[str] | None = None
    ) -> "pa.Table | None":
        """Read all parts of a table, or the rows of some runs, sorted by run; None where there are none.

        A part that vanishes while we read was replaced by one with the same runs: then all is read again.
        """
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        wanted = None if runs is None else pc.field("run_id").isin(list(runs))
        for _ in range(READING_ATTEMPTS):
            paths = sorted(p for p in (self.folder / name).glob("*.parquet") if not p.name.startswith("."))
            path = self.folder / name
            try:
                tables = []
                for path in paths:
                    self._check(path)
                    tables.append(pq.read_table(path, columns=columns, filters=wanted, partitioning=None))
                break
            except FileNotFoundError:
                continue
            except (OSError, pa.ArrowException) as error:
                reason = str(error).splitlines()[0]
                raise ScenarioError(f"{path}: not a Parquet file that can be read: {reason}") from None
        else:
            raise ScenarioError(f"{self.folder / name}: changes faster than it can be read; try again")
        if not tables:
            return None
        return pa.concat_tables(tables, promote_options="permissive").sort_by("run_id")

    def _check(self, path: Path) -> None:
        """Raise ScenarioError unless a file of a part is what was written, by the ledger; each is checked once."""
        written = self._written.get(path.name)
        if written and path not in self._checked and path.exists():
            check_part(self.folder, path.name, written, [path.parent.name])
            self._checked.add(path)

    @cached_property
    def _written(self) -> dict[str, dict[str, Any]]:
        """The parts that the ledger lists; damage of the ledger itself does not hinder reading."""
        return parts_written(self.folder / LEDGER)


def open_study(folder: str | Path) -> StudyResults:
    """Return the results in a study's folder.

    Raises
    ------
    ScenarioError
        When the folder holds no study.

    Examples
    --------
    >>> open_study("nowhere")
    Traceback (most recent call last):
    model.errors.ScenarioError: nowhere: is not the folder of a study; there is no study.toml in it
    """
    path = Path(folder)
    if not (path / "study.toml").is_file():
        raise ScenarioError(f"{path}: is not the folder of a study; there is no study.toml in it")
    return StudyResults(path)
