"""Build the book and fail loudly: warnings are errors, and there must be a page to show."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
INDEX = ROOT / "_build" / "html" / "index.html"


def main():
    INDEX.unlink(missing_ok=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT]
    failed = subprocess.run([*command, "-n", "-W", "--keep-going"], check=False).returncode
    for report in sorted((ROOT / "_build").rglob("reports/*.err.log")):
        print(f"\n{report}:\n{report.read_text()}", file=sys.stderr)
    if failed or not INDEX.is_file():
        sys.exit(f"The book was not built (exit code {failed}): see the messages above.")
    print(f"The book is ready: {INDEX}")


if __name__ == "__main__":
    main()
