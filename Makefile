# Two commands do everything on a fresh Debian machine with Python 3.11, make and git: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 5000
# Where the published data lies that the shipped rule sets are held to.
DATA ?= ../shared/data
export PYTHONPATH := $(CURDIR)

.PHONY: env run test browser check conformance freeze clean

env: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

run: env
	$(BIN)/countersign db upgrade
	-$(BIN)/countersign demo load
	$(BIN)/countersign run --port $(PORT)

test: env browser
	$(BIN)/pytest -n 2 $(ARGS)

# The tests drive the browser of Debian's package; nothing else can install it without being root.
browser:
	@command -v chromium >/dev/null || \
		{ test "$$(id -u)" = 0 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
		{ echo "The tests need a browser: run “sudo apt-get install chromium”, then “make test” again." >&2; exit 1; }

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && export COMPLIANCE_DATA_DIR="$$scratch" && \
		$(BIN)/countersign db upgrade && $(BIN)/countersign db check

conformance: env
	$(BIN)/python -m tests.conformance $(DATA)

freeze: env
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make freeze" pyproject.toml --extra postgres -o requirements/runtime.txt
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make freeze" pyproject.toml --extra postgres --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache
