"""Groups: the points of a study that the report tells about together.

What one can choose is compared, what one cannot is averaged over: with factors of role `policy`, a group for each
combination of their levels; else each point by itself if they are few; else all points together.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from batch.study import Study

MOST_GROUPS = 6  # that a reader can compare


class Group(NamedTuple):
    """Points that are told about together."""

    name: str  # "" where there is only one group
    points: list[int]


def groups_of(study: "Study") -> list[Group]:
    """Return the groups of a study, in the order of its points.

    >>> from batch.study import Study
    >>> [group.name for group in groups_of(Study.load("tiny"))]
    ['patches = none', 'patches = bought']
    >>> groups_of(Study.load("vary-tolerance"))[0].points == list(range(15))
    True
    """
    chosen = [column for axis in study.axes if axis.factor.role == "policy" for column in axis.columns]
    if not chosen and len(study.points) <= MOST_GROUPS:
        chosen = list(study.points[0].labels)
    found: dict[str, list[int]] = {}
    for point in study.points:
        found.setdefault(named({column: point.labels[column] for column in chosen}), []).append(point.number)
    return [Group(name if len(found) > 1 else "", points) for name, points in found.items()]


def named(labels: dict[str, object]) -> str:
    """Name a combination of levels.

    >>> named({"patches": "bought", "users.count": 100.0})
    'patches = bought, users.count = 100'
    """
    return ", ".join(
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}" for name, value in labels.items()
    )


def by_replicate(runs: "pd.DataFrame", points: list[int], outcome: str) -> "pd.Series":
    """Return the mean of an outcome over some points, for each replicate that all of them have.

    Replicates are what is independent: runs of one replicate meet the same flaws and people.
    """
    here = runs[runs["point"].isin(points)]
    table = here.pivot_table(index="replicate", columns="point", values=outcome, aggfunc="first", dropna=False)
    return table.reindex(columns=points).dropna().mean(axis=1)
