"""A run is looked up only if what it runs, and all that this refers to, is the same."""

import functools
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from synlib import _keys
from synlib._identity import UnknownIdentity, identity
from synlib.experiments import perceptron_run
from synlib.sweep import sweep


def defined(source, name="run", **names):
    """What a text defines, as if it were typed at a prompt."""
    namespace = {"__name__": "__main__", **names}
    exec(textwrap.dedent(source), namespace)
    return namespace[name]


def scaled(scale):
    def run(*, x, random_state):
        return {"y": scale * x}

    return run


class Scale:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, *, x, random_state):
        return {"y": self.scale * x}

    def run(self, *, x, random_state):
        return {"y": self.scale * x}


def positional(scale, *, x, random_state):
    return {"y": scale * x}


def decorated(scale):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(**arguments):
            return {"y": scale * function(**arguments)["y"]}

        return wrapper

    return decorate(scaled(1))


RUN = "def run(*, x, random_state): return {'y': %s}"
TWO = {
    "closures": [scaled(1), scaled(10)],
    # two on a line have the same source
    "lambdas": [lambda **a: {"y": a["x"]}, lambda **a: {"y": 10 * a["x"]}],
    "keyword defaults": [
        defined(f"def run(*, x, random_state, s={s}): return {{'y': s * x}}") for s in (1, 10)
    ],
    "defaults": [
        defined(f"def run(x, random_state, s={s}): return {{'y': s * x}}") for s in (1, 10)
    ],
    "globals": [defined(RUN % "S * x", S=s) for s in (1, 10)],
    "helpers": [defined(RUN % "f(x)" + f"\ndef f(x): return {s} * x") for s in (1, 10)],
    "helpers of helpers": [
        defined(RUN % "f(x)" + f"\ndef f(x): return g(x)\ndef g(x): return {s} * x")
        for s in (1, 10)
    ],
    "helpers that call each other": [
        defined(
            RUN % "f(x, 3)"
            + f"\ndef f(x, n): return g(x, n - 1) if n else {s} * x\ndef g(x, n): return f(x, n)"
        )
        for s in (1, 10)
    ],
    "inner functions": [defined(RUN % f"(lambda: {s} * x)()") for s in (1, 10)],
    "inner functions with globals": [defined(RUN % "(lambda: S * x)()", S=s) for s in (1, 10)],
    "redefined": [defined(RUN % f"{s} * x") for s in (1, 10)],
    "decorators": [decorated(1), decorated(10)],
    "methods": [Scale(1).run, Scale(10).run],
    "callable objects": [Scale(1), Scale(10)],
    "partial": [functools.partial(positional, s) for s in (1, 10)],
    "partial of partial": [
        functools.partial(functools.partial(positional, s), x=0) for s in (1, 10)
    ],
    "arrays": [defined(RUN % "float(S[0] * x)", S=np.array([s])) for s in (1, 10)],
    "classes": [
        defined(f"class C:\n    def f(self, x): return {s} * x\n" + RUN % "C().f(x)")
        for s in (1, 10)
    ],
    "inherited": [
        defined(
            f"class A:\n    s = {s}\nclass B(A):\n    @property\n    def f(self): return self.s\n"
            + RUN % "B().f * x"
        )
        for s in (1, 10)
    ],
    "compared with the other type": [defined(RUN % s) for s in ("x", "float(10 * x)")],
    "kept by lru_cache": [
        defined(
            f"import functools\n@functools.lru_cache\ndef f(x): return {s} * x\n" + RUN % "f(x)"
        )
        for s in (1, 10)
    ],
}


@pytest.mark.parametrize("name", TWO)
def test_another_function_is_not_answered_from_the_cache(tmp_path, name):
    options = dict(x=3, n_jobs=1, cache=tmp_path)
    answers = [sweep(function, **options)["y"][0] for function in TWO[name]]
    assert answers == [3, 30]
    assert len(list(tmp_path.rglob("output.pkl"))) == 2
    assert [sweep(function, **options)["y"][0] for function in TWO[name]] == [3, 30]
    assert len(list(tmp_path.rglob("output.pkl"))) == 2


