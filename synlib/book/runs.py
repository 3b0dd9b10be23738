"""The stored runs of the chapters at the sizes of the papers: made, described and repeated.

`synlib.stored` is their format, and `synlib.sweep` finds them; here is which files they are in, and
how it is seen that they are still what the library computes.
"""

import datetime
import os
import random
import re
from dataclasses import dataclass, replace
from importlib.metadata import version

import click
import llvmlite.binding as llvm

from synlib import archives, stored
from synlib._described import of_library, revived
from synlib._keys import can_import, packages_of
from synlib.book import notebooks
from synlib.sweep import run_once, seed_state

# relative, of numbers that are not whole: what perceptrons multiply, and what goes to the ledger of
# a network, may be added in another order on another processor or after any change of the kernels,
# and what goes to that of spiking neurons on another processor; else runs are the same to the last
# bit. Whole numbers are, always: steps and writes show any change of what is learned.
TOLERANCE = 1e-9
TO_THE_BIT = "spiking"  # how the names of functions begin whose energies are added as written


@dataclass(frozen=True)
class Drawn:
    """A stored run that is to be computed again.

    Parameters
    ----------
    name : str
        Chapter and number in its file, such as 5:317.
    run : Run
    is_of_here : bool
        Whether it was computed on a processor like that of this computer.
    """

    name: str
    run: stored.Run
    is_of_here: bool = True


def path_of(chapter):
    """The file of the stored runs of a chapter, which may not be there."""
    return notebooks.ROOT / "book" / "runs" / f"{chapter}.json.gz"


def use_stored(chapter):
    """Let `synlib.sweep` look among the stored runs of a chapter, in whatever profile it runs.

    For a chapter that not every installation can compute. Who runs the chapters has a say first:
    ``$SYNLIB_STORED`` stays as it is.
    """
    path = path_of(chapter)
    os.environ.setdefault(stored.FILE, str(path) if path.is_file() else "")


