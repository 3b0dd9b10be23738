"""What runs in the pages of the book: entries into the compiled loops, with flat arguments.

``make live`` compiles them for WebAssembly, see ``tools/make_live.py``. An entry is a function of
numbers and one-dimensional arrays, whose annotations say what these are; it returns an integer.
What an estimator does in one call takes several here, on arrays that the page keeps: it draws in
between, and can stop. Random numbers are those that Python would draw (`draws`), so that a page and
the call of the library that it offers for copying give the same numbers.
"""
