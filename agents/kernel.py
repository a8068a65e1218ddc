"""How hot loops are compiled: numba, cached on disk, exact floating point (no fastmath)."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")

HERE = Path(__file__).parent
if not numba.config.CACHE_DIR:
    # numba checks only the file that a rule is in, but rules call rules of other files, whose old code it would
    # otherwise keep using.
    sources = b"".join(path.read_bytes() for path in sorted(HERE.rglob("*.py")))
    numba.config.CACHE_DIR = str(HERE / "__pycache__" / hashlib.sha256(sources).hexdigest()[:12])


def kernel(rule: Callable[P, R]) -> Callable[P, R]:
    """Compile a rule on arrays; its plain-Python twin lives in `tests/oracles.py`.

    Division follows NumPy: by zero it is infinite or NaN, which spares the loops a check. Indices in the inner loops
    are unsigned (`np.uintp`), which spares them the question whether an index counts from the end.
    """
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(rule)
    return compiled


@intrinsic  # type: ignore[untyped-decorator]  # numba ships no types
def prefetch(_typing: Any, column: Any, _row: Any) -> Any:
    """Prefetch a row of a column into the cache: `prefetch(column, row)`, well before it is needed.

    This changes speed only: in a market larger than the caches, a rule otherwise waits for memory.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        row = context.cast(builder, arguments[1], signature.args[1], types.intp)
        byte = ir.IntType(8).as_pointer()
        offset = builder.mul(row, builder.extract_value(array.strides, 0))
        address = builder.gep(builder.bitcast(array.data, byte), [offset])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(call, [address, number(1), number(3), number(1)])  # for writing, high locality, data cache
        return context.get_dummy_value()

    return types.void(column, _row), generate
