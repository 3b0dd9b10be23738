# Everything runs in .venv, which the first target that needs it makes. PYTHON chooses the Python.
PYTHON ?= python3
BIN := .venv/bin
PROFILE ?= paper
KERNEL_TESTS := $(addprefix tests/test_,mlp.py perceptron.py selection.py spiking.py)
# progress bars are for people, and would end up in the pages
export TQDM_DISABLE := 1

.PHONY: help environment book runs pdf test test-parameters test-machines test-torch test-browser coverage try-binder bench refresh links lint live lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

book: environment  ## build the book, _build/html/index.html, from the stored runs; some 3 minutes the first time (PROFILE=quick: small sizes, all computed)
	$(BIN)/synlib book --profile $(PROFILE)

runs: environment  ## compute the stored runs of the paper profile anew, with the full MNIST (CHAPTER=5: of one chapter; MISSING=1: only those that are not stored)
	$(BIN)/synlib runs $(CHAPTER) $(if $(MISSING),--missing)

pdf: book  ## print the whole book into one file, in _build/html (needs Chromium)
	$(BIN)/python book/_ext/whole_book.py

# SYNLIB_JOBS=1: two workers of pytest keep two cores busy, and sweeps in the tests need no more;
# the notebooks first: at the end one worker waits for the other, and what is short leaves less
test: environment  ## run the tests of the library and of its command, and compare the stored outputs of the notebooks
	$(BIN)/python -m synlib._kernels.warm
	SYNLIB_JOBS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval-lax --doctest-modules \
		--ignore tests/browser --ignore tests/torch --ignore synlib/torch --doctest-glob CONTRIBUTING.md \
		-m "not recompiles and not parameters" notebooks tests synlib CONTRIBUTING.md

# of its own, since each chapter runs four times
test-parameters: environment  ## test that the chapters obey other parameters, and lists of any length
	$(BIN)/python -m synlib._kernels.warm
	$(BIN)/python -m pytest -n 2 --dist worksteal -m parameters tests/test_notebooks.py

# of its own, since it compiles all kernels once more
test-machines: environment  ## test that kernels compiled for an old processor find the same numbers
	$(BIN)/python -m synlib._kernels.warm
	$(BIN)/python -m pytest -m recompiles tests/test_reproducible.py

# of its own, since PyTorch is large and nothing else here needs it
test-torch: .venv-torch/ready  ## test synlib.torch, in .venv-torch with PyTorch for processors without a GPU
	.venv-torch/bin/python -m pytest -n 2 --dist worksteal --doctest-modules --doctest-glob pytorch.md \
		tests/torch synlib/torch book/pytorch.md

.venv-torch/ready: requirements.txt requirements-torch.txt pyproject.toml
	$(PYTHON) -m venv --clear .venv-torch
	grep -v '^-e' requirements.txt >.venv-torch/versions.txt
	.venv-torch/bin/pip install --quiet --constraint .venv-torch/versions.txt --editable . pytest pytest-xdist hypothesis
	.venv-torch/bin/pip install --quiet --retries 0 --requirement requirements-torch.txt
	touch $@

test-browser: environment _build/html/index.html  ## open the built book and JupyterLab in Chromium
	$(BIN)/python -m pytest -n 2 tests/browser -p no:cacheprovider

_build/html/index.html:
	$(MAKE) book

coverage: environment  ## report the lines of synlib that the tests run, kernels with the compiler off
	SYNLIB_JOBS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --doctest-modules --cov --cov-report= \
		-m "not recompiles" --ignore tests/browser --ignore tests/torch --ignore synlib/torch tests synlib
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m "not large" --cov --cov-append \
		--cov-report=term-missing:skip-covered --cov-fail-under=90 $(KERNEL_TESTS)

try-binder:  ## build Binder's environment from nothing and try the explorers in it
	bash tools/try_binder.sh

bench: environment  ## time the engine against its oracles, and store the table for the book (BEFORE=commit: against that commit)
ifdef BEFORE
	$(BIN)/python -m benchmarks.against $(BEFORE)
else
	$(BIN)/python -m pytest benchmarks -p no:xdist --benchmark-columns=min --benchmark-disable-gc -q \
		--table book/results/benchmarks.md
endif

refresh: environment  ## execute the notebooks and store the output of their check cells
	$(BIN)/python tools/refresh_notebooks.py

links: environment  ## ask every external link whether it is still there (needs the internet)
	$(BIN)/jupyter-book build . --builder linkcheck

lint: environment  ## check the style and the types of all code
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

live: environment  ## compile the kernels for the pages of the book, book/_static/live/synlib.wasm
	$(BIN)/uv pip install -q -p $(BIN)/python -e ".[live]"
	$(BIN)/python tools/make_live.py

lock: environment  ## make requirements.txt anew from pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-header --extra book --extra test \
		--extra browser pyproject.toml -o requirements.txt
	echo "-e ." >> requirements.txt

clean:  ## remove what was built, but not .venv
	rm -rf _build .pytest_cache .ruff_cache .hypothesis .benchmarks

# quick if .venv is there, whole and of these requirements
environment:  ## make .venv anew if it has to be (PYTHON=python3.12: with another Python)
	@$(PYTHON) -c "" 2>/dev/null || { echo "make: there is no $(PYTHON) here: \
	install Python 3.11 or newer, or choose one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) tools/make_environment.py $(if $(filter-out file,$(origin PYTHON)),--chosen)
