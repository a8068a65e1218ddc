"""What `sensitivity` measures: the indices of an outcome, its mean and spread, and the noise floor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from answers.blocks import Blocks
from answers.indices import indices_of, noise_floor
from batch.design import Morris

if TYPE_CHECKING:
    import pandas as pd

    from batch.study import Study


@dataclass(frozen=True)
class Sensitivity:
    """Which factors decide an outcome, in plain numbers."""

    study: str
    outcome: str
    design: str  # kind
    levels: int | None  # of Morris's design; None: Saltelli's
    blocks: int  # analysed
    points: int  # of a block
    dropped: int  # blocks left out
    failed: int  # runs
    missing: int  # runs that are not done or have no such outcome
    mean: float  # of the outcome over the design
    sd: float
    noise_floor: float  # index that a factor without effect may show; nan with one replicate
    table: "pd.DataFrame"  # as `answers.indices.indices` gives it


def measure(study: "Study", outcome: str, blocks: Blocks) -> Sensitivity:
    """Return the sensitivity of an outcome."""
    return Sensitivity(
        study=study.name,
        outcome=outcome,
        design=study.design.kind,
        levels=study.design.num_levels if isinstance(study.design, Morris) else None,
        blocks=int(blocks.kept.sum()),
        points=blocks.means.shape[1],
        dropped=blocks.dropped,
        failed=blocks.failed,
        missing=blocks.missing,
        mean=float(blocks.means.mean()),
        sd=float(blocks.means.std()),
        noise_floor=noise_floor(study, blocks),
        table=indices_of(study, blocks),
    )
