"""What this machine offers and what processes use."""

import psutil


def cores() -> int:
    """Return how many processors this process may use."""
    process = psutil.Process()
    return len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else psutil.cpu_count() or 1


def memory_of(process: int | None = None) -> int:
    """Return a process's resident memory in bytes, by default this one's; 0 if the process has ended."""
    try:
        used: int = psutil.Process(process).memory_info().rss
    except psutil.Error:
        return 0
    return used


def limit_memory(megabytes: float) -> None:
    """Limit the address space of this process to what it has now and so much more; only Linux can do that."""
    if hasattr(psutil, "RLIMIT_AS"):
        process = psutil.Process()
        _, hard = process.rlimit(psutil.RLIMIT_AS)
        process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms + int(megabytes * 2**20), hard))