def test_a_module_of_the_users_is_followed(tmp_path, monkeypatch):
    helper = tmp_path / "my_helper.py"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    ways = [
        "import my_helper\n" + RUN % "my_helper.scale(x)",
        "from my_helper import scale\n" + RUN % "scale(x)",
        "def run(*, x, random_state):\n    import my_helper\n    return {'y': my_helper.scale(x)}",
        "def run(*, x, random_state):\n    from my_helper import scale\n    return {'y': scale(x)}",
    ]
    for number, way in enumerate(ways):
        found = []
        for s in (1, 10):
            helper.write_text(f"S = {s}\nunused = {number}\ndef scale(x): return S * x\n")
            sys.modules.pop("my_helper", None)
            found.append(sweep(defined(way), x=3, n_jobs=1, cache=tmp_path / "cache")["y"][0])
        assert found == [3, 30], way
    sys.modules.pop("my_helper", None)


def test_what_is_not_used_of_a_module_does_not_matter(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    function = "import my_other\n" + RUN % "my_other.scale(x)"
    names = set()
    for unused in (1, 2):
        text = (
            f"import threading\nlock = threading.Lock()\nunused = {unused}\ndef scale(x): return x"
        )
        (tmp_path / "my_other.py").write_text(text + "\n")
        sys.modules.pop("my_other", None)
        names.add(identity(defined(function)))
    sys.modules.pop("my_other", None)
    assert len(names) == 1


def test_the_same_text_is_the_same_function_in_another_process():
    program = (
        "from synlib._identity import identity\n"
        "from dataclasses import dataclass, field\n"
        "@dataclass(frozen=True)\nclass R:\n    a: float | None = 1.0\n"
        "    b: list = field(default_factory=list)\n    def f(self): return {'x', 'yy', 'zzz'}\n"
        "S = {'a': {1, 'b', None}, 'b': R()}\n"
        "def run(*, x, random_state): return {'y': S['b'].f()}\n"
        "print(identity(run), identity(R(2.0)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program.replace("\n@", gap)],
            capture_output=True, text=True, check=True,
        ).stdout
        for gap in ("\n@", "\n\n# a comment moves all lines\n@")
    }  # fmt: skip
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("source", "names", "reason"),
    [
        (RUN % "eval('x')", {}, "uses eval"),
        (RUN % "evaluate('x')", {"evaluate": eval}, "eval may do anything"),
        (RUN % "LOCK and x", {"LOCK": threading.Lock()}, "cannot pickle"),
        (RUN % "next(NUMBERS)", {"NUMBERS": iter([1, 2, 3])}, "changes when it is used"),
        ("import importlib\n" + RUN % "importlib.import_module('math')", {}, "import_module"),
    ],
)
def test_what_cannot_be_known_is_computed_and_not_kept(tmp_path, source, names, reason):
    function = defined(source, **names)
    with pytest.warns(UserWarning, match=f"runs of run are not kept: .*{reason}"):
        table = sweep(function, x=1, n_jobs=1, cache=tmp_path)
    assert len(table) == 1
    assert not list(tmp_path.rglob("output.pkl"))
    with pytest.raises(UnknownIdentity, match=reason):
        identity(function)


