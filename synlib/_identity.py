"""What a function does, as a short text: the same only if its code and all it refers to are.

The code is what Python runs, not what a file says, so that it does not matter where a function was
typed. Everything it reaches is followed: values in closures and defaults, globals, other functions,
classes and modules of the user's. What is installed counts by its name and version.
"""

import dis
import functools
import hashlib
import importlib
import importlib.util
import itertools
import types
from functools import cache

import numpy as np

from synlib._origin import is_installed, origin, release

# what these do cannot be read off the code
OPAQUE = {"eval", "exec", "compile", "globals", "__import__"}
LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
# of a class: what says nothing about what it does, or says again what is said elsewhere
SPARED = {
    "__abstractmethods__", "__annotate__", "__annotate_func__", "__annotations__",
    "__annotations_cache__", "__dataclass_fields__", "__dataclass_params__", "__dict__", "__doc__",
    "__firstlineno__", "__module__", "__static_attributes__", "__weakref__", "_abc_impl",
}  # fmt: skip
PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented), range)
ANNOTATIONS = (types.GenericAlias, types.UnionType)
DESCRIBED = (
    types.BuiltinFunctionType, types.GetSetDescriptorType, types.MemberDescriptorType,
    types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType,
    types.MethodWrapperType, np.ufunc,
)  # fmt: skip


class UnknownIdentity(Exception):
    """Something has no identity that could be told; the message says what."""


def identity(value):
    """A short text that is the same for two values only if they are, and do, the same.

    Raises
    ------
    UnknownIdentity
        If that cannot be known.
    """
    try:
        return _Walk().digest(value)
    except RecursionError:
        raise UnknownIdentity(f"{_name(value)} is nested too deeply") from None


def is_library(function):
    """Whether a function is the library's own, so that the library's version says all about it."""
    code = getattr(function, "__code__", None)
    return (
        isinstance(function, types.FunctionType)
        and not function.__closure__
        and origin(code.co_filename) == "synlib"
    )


