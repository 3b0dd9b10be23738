"""Finished runs as compressed text: kept with a book, and looked up by `sweep` instead of computed.

A file is gzipped JSON, one object a line: first a header, which says what the runs are for, when
they were made and the versions they were made with; then groups of runs of one function whose
records have the same entries, in columns. Numbers are written so that they are read to the last
bit. Nothing in a file is code, and reading one runs nothing.

A run is known by its function, its arguments, its number, and the checksums of the data sets that
it names. The code is no part of that: whoever keeps runs repeats some of them from time to time.
"""

import gzip
import json
import math
import os
import tempfile
import time
import zlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from synlib import _columns
from synlib._described import NotStorable, plain

# entries that say with what a run was made, and may differ between equal runs
VERSIONS = ("synlib", "numpy", "numba", "python", "torch")
# environment variables: the file where `sweep` looks for runs, and the folder where it tells who
# runs a chapter what it has found and computed
FILE = "SYNLIB_STORED"
NOTES = "SYNLIB_NOTES"


@dataclass(frozen=True)
class Run:
    """One finished run.

    Parameters
    ----------
    function : str
        Module and name of a function of the library.
    arguments : dict
        Its arguments but ``random_state``, as `described`.
    seed : int
        Number of the run, see `synlib.sweep.seed_state`.
    records : list of dict
        What it returned.
    seconds : float
        Processor time it took.
    made : str
        The day on which it was computed, as in 2026-11-26.
    """

    function: str
    arguments: dict
    seed: int
    records: list
    seconds: float = 0.0
    made: str = ""

    @property
    def key(self):
        """A text by which the run is known."""
        return key(self.function, self.arguments, self.seed)


class StoredRuns:
    """The runs in a file.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    header : dict
        ``chapter``, ``made`` (the days of the first and the last run), ``versions``, ``seconds``.

    Raises
    ------
    ValueError
        If the file does not hold stored runs.
    """

    def __init__(self, path):
        self.path = path
        try:
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                self.header = json.loads(next(lines))
                self._groups = list(map(json.loads, lines))
            self._places = {
                key(group["function"], arguments, seed): (group, number)
                for group in self._groups
                for number, (arguments, seed) in enumerate(_calls(group))
            }
        except (OSError, EOFError, zlib.error, StopIteration, *_columns.MALFORMED) as error:
            raise self._unreadable(error) from error
        self._decoded = {}

    def __len__(self):
        return len(self._places)

    def __iter__(self):
        """Keys of all runs, in the order of the file."""
        return iter(self._places)

    @property
    def functions(self):
        """Names of the functions of all runs."""
        return list(dict.fromkeys(group["function"] for group in self._groups))

    def find(self, wanted):
        """The `Run` with a key, or None."""
        if wanted not in self._places:
            return None
        group, number = self._places[wanted]
        if id(group) not in self._decoded:
            try:
                self._decoded[id(group)] = _decode(group)
            except _columns.MALFORMED as error:
                raise self._unreadable(error) from error
        return self._decoded[id(group)][number]

    def _unreadable(self, error):
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return ValueError(f"{self.path} does not hold stored runs ({reason})")


