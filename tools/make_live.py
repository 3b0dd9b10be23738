"""Compile the kernels for the pages of the book: ``make live`` -> book/_static/live/synlib.wasm.

Numba turns the entries of `synlib.book.live` into LLVM's language, LLVM that into WebAssembly, and
Zig's compiler links it with a memory allocator. Nothing is optimised for this machine on the way:
only then are the fields of structures named, and not counted in bytes of its pointers.

The module carries a section "synlib", JSON: the names and kinds of the arguments of its entries,
the hash of the sources it was made from, and the versions of what made it.
"""

import hashlib
import importlib.metadata
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "book" / "_static" / "live" / "synlib.wasm"
RUNTIME = Path(__file__).with_name("live_runtime.c")
TRIPLE, FEATURES = "wasm32-unknown-wasi", "+simd128,+bulk-memory,+nontrapping-fptoint"
SECTION = "synlib"


def sources():
    """All that the module is made from."""
    package = ROOT / "synlib"
    found = [*package.glob("_kernels/*.py"), *package.glob("book/live/*.py")]
    # some compute nothing
    others = ("kept.py", "warm.py", "pages.py", "settings.py")
    found = [path for path in found if path.name not in others]
    constants = [package / "spiking.py", package / "_random.py"]
    return sorted([*found, *constants, Path(__file__), RUNTIME])


def version_of_sources():
    """Names the content of all sources."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def makers():
    """The versions of what makes the module: with the same ones, its bytes are the same."""
    packages = ("numpy", "numba", "llvmlite", "ziglang")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python": python} | {name: importlib.metadata.version(name) for name in packages}


def main():
    """Make the module, in a process of its own: Numba reads its settings once."""
    if "--here" in sys.argv:
        target = Path(sys.argv[-1])
    else:
        target = MODULE
        with tempfile.TemporaryDirectory() as kernels:
            settings = {"NUMBA_OPT": "0", "NUMBA_CACHE_DIR": kernels, "PYTHONHASHSEED": "0"}
            command = [sys.executable, __file__, "--here", str(target)]
            sys.exit(subprocess.run(command, env=os.environ | settings, check=False).returncode)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(make())
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


def make():
    """The bytes of the module."""
    from numba.core.errors import NumbaWarning

    from synlib._rules import KINDS
    from synlib.book.live.entries import ENTRIES
    from synlib.energy import LEDGER
    from synlib.memory import SCOPES

    warnings.filterwarnings("ignore", "Cannot cache", NumbaWarning)  # once is enough
    signatures = {}
    codes = []
    for entry in ENTRIES:
        parameters = inspect.signature(entry).parameters.values()
        signatures[entry.__name__] = {p.name: str(p.annotation) for p in parameters}
        codes.append(_llvm(entry, [p.annotation for p in parameters]))
    described = {
        "entries": signatures,
        "scopes": SCOPES,
        "rules": KINDS,
        "ledger": LEDGER,
        "sources": version_of_sources(),
        "made_with": makers(),
    }
    module = _linked(_compiled(codes, list(signatures)), list(signatures))
    return module + _section(json.dumps(described, separators=(",", ":")).encode())


def _llvm(entry, kinds):
    """An entry in LLVM's language, called by its name, with a pointer and a length per array."""
    from numba import carray, cfunc, njit, types

    flat, arguments, given = [], [], []
    for i, kind in enumerate(kinds):
        if isinstance(kind, types.Array):
            flat += [types.CPointer(kind.dtype), types.int64]
            arguments += [f"a{i}", f"n{i}"]
            given.append(f"carray(a{i}, (n{i},))")
        else:
            flat.append(kind)
            arguments.append(f"a{i}")
            given.append(f"a{i}")
    names = {"carray": carray, "entry": njit(error_model="numpy")(entry)}
    source = f"def flat({', '.join(arguments)}):\n    return entry({', '.join(given)})\n"
    exec(source, names)
    names["flat"].__name__ = names["flat"].__qualname__ = f"flat_{entry.__name__}"
    compiled = cfunc(types.int64(*flat), nopython=True, error_model="numpy")(names["flat"])
    code = compiled.inspect_llvm()
    code = _without(code, r"cfunc\.")
    for name in ("NRT_incref", "NRT_decref"):  # with the atomic operations of this processor
        code = _without(code, name) + f"\ndeclare void @{name}(ptr)\n"
    (mangled,) = re.findall(rf"^define [^\n]*@(\w*flat_{entry.__name__}\w*)\(", code, re.M)
    code = re.sub(rf"\b{mangled}\b", entry.__name__, code)
    code = re.sub(r'"target-(cpu|features)"="[^"]*"', "", code)
    code = code.replace("= common ", "= weak ")  # WebAssembly has no common symbols
    # what Python would be told of an error, and where its objects are, is of no use elsewhere
    code = re.sub(r"(@numba\.dynamic\.globals\.\w+ = .*) inttoptr .*", r"\1 null", code)
    code = re.sub(
        r"^(@\.const\.picklebuf\.[\w.]+ = .*constant \{ ptr, i32, ptr, ptr, i32 \}) .*$",
        r"\1 zeroinitializer", code, flags=re.M,
    )  # fmt: skip
    for name in ("__excinfo_unwrap_args", r"\w*ol_raise_with_shape_context"):
        code = _trapped(code, name)
    return code


