"""Print one table at the end, or keep it for the book: our time, the oracle's, and the ratio."""

import os
from pathlib import Path

# one core, one BLAS thread: set before NumPy is loaded
for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"


def pytest_addoption(parser):
    parser.addoption("--table", type=Path, help="file to which the table is written")


def pytest_terminal_summary(terminalreporter, config):
    times = {}
    for result in config._benchmarksession.benchmarks:
        info = result.extra_info
        times.setdefault(info["case"], {})[info["engine"]] = (
            result.stats.min / info["units"],
            info,
        )
    from benchmarks.cases import readable  # loads NumPy

    terminalreporter.section("the engine against its oracles")
    lines = ["| case | unit | ours | oracle | ratio | at least |", "|---|---|--:|--:|--:|--:|"]
    for case, both in times.items():
        if len(both) < 2:
            continue
        (ours, info), (oracle, _) = both["ours"], both["oracle"]
        ratio = oracle / ours
        ratio = f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"
        row = case, info["unit"], readable(ours), readable(oracle), ratio, info["ratio"]
        lines.append(f"| {' | '.join(map(str, row))} |")
    for line in lines:
        terminalreporter.write_line(line)
    table = config.getoption("table")
    if table is not None:
        table.write_text("\n".join(lines) + "\n", "utf-8")
