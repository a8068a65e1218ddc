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
    # numba looks only at the file that a rule is in, but a rule calls those of other files: without this it would go
    # on with the old code of those.
    sources = b"".join(path.read_bytes() for path in sorted(HERE.rglob("*.py")))
    numba.config.CACHE_DIR = str(HERE / "__pycache__" / hashlib.sha256(sources).hexdigest()[:12])


def kernel(rule: Callable[P, R]) -> Callable[P, R]:
    """Compile a rule on arrays; its plain-Python twin lives in `tests/oracles.py`."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True)(rule)
    return compiled


@intrinsic  # type: ignore[untyped-decorator]  # numba ships no types
def prefetch(_typing: Any, column: Any, _row: Any) -> Any:
    """Ask the processor to bring a row of a column near: `prefetch(column, row)`, long before it is needed.

    Nothing depends on it but time: on a market that is larger than the caches, a rule otherwise waits for memory.
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
        builder.call(call, [address, number(1), number(3), number(1)])  # to write, keep it, data
        return context.get_dummy_value()

    return types.void(column, _row), generate
