"""Designs: which levels of the factors are run together. A point is one combination.

Samples come from scipy (Latin hypercube, Sobol), SALib (Saltelli, Morris) and pydoe (fractional factorials), in the
order in which those libraries return them: SALib's analyses take the outcomes in exactly that order. All samplers
work on the unit cube; `batch.factors.Axis.at` turns a coordinate into a level.
"""

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.settings import Settings, setting
from batch.factors import Axis, Level
from model.errors import ScenarioError

MOST_POINTS = 1_000_000
Row = list[Level]
"""A point: a level of each factor."""


class Design(Settings):
    """Base of all designs."""

    kind: str

    @abstractmethod
    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of points, known before any is made."""

    @abstractmethod
    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:
        """Return the points in their order; `seed` decides what a design draws."""


class Grid(Design):
    """Every level of every factor with every level of all others; the last factor changes fastest."""

    kind: Literal["grid"] = "grid"

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the product of the numbers of levels."""
        return math.prod(len(axis.levels) for axis in axes)

    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:  # noqa: ARG002 -- nothing is drawn
        """Return all combinations."""
        return (list(row) for row in itertools.product(*(axis.levels for axis in axes)))


class Zip(Design):
    """The first levels of all factors together, then the second ones, and so on."""

    kind: Literal["zip"] = "zip"

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of levels, the same for every factor."""
        for axis in axes[1:]:
            if len(axis.levels) != len(axes[0].levels):
                raise ScenarioError(
                    f"{axis.place}.levels: there are {len(axis.levels)}; must be {len(axes[0].levels)}, "
                    f"as many as {axes[0].place} has"
                )
        return len(axes[0].levels) if axes else 1

    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:  # noqa: ARG002 -- nothing is drawn
        """Return the levels side by side."""
        return (list(row) for row in zip(*(axis.levels for axis in axes), strict=True)) if axes else [[]]


class OneAtATime(Design):
    """The base scenario, then each level of each factor with all others as in the base."""

    kind: Literal["one-at-a-time"] = "one-at-a-time"

    def size(self, axes: Sequence[Axis]) -> int:
        """Return one more than the sum of the numbers of levels."""
        return 1 + sum(len(axis.levels) for axis in axes)

    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:  # noqa: ARG002 -- nothing is drawn
        """Return the base, then one change a point."""
        base = [axis.base_level for axis in axes]
        yield base
        for number, axis in enumerate(axes):
            for level in axis.levels:
                yield [*base[:number], level, *base[number + 1 :]]


class Points(Design):
    """Points given one by one: a CSV file headed by dotted paths, or tables in the study."""

    kind: Literal["points"] = "points"
    points: list[dict[str, Any]] = setting(..., "a table a point: dotted path = value", grade="design")

    block: int | None = setting(
        None,
        "so many points in a row meet the same people, graph and flaws, and other blocks others; left out: as "
        "`common_random_numbers` says",
        grade="design",
        ge=1,
    )

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of points."""
        if axes:
            raise ScenarioError("factors: must be left out where design.points says it all")
        return len(self.points)

    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:  # noqa: ARG002 -- nothing is drawn
        """Return the points; `batch.study` labels them by what they set."""
        return ([Level(settings, {}, f"design.points.{number}")] for number, settings in enumerate(self.points))


class Sampler(Design):
    """Base of the designs that place points in the unit cube, one coordinate a factor."""

    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:
        """Return the levels at the coordinates of each sample."""
        return ([axis.at(u) for axis, u in zip(axes, us, strict=True)] for us in self.units(len(axes), seed).tolist())

    @abstractmethod
    def units(self, factors: int, seed: int) -> Any:
        """Return the samples, an array of points by factors from 0 to 1."""


class LatinHypercube(Sampler):
    """Each of `samples` equal slices of each factor is met exactly once (McKay, Beckman and Conover 1979)."""

    kind: Literal["latin-hypercube"] = "latin-hypercube"
    samples: int = setting(..., "points", grade="design", ge=1, le=MOST_POINTS)

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of samples."""
        need_factors(axes)
        return self.samples

    def units(self, factors: int, seed: int) -> Any:
        """Return the hypercube of `scipy.stats.qmc`."""
        from scipy.stats import qmc

        return qmc.LatinHypercube(factors, rng=_generator(seed)).random(self.samples)


class Sobol(Sampler):
    """A scrambled Sobol sequence, which fills the cube evenly (Owen 1995)."""

    kind: Literal["sobol"] = "sobol"
    samples: int = setting(..., "points, a power of two", grade="design", ge=1, le=MOST_POINTS)

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of samples."""
        need_factors(axes)
        check_power_of_two(self.samples)
        return self.samples

    def units(self, factors: int, seed: int) -> Any:
        """Return the sequence of `scipy.stats.qmc`."""
        from scipy.stats import qmc

        return qmc.Sobol(factors, scramble=True, rng=_generator(seed)).random(self.samples)


