"""What the figures were measured on: one line for the eye, one object for the JSON."""

import os
import platform
import sqlite3
import statistics
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """`fdatasync_ms` is the median of 200 flushes of 4 KiB in the folder where the ledgers of the benches stand."""

    cores: int
    cpu: str
    memory_gib: float
    system: str
    python: str
    git: str
    sqlite: str
    filesystem: str
    fdatasync_ms: float
    load: float

    def line(self) -> str:
        return (
            f"{self.cores} cores ({self.cpu}), {self.memory_gib:.0f} GiB, {self.system}, Python {self.python}, "
            f"git {self.git}, SQLite {self.sqlite}, {self.filesystem} with fdatasync p50 {self.fdatasync_ms:.2f} ms, "
            f"load {self.load:.1f}"
        )

    def data(self) -> dict[str, int | float | str]:
        return asdict(self)


def flush_ms(flushes: int = 200) -> float:
    """Median milliseconds of one 4 KiB write and its `fdatasync`, where temporary files are made."""
    block, taken = b"x" * 4096, []
    with tempfile.TemporaryFile() as file:
        for _ in range(flushes):
            began = time.perf_counter()
            os.write(file.fileno(), block)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _filesystem(folder: str) -> str:
    """The kind of file system that a folder is on: that of the longest mount point above it."""
    try:
        with open("/proc/mounts", encoding="utf-8") as lines:
            mounts = [line.split()[1:3] for line in lines]
    except OSError:
        return "unknown file system"
    real = os.path.realpath(folder)
    above = [(len(point), kind) for point, kind in mounts if os.path.commonpath([point, real]) == point]
    return max(above)[1]


def look() -> Machine:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        cpu=_cpu(),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        git=git.split()[2],
        sqlite=sqlite3.sqlite_version,
        filesystem=_filesystem(tempfile.gettempdir()),
        fdatasync_ms=flush_ms(),
        load=os.getloadavg()[0],
    )
