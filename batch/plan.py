"""Which runs are to be done next: those of this shard that are not done, and those that an adaptive study asks for."""

import math
import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from model.errors import ScenarioError

if TYPE_CHECKING:
    from batch.study import Run, Study


class Shard(NamedTuple):
    """One of so many shares of a study, which together are all of it; `number` counts from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str) -> "Shard":
        """Read `i/n`.

        >>> Shard.read("2/8")
        Shard(number=2, of=8)
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise ScenarioError.of("--shard", text, "must be i/n with i from 1 to n, e.g. 1/4")
        return cls(int(found[1]), int(found[2]))

    def has(self, index: int) -> bool:
        """Whether something by its number, from 0, is in this share."""
        return index % self.of == self.number - 1

    def part_of(self, total: int) -> int:
        """Return how many of so many are in this share."""
        return len(range(self.number - 1, total, self.of))


class Plan:
    """The runs of one shard of a study, in order; those of an adaptive study as they become known.

    A fixed study is shared out run by run. An adaptive one point by point: whether a point needs more runs depends
    on all its runs, and is decided when a round is complete, so that it does not matter which run ends first.

    Parameters
    ----------
    study, shard
        Whose runs.
    settled
        For each run that is not to be run again, the outcome that decides whether there will be more; nan where it
        failed or no outcome decides.
    """

    def __init__(self, study: "Study", shard: Shard, settled: Mapping[str, float]) -> None:
        self._study, self._settled = study, settled
        self._adaptive = study.replicates.adaptive
        first = study.first_runs()
        if self._adaptive:
            mine = [run for run in first if shard.has(run.point)]
            self.most = shard.part_of(len(study.points)) * study.replicates.most
        else:
            mine = [run for index, run in enumerate(first) if shard.has(index)]
            self.most = len(mine)
        self.skipped = 0
        self._ready: deque[Run] = deque()
        self._values: dict[int, dict[int, float]] = {}
        self._awaited: dict[int, set[int]] = {}
        self._add(mine)

    def next(self) -> "Run | None":
        """Return the run to do next, None where there is none for now."""
        return self._ready.popleft() if self._ready else None

    def finished(self, run: "Run", row: Mapping[str, Any] | None) -> None:
        """Record the row of a finished run, None if it failed."""
        if self._adaptive:
            value = None if row is None else row.get(self._study.replicates.outcome)
            self._settle(run, math.nan if value is None else float(value))

    def _add(self, runs: Iterable["Run"]) -> None:
        if not self._adaptive:
            for run in runs:
                if run.run_id in self._settled:
                    self.skipped += 1
                else:
                    self._ready.append(run)
            return
        runs = list(runs)
        for run in runs:
            self._awaited.setdefault(run.point, set()).add(run.replicate)
        for run in runs:
            if run.run_id in self._settled:
                self.skipped += 1
                self._settle(run, self._settled[run.run_id])
            else:
                self._ready.append(run)

    def _settle(self, run: "Run", value: float) -> None:
        values, awaited = self._values.setdefault(run.point, {}), self._awaited[run.point]
        values[run.replicate] = value
        awaited.discard(run.replicate)
        if not awaited:
            known = [values[replicate] for replicate in range(len(values))]
            self._add(self._study.more_runs({run.point: known}))