class Saltelli(Sampler):
    """Sobol's two matrices and their crossings, for variance-based indices (Saltelli 2002): SALib's `sobol`."""

    kind: Literal["saltelli"] = "saltelli"
    samples: int = setting(..., "rows N of a matrix, a power of two", grade="design", ge=1, le=MOST_POINTS)
    second_order: bool = setting(False, "true: for pairs too, N (2 D + 2) points, not N (D + 2)", grade="design")

    def size(self, axes: Sequence[Axis]) -> int:
        """Return N (D + 2), or N (2 D + 2) with second-order indices."""
        need_factors(axes)
        check_power_of_two(self.samples)
        return self.samples * ((2 if self.second_order else 1) * len(axes) + 2)

    def units(self, factors: int, seed: int) -> Any:
        """Return the rows of `SALib.sample.sobol`."""
        from SALib.sample import sobol

        problem = unit_problem([f"x{i}" for i in range(factors)])
        return sobol.sample(problem, self.samples, calc_second_order=self.second_order, seed=seed)


class Morris(Sampler):
    """Walks through a grid that change one factor a step, for elementary effects (Morris 1991): SALib's `morris`."""

    kind: Literal["morris"] = "morris"
    trajectories: int = setting(..., "walks", grade="design", ge=1, le=MOST_POINTS)
    num_levels: int = setting(4, "levels of the grid, even", grade="design", ge=2, multiple_of=2)

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of walks times one more than there are factors."""
        need_factors(axes)
        return self.trajectories * (len(axes) + 1)

    def units(self, factors: int, seed: int) -> Any:
        """Return the rows of `SALib.sample.morris`."""
        from SALib.sample import morris

        problem = unit_problem([f"x{i}" for i in range(factors)])
        return morris.sample(problem, self.trajectories, num_levels=self.num_levels, seed=seed)


class FractionalFactorial(Design):
    """A chosen fraction of all combinations of two levels (Box and Hunter 1961): pydoe's `fracfact`."""

    kind: Literal["fractional-factorial"] = "fractional-factorial"
    generators: str = setting("", "one word a factor, e.g. `a b ab`", grade="design")
    resolution: int | None = setting(
        None, "instead: length of the shortest alias that is allowed", grade="design", ge=3
    )

    def size(self, axes: Sequence[Axis]) -> int:
        """Return the number of rows of the design."""
        need_factors(axes)
        return len(self.signs(len(axes)))

    def rows(self, axes: Sequence[Axis], seed: int) -> Iterable[Row]:  # noqa: ARG002 -- nothing is drawn
        """Return the lower level for -1 and the upper one for +1."""
        ends = [axis.ends for axis in axes]
        return ([pair[int(sign > 0)] for pair, sign in zip(ends, row, strict=True)] for row in self.signs(len(axes)))

    def signs(self, factors: int) -> Any:
        """Return the design as an array of -1 and +1, points by factors."""
        import pydoe

        if bool(self.generators) == (self.resolution is not None):
            raise ScenarioError("design.generators: must be given, or else `resolution`, not both")
        key, value = ("generators", self.generators) if self.generators else ("resolution", self.resolution)
        try:
            if self.generators:
                signs = pydoe.fracfact(self.generators)
            elif factors == 1:  # pydoe's search begins at two
                signs = pydoe.ff2n(1)
            else:
                signs = pydoe.fracfact_by_res(factors, self.resolution)
        except ValueError as error:
            raise ScenarioError.of(f"design.{key}", value, str(error).rstrip(".")) from None
        if signs.shape[1] != factors:
            allowed = f"must have {factors} words, one a factor, not {signs.shape[1]}"
            raise ScenarioError.of("design.generators", self.generators, allowed)
        return signs


AnyDesign = Annotated[
    Grid | Zip | OneAtATime | Points | LatinHypercube | Sobol | Saltelli | Morris | FractionalFactorial,
    Field(discriminator="kind"),
]


def unit_problem(names: Sequence[str]) -> dict[str, Any]:
    """Return SALib's description of factors on the unit cube. SALib writes into it: take a new one for each use."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0] for _ in names]}


def need_factors(axes: Sequence[Axis]) -> None:
    """Refuse to sample nothing."""
    if not axes:
        raise ScenarioError("factors: is missing; this design needs at least one")


def check_power_of_two(samples: int) -> None:
    """Refuse a number of samples that would unbalance a Sobol sequence (Owen 2020)."""
    if samples & (samples - 1):
        nearest = 2 ** round(math.log2(samples))
        raise ScenarioError.of("design.samples", samples, f"must be a power of two, e.g. {nearest}")


def _generator(seed: int) -> Any:
    import numpy as np

    return np.random.default_rng(seed)