class _Walk:
    """One way through everything that a value reaches."""

    def __init__(self):
        self.known = {}  # digests by address; the value is kept, else its address were used again
        self.above = {}  # values that are being looked at, by address: a circle ends there

    def digest(self, value):
        if isinstance(value, PLAIN) and type(value).__module__ == "builtins":
            return _hash(type(value).__name__, repr(value))
        if id(value) in self.known:
            return self.known[id(value)][0]
        if id(value) in self.above:
            return _hash("circle", self.above[id(value)])
        self.above[id(value)] = len(self.above)
        try:
            found = _hash(*self.parts(value))
        finally:
            del self.above[id(value)]
        self.known[id(value)] = found, value
        return found

    def digests(self, *values):
        return [self.digest(value) for value in values]

    def parts(self, value):
        """What makes up a value: texts and bytes."""
        match value:
            case types.ModuleType():
                return self.module(value)
            case type():
                return self.class_(value)
            case types.FunctionType():
                return self.function(value)
            case types.CodeType():
                return self.code(value)
            case types.MethodType():
                return ["method", *self.digests(value.__self__, value.__func__)]
            case types.CellType():
                try:
                    return ["cell", self.digest(value.cell_contents)]
                except ValueError:
                    return ["empty cell"]
            case functools.partial():
                return ["partial", *self.digests(value.func, value.args, value.keywords)]
            case property():
                return ["property", *self.digests(value.fget, value.fset, value.fdel)]
            case staticmethod() | classmethod():
                return [type(value).__name__, self.digest(value.__func__)]
            case functools.cached_property():
                return ["cached property", self.digest(value.func)]
            case np.dtype():
                return ["dtype", repr(value)]
        if isinstance(value, np.ndarray | np.generic):
            return self.array(value)
        if isinstance(value, DESCRIBED):
            return self.described(value)
        if type(value).__module__ == "typing" or isinstance(value, ANNOTATIONS):
            return ["annotation", repr(value)]
        if type(value) in (tuple, list):
            return [type(value).__name__, *self.digests(*value)]
        if type(value) in (dict, types.MappingProxyType):
            return ["dict", *self.digests(*itertools.chain(*value.items()))]
        if type(value) in (set, frozenset):
            return [type(value).__name__, *sorted(self.digests(*value))]
        if callable(value) and hasattr(value, "py_func"):  # compiled by Numba
            return ["compiled", repr(value.targetoptions), self.digest(value.py_func)]
        if hasattr(value, "__wrapped__") and type(value).__module__ == "functools":  # lru_cache
            return ["wrapper", type(value).__qualname__, self.digest(value.__wrapped__)]
        return self.object(value)

    def array(self, value):
        if type(value) is not np.ndarray and isinstance(value, np.ndarray):
            return self.object(value)
        content = self.digest(value.tolist()) if value.dtype.hasobject else value.tobytes()
        return [type(value).__name__, repr(value.dtype), repr(np.shape(value)), content]

    def described(self, value):
        """Something built in: its name says what it does, and to what it does it."""
        if value in (eval, exec, compile, globals, __import__):
            raise UnknownIdentity(f"{value.__name__} may do anything")
        owner = getattr(value, "__self__", None)
        module = getattr(value, "__module__", None) or str(getattr(value, "__objclass__", ""))
        found = ["built in", module, getattr(value, "__qualname__", value.__name__)]
        if owner is not None and not isinstance(owner, types.ModuleType):
            return [*found, self.digest(owner)]
        if owner is not None and not is_installed(module):
            raise UnknownIdentity(f"{_name(value)} has no code that could be read")
        return [*found, release(module)]

    def object(self, value):
        """Anything else: its class, and what would be pickled of it."""
        if hasattr(value, "__next__"):
            raise UnknownIdentity(f"{_name(value)} changes when it is used")
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            raise UnknownIdentity(f"{_name(value)} cannot be compared ({error})") from None
        if isinstance(reduced, str):
            return ["global", type(value).__module__, reduced, self.digest(type(value))]
        rebuild, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        return [
            "object",
            *self.digests(type(value), rebuild, arguments, state),
            *self.digests(list(items or ()), [list(pair) for pair in pairs or ()]),
        ]

    def class_(self, value):
        name = [value.__module__, value.__qualname__]
        if is_installed(value.__module__):
            return ["class", *name, release(value.__module__)]
        content = {k: v for k, v in sorted(vars(value).items()) if k not in SPARED}
        return ["class", *name, *self.digests(type(value), value.__bases__, content)]

    def module(self, value):
        """All of a module: an installed one by its name, one of the user's by what is in it."""
        if is_installed(value.__name__):
            return ["module", value.__name__, release(value.__name__)]
        content = {k: v for k, v in sorted(vars(value).items()) if not k.startswith("__")}
        return ["module", value.__name__, self.digest(content)]

    def function(self, value):
        code = value.__code__
        if value is importlib.import_module:
            raise UnknownIdentity("import_module may do anything")
        captured = self.digests(value.__closure__ or ())
        if origin(code.co_filename):
            name = value.__globals__.get("__name__", "")
            found = ["function", name, code.co_qualname, release(name), *captured]
            if "<locals>" not in code.co_qualname:
                return found
            return found + self.digests(value.__defaults__, value.__kwdefaults__)
        found = ["function", self.digest(code), *captured]
        found += self.digests(value.__defaults__, value.__kwdefaults__, vars(value))
        for name, *attributes in _globals(code):
            if name in value.__globals__:
                found += [name, self.attribute(value.__globals__[name], attributes)]
            elif name in OPAQUE:
                raise UnknownIdentity(f"{_name(value)} uses {name}")
            if "import_module" in attributes:
                raise UnknownIdentity(f"{_name(value)} uses import_module")
        for level, name, wanted in _imports(code):
            package = value.__globals__.get("__package__")
            found += [name, self.imported("." * level + name, wanted, package)]
        return found

    def attribute(self, value, attributes):
        """What is used of a global: of a module of the user's not more than the attribute."""
        for attribute in attributes:
            if not isinstance(value, types.ModuleType) or is_installed(value.__name__):
                break
            if not hasattr(value, attribute):
                return _hash("missing", attribute)
            value = getattr(value, attribute)
        return self.digest(value)

    def imported(self, name, wanted, package):
        try:
            module = importlib.import_module(name, package)
        except ImportError:
            return _hash("missing", name)
        if "." in name and not wanted and not name.startswith("."):
            module = importlib.import_module(name.partition(".")[0])
        found = [self.digest(module)]
        for part in wanted or ():  # may be modules themselves
            if isinstance(getattr(module, part, None), types.ModuleType):
                found.append(self.digest(getattr(module, part)))
        return _hash(*found)

    def code(self, value):
        """What Python runs; neither where it was written nor its line numbers."""
        return [
            value.co_code, value.co_exceptiontable, value.co_name,
            repr((value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount)),
            repr((value.co_flags, value.co_names, value.co_varnames)),
            repr((value.co_freevars, value.co_cellvars)),
            *self.digests(*value.co_consts),
        ]  # fmt: skip


@cache
def _instructions(code):
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    own = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
    return [own, *itertools.chain(*map(_instructions, inner))]


@cache
def _globals(code):
    """Names of globals that code uses, each followed by the attributes that it takes of it."""
    found = set()
    for instructions in _instructions(code):
        for position, instruction in enumerate(instructions):
            if instruction.opname not in LOADS:
                continue
            attributes = itertools.takewhile(
                lambda i: i.opname in ("LOAD_ATTR", "LOAD_METHOD"), instructions[position + 1 :]
            )
            found.add((instruction.argval, *(i.argval for i in attributes)))
    return sorted(found)


@cache
def _imports(code):
    """Imports inside a function: how many dots, which module, what of it."""
    return [
        (before[-2].argval, instruction.argval, before[-1].argval)
        for instructions in _instructions(code)
        for position, instruction in enumerate(instructions)
        if instruction.opname == "IMPORT_NAME"
        for before in [instructions[max(position - 2, 0) : position]]
    ]


def _name(value):
    name = getattr(value, "__qualname__", None)
    return name if isinstance(name, str) else f"an object of type {type(value).__qualname__}"


def _hash(*parts):
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        digest.update(f"{len(content)} ".encode() + content)
    return digest.hexdigest()
