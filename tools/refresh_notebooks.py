"""Execute the notebooks and store what is kept of them in git.

    python tools/refresh_notebooks.py [NOTEBOOK ...]

Kept are the outputs of the check cells (tag nbval-check-output), which nbval compares, and the
execution counts of those cells, without which it compares nothing. Everything else is taken out.
If the repository has an address, a hidden cell that installs the library from there is put in
front, for Colab, which has nothing but the notebook.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from synlib.book import repository

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHECK_TAG = "nbval-check-output"
COLAB_TAG = "colab"
INSTALL = """\
import importlib.util

if importlib.util.find_spec("synlib") is None:  # on Colab
    %pip install --quiet "synlib[book] @ git+{address}"
"""


def main(paths):
    address = repository.address()
    for path in paths or sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = with_install_cell(nbformat.read(path, as_version=4), address)
        # prints in one piece, however busy the kernel was
        NotebookClient(
            notebook, timeout=600, kernel_name="python3", coalesce_streams=True
        ).execute()
        nbformat.write(stripped(notebook), path)
        print(f"refreshed {path}")


def with_install_cell(notebook, address):
    """The notebook with one cell that installs the library, or none without an address."""
    cells = [c for c in notebook.cells if COLAB_TAG not in c.metadata.get("tags", [])]
    if address is not None:
        cell = nbformat.v4.new_code_cell(
            INSTALL.strip().format(address=address), id=COLAB_TAG,
            metadata={"tags": [COLAB_TAG, "remove-cell"]},
        )  # fmt: skip
        cells.insert(1, cell)
    notebook.cells = cells
    return notebook


def stripped(notebook):
    """The notebook as it is stored."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        if CHECK_TAG not in cell.metadata.get("tags", []):
            cell.outputs = []
            cell.execution_count = None
    return notebook


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
