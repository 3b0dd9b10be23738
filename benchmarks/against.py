"""Time learning against another commit, in the same run: ``python -m benchmarks.against COMMIT``.

Each case is a network that learns with the public interface, in one process of this tree and one of
a worktree of the other commit, in turns. Two fits, one of twice the samples, give the time of a
sample; what they share, the set-up, drops out. It is the time of the processor, on one core.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
DTYPES = "float64", "float32"
LIBRARIES = "OMP", "OPENBLAS", "MKL", "NUMBA"
SECONDS = 0.4  # of learning in a fit


def main():
    """Print a table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("commit", help="what this tree is compared with")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    from benchmarks.cases import readable  # here, not in the processes that time another library

    with _worktree(options.commit) as other, _worker(other) as old_tree, _worker(HERE) as this_tree:
        print("| case | | before | now | before / now |", "|---|---|--:|--:|--:|", sep="\n")
        for case, name in enumerate(_ask(this_tree, "names")):
            for dtype in DTYPES:
                times = [
                    [_ask(worker, case, dtype) for worker in (old_tree, this_tree)]
                    for _ in range(options.rounds + 1)
                ][1:]  # the first one compiles
                if any(None in pair for pair in times):
                    print(f"| {name} | {dtype} | cannot | | |", flush=True)
                    continue
                old, new = (
                    readable(statistics.median(column)) for column in zip(*times, strict=True)
                )
                ratio = statistics.median(before / now for before, now in times)
                print(f"| {name} | {dtype} | {old} | {new} | {ratio:.2f} |", flush=True)


@contextlib.contextmanager
def _worktree(commit):
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", tree, commit], cwd=HERE, check=True
        )
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=HERE, check=True)


@contextlib.contextmanager
def _worker(tree):
    single = {f"{library}_NUM_THREADS": "1" for library in LIBRARIES}
    worker = subprocess.Popen(
        [sys.executable, __file__, "work", tree], env=os.environ | single,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield worker
    finally:
        worker.stdin.close()
        worker.wait()


def _ask(worker, *words):
    print(*words, file=worker.stdin, flush=True)
    answer = worker.stdout.readline()
    if not answer:
        raise SystemExit("a process that times has ended; what it said stands above")
    return json.loads(answer)


def work(tree):
    """Answer for each case and precision with the seconds a sample takes, or null if it cannot.

    Nor can a fit be timed that takes no longer than one of half the samples.
    """
    sys.path[0] = tree
    import synlib

    sys.path[0] = str(HERE)  # these cases, whatever the library
    from benchmarks.cases import CASES, images

    assert Path(synlib.__file__).is_relative_to(tree)
    warnings.simplefilter("ignore")  # of learning that ends early
    for line in sys.stdin:
        if line == "names\n":
            print(json.dumps([case.name for case in CASES]), flush=True)
            continue
        number, dtype = line.split()
        case = CASES[int(number)]
        X, y = images(case.inputs)
        X = X.astype(dtype)
        half = max(25, min(len(X) // 2, int(SECONDS / case.seconds)))

        def seconds(n, case=case, X=X, y=y, dtype=dtype):
            net = case.net(dtype=dtype, max_epochs=1)
            start = time.process_time()
            net.fit(X[:n], y[:n])
            return time.process_time() - start

        try:
            taken = seconds(2 * half) - seconds(half)
        except (TypeError, ValueError) as error:
            print(error, file=sys.stderr)
            taken = None
        print(json.dumps(taken / half if taken and taken > 0 else None), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2])
    else:
        main()