def _without(code, name):
    """LLVM code without the definitions of some functions."""
    return re.sub(rf'^define [^\n]*@"?{name}[^\n]*\{{\n.*?^\}}\n', "", code, flags=re.M | re.S)


def _trapped(code, name):
    """LLVM code in which calling some functions ends everything."""
    body = "{\\nentry:\\n  call void @llvm.trap()\\n  unreachable\\n}\\n"
    pattern = rf'^(define [^\n]*@"?{name}[^\n]*)\{{\n.*?^\}}\n'
    return re.sub(pattern, rf"\1{body}", code, flags=re.M | re.S)


def _compiled(codes, entries):
    """An object file for WebAssembly, of all entries together."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE)
    machine = target.create_target_machine(opt=3, features=FEATURES)
    whole = None
    for code in codes:
        code = re.sub('target triple = ".*"', f'target triple = "{TRIPLE}"', code)
        layout = f'target datalayout = "{machine.target_data}"'
        code = re.sub('target datalayout = ".*"', layout, code)
        part = llvm.parse_assembly(code)
        part.verify()
        if whole is None:
            whole = part
        else:
            whole.link_in(part)
    for function in whole.functions:
        if not function.is_declaration and function.name not in entries:
            function.linkage = "internal"
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(whole, builder)
    return machine.emit_object(whole)


def _linked(code, entries):
    """The module, with what it needs of a C library."""
    with tempfile.TemporaryDirectory() as folder:
        kernels, module = Path(folder, "kernels.o"), Path(folder, "synlib.wasm")
        kernels.write_bytes(code)
        command = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi"]
        command += ["-mexec-model=reactor", "-O3", "-msimd128", RUNTIME, kernels, "-o", module]
        exported = [*entries, "malloc", "free"]
        command += [f"-Wl,--export={name}" for name in exported]
        command += ["-Wl,--gc-sections", "-Wl,--strip-all"]
        subprocess.run(command, check=True, cwd=folder)
        return module.read_bytes()


def _section(content):
    """A custom section of a module of WebAssembly."""
    name = SECTION.encode()
    body = _length(len(name)) + name + content
    return b"\0" + _length(len(body)) + body


def _length(number):
    """A number as WebAssembly writes lengths: seven bits a byte, the lowest first (LEB128)."""
    code = bytearray()
    while number > 127:
        code.append(number & 127 | 128)
        number >>= 7
    return bytes([*code, number])


if __name__ == "__main__":
    main()
