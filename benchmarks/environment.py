"""The machine and the versions of the software on which the benchmarks run."""

import platform
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.bound import CompilerError, compiler_version


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def describe_machine() -> str:
    """Return one line about the machine and its load."""
    memory = psutil.virtual_memory().total / 2**30
    busy = psutil.getloadavg()[0]
    warning = " (busy: ratios are more reliable than seconds)" if busy >= 1 else ""
    return (
        f"{processor()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()};"
        f" load before the benchmark: {busy:.1f}{warning}"
    )


def describe_software(others: dict[str, str]) -> str:
    """Return one line with all versions; `others` are those that the contenders' processes report."""
    try:
        c = compiler_version()
    except CompilerError as reason:
        c = str(reason)
    known = {name: version(name) for name in ("mesa", "numpy", "numba")} | others
    packages = ", ".join(f"{name} {number}" for name, number in sorted(known.items()))
    return f"Python {platform.python_version()}, {packages}; {c}"