def header(path):
    """The first line of a file of stored runs."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return json.loads(next(lines))


@cache
def _opened(path, changed):
    return StoredRuns(path)


def opened(path):
    """The `StoredRuns` in a file, read once as long as it does not change."""
    return _opened(path, os.stat(path).st_mtime_ns)


def write(path, header, runs):
    """Write runs into a file, which is there as a whole or stays as it was.

    Parameters
    ----------
    path : path
    header : dict
    runs : iterable of Run
        Of several runs with one key the first is kept.

    Raises
    ------
    NotStorable
        If a record has an entry that is no number, text, truth value or None.
    """
    runs = list({run.key: run for run in reversed(list(runs))}.values())[::-1]
    groups = {}
    for run in runs:
        names = [tuple(record) for record in run.records]
        if len(set(names)) > 1:
            raise NotStorable(f"records of one run of {run.function} have different entries")
        groups.setdefault((run.function, tuple(run.arguments), *names[:1]), []).append(run)
    lines = [header, *map(_encode, groups.values())]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            # neither a name nor a time: the same runs are the same file
            file.write(gzip.compress(text.encode(), 9, mtime=0))
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def key(function, arguments, seed):
    """A text by which a run is known.

    Examples
    --------
    >>> key("synlib.experiments.perceptron_run", {"load": 1.0}, 3)
    '["synlib.experiments.perceptron_run",{"load":1.0},3]'
    """
    arguments = dict(sorted(arguments.items()))
    return json.dumps([function, arguments, seed], separators=(",", ":"))


@dataclass(frozen=True)
class Notes:
    """What the sweeps of a chapter have found and computed.

    Parameters
    ----------
    known : list of str
        Keys of the runs that were stored, in order.
    finished : list of Run
        Those that were not, in order.
    others : int
        Runs that failed, or cannot be stored.
    """

    known: list
    finished: list
    others: int


def leave_note(folder, notes):
    """Tell what one sweep has found and computed, in a folder of notes."""
    text = json.dumps(asdict(notes), default=plain)
    # the order of the sweeps is that of the files
    (Path(folder) / f"{time.time_ns():020}.json").write_text(text, "utf-8")


def notes(folder):
    """What all sweeps that left a note in a folder have found and computed together.

    Returns
    -------
    Notes
    """
    known, finished, others = {}, {}, 0
    for path in sorted(Path(folder).glob("*.json")):
        note = json.loads(path.read_text("utf-8"))
        known |= dict.fromkeys(note["known"])
        for run in (Run(**entries) for entries in note["finished"]):
            finished.setdefault(run.key, run)
        others += note["others"]
    return Notes(list(known), list(finished.values()), others)


def differences(run, records, tolerance=0.0):
    """How the records of a run that was repeated differ from what is stored.

    Parameters
    ----------
    run : Run
    records : list of dict
    tolerance : float
        Relative difference that is allowed between fractional numbers.

    Returns
    -------
    list of str
        For each entry that differs where it does, what is stored and what was found. Versions may
        differ.

    Examples
    --------
    >>> run = Run("synlib.experiments.f", {}, 0, [{"step": 1, "total": 2.0}])
    >>> differences(run, [{"step": 1, "total": 2.5}])
    ['total is stored as 2.0, and is now 2.5']
    """
    if len(run.records) != len(records):
        return [f"there are {len(run.records)} records stored, and {len(records)} now"]
    found = []
    for number, (before, now) in enumerate(zip(run.records, records, strict=True)):
        where = f" in record {number}" if len(records) > 1 else ""
        for name in dict.fromkeys([*before, *now]):
            pair = [plain(record.get(name, "nothing")) for record in (before, now)]
            if name not in VERSIONS and not _equal(*pair, tolerance):
                found.append(f"{name} is stored as {pair[0]!r}{where}, and is now {pair[1]!r}")
    return found


def _equal(a, b, tolerance):
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (a != a and b != b) or math.isclose(a, b, rel_tol=tolerance)
    if isinstance(a, str) and a.endswith(")") and b.startswith(f"{a[:-1]}, "):
        return True  # a rule or memory that has got settings since; they have their defaults
    return a == b


def _encode(runs):
    """Runs of one function, whose arguments and records have the same entries, in columns."""
    calls = [[run.arguments | {"seed": run.seed}] for run in runs]
    records = [[_plain_record(record) for record in run.records] for run in runs]
    return {
        "function": runs[0].function,
        "arguments": _columns.encode(calls),
        "costs": _columns.encode([[{"seconds": run.seconds, "made": run.made}] for run in runs]),
        "rows": list(map(len, records)),
        "columns": _columns.encode(records),
    }


def _calls(group):
    """Arguments and number of each run of a group."""
    for (call,) in _columns.decode(group["arguments"], [1] * len(group["rows"])):
        yield call, call.pop("seed")


def _decode(group):
    """The runs of a group."""
    records = _columns.decode(group["columns"], group["rows"])
    costs = _columns.decode(group["costs"], [1] * len(group["rows"]))
    return [
        Run(group["function"], arguments, seed, of_run, **cost)
        for (arguments, seed), of_run, (cost,) in zip(_calls(group), records, costs, strict=True)
    ]


def _plain_record(record):
    return {name: plain(value) for name, value in record.items()}