@pytest.mark.parametrize(
    "source",
    [
        "N = 0\ndef run(*, x, random_state):\n    global N\n    N += 1\n    return {'y': N}",
        "def make():\n    n = 0\n    def f(*, x, random_state):\n        nonlocal n\n"
        "        n += 1\n        return {'y': n}\n    return f\nrun = make()",
        "import numpy as np\nrng = np.random.default_rng(0)\n" + RUN % "rng.random()",
        "SEEN = []\n" + RUN % "len(SEEN.append(x) or SEEN)",
    ],
)
def test_a_function_that_a_run_changes_is_not_kept(tmp_path, source):
    with pytest.warns(UserWarning, match="3 of 3 runs are not kept: .*before and after"):
        table = sweep(defined(source), x=[1, 2, 3], n_jobs=1, cache=tmp_path)
    assert table["y"].nunique() == 3
    assert not list(tmp_path.rglob("output.pkl"))


RULE = """
from dataclasses import dataclass
@dataclass(frozen=True)
class Rule:
    fraction: float = 0.5
    def apply(self, x):
        return {s} * x * self.fraction
"""


def test_the_code_of_an_argument_counts(tmp_path):
    def run(*, rule, random_state):
        return {"y": rule.apply(2)}

    rules = [defined(RULE.format(s=s), "Rule") for s in (1, 10)]
    for _ in range(2):
        answers = [sweep(run, rule=rule(), n_jobs=1, cache=tmp_path)["y"][0] for rule in rules]
        assert answers == [1, 10]
    assert sweep(run, rule=[rules[0](1.0)], n_jobs=1, cache=tmp_path)["y"][0] == 2
    assert len(list(tmp_path.rglob("output.pkl"))) == 3


@dataclass
class Counter:
    n: int = 0


def test_no_run_sees_what_another_did_to_an_argument():
    def run(*, counter, x, random_state):
        counter.n += x
        return {"n": counter.n}

    counter = Counter()
    for n_jobs in (1, 2):
        table = sweep(run, counter=counter, x=[1, 2], n_jobs=n_jobs, cache=False)
        assert list(table["n"]) == [1, 2]
    assert counter.n == 0


WORKERS = """
import functools, sys
from dataclasses import dataclass
from synlib.sweep import sweep

SCALE = {"a": 2.0}

@dataclass(frozen=True)
class Rule:
    s: float = 3.0
    def apply(self, x): return self.s * helper(x)

def helper(x): return SCALE["a"] * x

def timed(function):
    @functools.wraps(function)
    def wrapper(**arguments): return function(**arguments)
    return wrapper

@timed
def run(*, x, rule, random_state): return {"y": rule.apply(x)}

def plain(*, x, rule, random_state): return {"y": rule.apply(x)}

if __name__ == "__main__":
    short = lambda *, x, rule, random_state: {"y": rule.apply(x)}
    for function in (run, plain, functools.partial(plain), short):
        print(list(sweep(function, x=[1, 2], rule=Rule(), n_jobs=2, cache=sys.argv[1])["y"]))
"""


def test_workers_keep_what_the_main_module_defines(tmp_path):
    script, cache = tmp_path / "script.py", tmp_path / "cache"
    script.write_text(WORKERS)
    for way in ([str(script)], ["-c", WORKERS]):
        command = [sys.executable, "-W", "error", *way, str(cache)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert result.stdout.split("\n")[:-1] == ["[6.0, 12.0]"] * 4
    # the same in both ways
    assert len(list(cache.rglob("output.pkl"))) == 8


def test_library_functions_need_no_look_at_their_code(tmp_path, monkeypatch):
    monkeypatch.setattr(_keys, "identity", lambda value: repr(value))
    captured, keys = _keys.run_keys(perceptron_run, [(0, {"load": 0.5})])
    assert captured is None
    assert keys == ["synlib.experiments.perceptron_run\nseed 0\nload 0.5"]


def test_versions_and_bundled_data_count(monkeypatch):
    versions = set()
    for change in (None, "numpy", "numba"):
        _keys.library_version.cache_clear()
        known = {name: "0" if name == change else "1" for name in _keys.PACKAGES}
        monkeypatch.setattr(_keys.metadata, "version", known.get)
        versions.add(_keys.library_version())
    _keys.library_version.cache_clear()
    assert len(versions) == 3
