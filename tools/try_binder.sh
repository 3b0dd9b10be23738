#!/usr/bin/env bash
# Build the environment that Binder builds, from nothing, in a folder of its own, and try the
# explorers in it: JupyterLab on 127.0.0.1, in a real browser.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet "$(cd "$(dirname "$0")/.." && pwd)" "$folder/synlib"
cd "$folder/synlib"
"python${PYTHON_VERSION:-$(sed 's/python-//' runtime.txt)}" -m venv "$folder/environment"
export PATH=$folder/environment/bin:$PATH
pip install --quiet --requirement requirements.txt
bash postBuild
python -m pytest -p no:cacheprovider tests/browser/test_lab.py
