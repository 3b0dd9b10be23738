"""Print one table at the end and keep it for the book: our time, the oracle's, and the ratio."""

import os
from pathlib import Path

TABLE = Path(__file__).parents[1] / "book" / "results" / "benchmarks.md"

# one core, one BLAS thread: set before NumPy is loaded
for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"


def pytest_terminal_summary(terminalreporter, config):
    times = {}
    for result in config._benchmarksession.benchmarks:
        info = result.extra_info
        times.setdefault(info["case"], {})[info["engine"]] = (
            result.stats.min / info["units"],
            info,
        )
    terminalreporter.section("the engine against its oracles")
    lines = ["| case | unit | ours | guide | oracle | ratio | asked for |", "|---" * 7 + "|"]
    for case, both in times.items():
        if len(both) < 2:
            continue
        (ours, info), (oracle, _) = both["ours"], both["oracle"]
        ratio = f"{oracle / ours:.0f}"
        lines.append(
            f"| {case} | {info['unit']} | {_time(ours)} | {_time(info['guide'])} | {_time(oracle)} "
            f"| {ratio} | >= {info['ratio']} |"
        )
    for line in lines:
        terminalreporter.write_line(line)
    if len(lines) > 2:
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text("\n".join(lines) + "\n", "utf-8")


def _time(seconds):
    if seconds != seconds:
        return "-"
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
