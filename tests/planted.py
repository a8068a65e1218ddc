"""Folders of studies whose outcomes are planted: the runs' rows are written, no market is run."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from batch.analysis import open_study
from batch.outcomes import schema


def planted(folder, study, outcome, *, lost=(), column="lost_share_p0"):
    """Write a finished study; `outcome(point, replicate)` is the value of `column`, `lost` the runs that failed."""
    (folder / "runs").mkdir(parents=True)
    (folder / "failures").mkdir()
    (folder / "study.toml").write_text(study.to_toml())
    rows = []
    for run in study.first_runs():
        about = {"run_id": run.run_id, "point": run.point, "replicate": run.replicate, "seed": run.seed}
        if (run.point, run.replicate) in lost:
            (folder / "failures" / f"{run.run_id}.json").write_text(json.dumps(about | {"reason": "planted"}))
            continue
        value = outcome(run.point, run.replicate)
        rows.append(about | study.points[run.point].labels | {"days": 365, "stopped": "", column: value})
    pq.write_table(pa.Table.from_pylist(rows, schema(study)), folder / "runs" / "part-0.parquet")
    return open_study(folder)
