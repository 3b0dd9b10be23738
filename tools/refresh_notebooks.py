"""Execute the notebooks and store what is kept of them in git.

    python tools/refresh_notebooks.py [NOTEBOOK ...]

Kept are the outputs of the check cells (tag nbval-check-output), which nbval compares, and the
execution counts of those cells, without which it compares nothing. Everything else is taken out.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHECK_TAG = "nbval-check-output"


def main(paths):
    for path in paths or sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
        nbformat.write(stripped(notebook), path)
        print(f"refreshed {path}")


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