def store(chapter, notes):
    """Write all runs of a chapter in place of what is stored: some of that, and what is new."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    runs = [_opened(chapter).find(key) for key in notes.known]
    runs += [replace(run, made=today) for run in notes.finished]
    days = sorted({run.made for run in runs})
    processors = _opened(chapter).header.get("processors", ["unknown"]) if notes.known else []
    header = {
        "chapter": chapter,
        "made": [days[0], days[-1]],
        "versions": {name: version(name) for name in ("synlib", "numpy", "numba")},
        "processors": sorted({*processors, llvm.get_host_cpu_name()}),
        "seconds": round(sum(run.seconds for run in runs)),
    }
    stored.write(path_of(chapter), header, runs)


def seconds(chapter):
    """The processor time that the runs of a chapter take; 0 if that is not known."""
    path = path_of(chapter)
    return stored.header(path)["seconds"] if path.is_file() else 0


def made(chapter):
    """The days on which the first and the last of the stored runs of a chapter were made."""
    return tuple(map(datetime.date.fromisoformat, stored.header(path_of(chapter))["made"]))


def where_from(chapter, profile, n_stored, n_computed):
    """Where the numbers on a page come from, in a sentence or two; empty if there were no runs.

    Examples
    --------
    >>> where_from("01_perceptron_energy", "quick", 0, 200)
    'At small sizes, which take seconds: 200 runs, computed for this page.'
    """
    total = n_stored + n_computed
    if not total:
        return ""
    size = (
        "At the size of the papers" if profile == "paper" else "At small sizes, which take seconds"
    )
    if notebooks.has_one_size(notebooks.find(chapter)):
        size = "This chapter has one size"
    if not n_stored:
        each = "all " if profile == "paper" else ""
        return f"{size}: {total:,} runs, {each}computed for this page."
    first, last = (f"{day.day} {day:%B %Y}" for day in made(chapter))
    kept = f"stored on {last}" if first == last else f"stored between {first} and {last}"
    if not n_computed:
        return f"{size}: {total:,} runs, all {kept}."
    return f"{size}: {n_stored:,} runs {kept}, and {n_computed:,} computed for this page."


def find(name):
    """The stored run with a name such as 5:317, the 317th of chapter 5.

    Returns
    -------
    Drawn
    """
    match = re.fullmatch(r"(\w+):(\d+)", name)
    if not match:
        raise click.UsageError(f"a stored run is named CHAPTER:NUMBER, such as 5:317; got {name!r}")
    chapter = notebooks.find(match[1]).stem
    known, number = _drawn(chapter), int(match[2])
    if not 1 <= number <= len(known):
        raise click.UsageError(f"{chapter} has the stored runs 1 to {len(known)}, got {number}")
    return known[number - 1]


def draw(seed, budget):
    """Stored runs drawn at random, of any chapter, until they take so many seconds together.

    One of each experiment comes first, if it takes an eighth of them at most: a change that voids
    the few runs of one experiment would seldom be found by chance. Runs on data or with packages
    that are not on this computer are left out.

    Parameters
    ----------
    seed : int
    budget : float
        Processor time when they were made, in seconds; at least one run is drawn.

    Returns
    -------
    list of Drawn
    """
    chapters = [path.stem for path in notebooks.all_notebooks() if path_of(path.stem).is_file()]
    known = [found for chapter in chapters for found in _drawn(chapter)]
    random.Random(seed).shuffle(known)
    possible = {found.name: found for found in known if _can_be_repeated(found.run)}
    first = {}
    for found in possible.values():
        if found.run.seconds <= budget / 8:
            first.setdefault(found.run.function, found)
    drawn, spent = [], 0.0
    for found in ({each.name: each for each in first.values()} | possible).values():
        if drawn and spent >= budget:
            break
        drawn.append(found)
        spent += found.run.seconds
    return drawn


def lacking(function):
    """Packages that a function, by its name, needs and that are not installed: a list of str."""
    return [name for name in packages_of(of_library(function)) if not can_import(name)]


def chapters_lacking():
    """Chapters with stored runs that cannot be computed here: a list of packages for each."""
    found = {}
    for path in notebooks.all_notebooks():
        if path_of(path.stem).is_file():
            functions = _opened(path.stem).functions
            packages = sorted({name for function in functions for name in lacking(function)})
            found |= {path.stem: packages} if packages else {}
    return found


def repeat(drawn):
    """Compute a stored run again.

    Parameters
    ----------
    drawn : Drawn

    Returns
    -------
    list of str
        What differs from what is stored; empty if nothing does.
    """
    run = drawn.run
    arguments = {name: revived(value) for name, value in run.arguments.items()}
    records, _ = run_once(
        of_library(run.function), arguments | {"random_state": seed_state(run.seed)}
    )
    name = run.function.rpartition(".")[2]
    is_exact = drawn.is_of_here and name.startswith(TO_THE_BIT)
    return stored.differences(run, records, 0.0 if is_exact else TOLERANCE)


def summary(run):
    """A run in a line.

    Examples
    --------
    >>> summary(stored.Run("synlib.experiments.perceptron_run", {"load": 1.5}, 3, []))
    'perceptron_run, load=1.5, run 3'
    """
    arguments = [f"{name}={revived(value)!r}" for name, value in run.arguments.items()]
    return ", ".join([run.function.rpartition(".")[2], *arguments, f"run {run.seed}"])


def _opened(chapter):
    path = path_of(chapter)
    if not path.is_file():
        raise click.ClickException(f"no runs of {chapter} are stored: `synlib runs {chapter}`")
    return stored.opened(path)


def _drawn(chapter):
    """All stored runs of a chapter, as `Drawn`, in order."""
    kept = _opened(chapter)
    is_of_here = kept.header.get("processors") == [llvm.get_host_cpu_name()]
    return [
        Drawn(f"{int(chapter[:2])}:{number}", kept.find(key), is_of_here)
        for number, key in enumerate(kept, start=1)
    ]


def _can_be_repeated(run):
    return not lacking(run.function) and all(map(_is_here, run.arguments.values()))


def _is_here(argument):
    """Whether an argument is no data set, or one that is on this computer."""
    if not (isinstance(argument, dict) and "dataset" in argument):
        return True
    wanted = [archive for archive in archives.ARCHIVES if archive.folder == argument["dataset"]]
    return all(archives.find(archive) for archive in wanted)
