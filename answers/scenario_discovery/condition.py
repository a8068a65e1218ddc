"""Conditions on the columns of runs, such as `live_paid == 0 and users.tolerance.median < 5`, read safely.

Only comparisons of columns, numbers and texts are understood, with `and`, `or` and brackets. Names may have dots as
they are; a name of any other kind (blanks, signs) is put in backticks.
"""

import ast
import operator
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

Truth = NDArray[np.bool_]
LONGEST = 1_000  # characters
ALLOWED = "must be comparisons of columns, numbers and texts, joined by and, or and brackets, e.g. 'live_paid == 0'"
TOKEN = re.compile(
    r"""(?P<quoted>`[^`]*`)
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<name>[^\W\d]\w*(?:\.\w+)*)
    | (?P<comment>\#)""",
    re.VERBOSE,
)
COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class Condition:
    """A condition on rows of a table.

    Parameters
    ----------
    text
        As a user wrote it.
    columns
        The names it may use.

    Raises
    ------
    ScenarioError
        For anything but comparisons of these columns, numbers and texts.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"profit": [-5.0, 3.0, float("nan")], "a.b": ["x", "x", "y"]})
    >>> holds, known = Condition("profit < 0 and a.b == 'x'", list(rows)).of(rows)
    >>> holds.tolist(), known.tolist()
    ([True, False, False], [True, True, False])
    """

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text = text
        self.names: list[str] = []
        self._columns = columns
        if len(text) > LONGEST:
            raise self._wrong(f"must be at most {LONGEST} characters")
        readable = TOKEN.sub(self._placeholder, text).strip()
        try:
            self._tree = ast.parse(readable, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._wrong(ALLOWED) from None
        self._check(self._tree)

    def of(self, rows: "pd.DataFrame") -> tuple[Truth, Truth]:
        """Return where the condition holds, and where all columns that it uses have a value.

        Raises
        ------
        ScenarioError
            When a text is compared with a number, or texts by size.
        """
        known = rows[self.names].notna().all(axis=1).to_numpy()
        return self._holds(self._tree, rows) & known, known

    def _placeholder(self, found: re.Match[str]) -> str:
        """Put a name that Python can read in the place of a column's."""
        if found["comment"]:
            raise self._wrong(ALLOWED)
        if found["text"] or found["number"] or iskeyword(found[0]):
            return found[0]
        name = found[0].strip("`")
        if name not in self._columns:
            close = get_close_matches(name, self._columns, 3)
            told = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(self._columns)}"
            raise self._wrong(f"there is no column {name!r}; {told}")
        if name not in self.names:
            self.names.append(name)
        return f" _{self.names.index(name)} "

    def _check(self, node: ast.expr) -> None:
        """Refuse whatever is not understood."""
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self._check(value)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [left, *others]
                if not all(type(op) in COMPARE for op in ops) or not any(isinstance(s, ast.Name) for s in sides):
                    raise self._wrong(ALLOWED)
                for side in sides:
                    self._check_side(side)
            case _:
                raise self._wrong(ALLOWED)

    def _check_side(self, node: ast.expr) -> None:
        match node:
            case ast.Name() | ast.Constant(value=str()):
                return
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float() as value)):
                pass
            case ast.Constant(value=int() | float() as value):
                pass
            case _:
                raise self._wrong(ALLOWED)
        if isinstance(value, bool):
            raise self._wrong(ALLOWED)

    def _holds(self, node: ast.expr, rows: "pd.DataFrame") -> Truth:
        if isinstance(node, ast.BoolOp):
            parts = [self._holds(value, rows) for value in node.values]
            return np.asarray(np.all(parts, axis=0) if isinstance(node.op, ast.And) else np.any(parts, axis=0))
        assert isinstance(node, ast.Compare)  # nothing else has passed
        sides = [self._side(side, rows) for side in (node.left, *node.comparators)]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        return np.asarray(np.all([self._compare(a, op, b, len(rows)) for a, op, b in pairs], axis=0))

    def _side(self, node: ast.expr, rows: "pd.DataFrame") -> Any:
        if isinstance(node, ast.Name):
            column = rows[self.names[int(node.id[1:])]]
            return column.to_numpy(object if column.dtype.kind not in "iufb" else float)
        return ast.literal_eval(node)

    def _compare(self, a: Any, op: ast.cmpop, b: Any, count: int) -> Truth:
        texts = [isinstance(side, str) or getattr(side, "dtype", 0) == np.dtype(object) for side in (a, b)]
        if texts[0] != texts[1]:
            raise self._wrong("must compare numbers with numbers and texts with texts")
        if texts[0] and not isinstance(op, ast.Eq | ast.NotEq):
            raise self._wrong("must compare texts by == or != only")
        return np.broadcast_to(np.asarray(COMPARE[type(op)](a, b), dtype=bool), count)

    def _wrong(self, allowed: str) -> ScenarioError:
        return ScenarioError.of("--when", self.text, allowed)
