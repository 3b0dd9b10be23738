"""Views of arrays that are not counted.

Numba counts references to arrays, with an atomic operation for each view that is made: in a loop
over steps of some microseconds, a fifth of the time. Arrays that live as long as a call need not be
counted in it.
"""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload


def borrowed(arrays):
    """The same tuple of arrays (and numbers), for use no longer than the caller's own."""
    return arrays


def alive(result, *arrays):
    """The result, and with it the arrays up to here: those that were borrowed must not be freed."""
    return result


@overload(alive, jit_options={"error_model": "numpy"})
def _compiled_alive(result, *arrays):
    return lambda result, *arrays: result


@overload(borrowed, jit_options={"error_model": "numpy", "forceinline": True})
def _compiled_borrowed(arrays):
    return lambda arrays: _uncounted(arrays)


@intrinsic
def _uncounted(typing_context, arrays):
    def generate(context, builder, signature, arguments):
        (given,) = arguments
        for place, kind in enumerate(arrays):
            if isinstance(kind, types.Array):
                array = cgutils.create_struct_proxy(kind)(
                    context, builder, value=builder.extract_value(given, place)
                )
                array.meminfo = cgutils.get_null_value(array.meminfo.type)
                array.parent = cgutils.get_null_value(array.parent.type)
                given = builder.insert_value(given, array._getvalue(), place)
        return given

    return arrays(arrays), generate
