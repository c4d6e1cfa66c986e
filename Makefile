# The README's two commands, and the steps they are made of.

PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# What `make run` scans, with which options, and where it writes what it finds.
TREE ?= $(shell $(BIN)/python -c "import sysconfig; print(sysconfig.get_path('stdlib'))")
ARGS ?= --exclude site-packages
FINDINGS ?= target/findings.txt

# Tests of Python that take about a third of the time of all.
REST := tests/agent tests/cache tests/repo tests/replies

# How long `make fuzz` runs each target, and the Rust ones of them.
SECONDS ?= 3600
FUZZED = $(basename $(notdir $(wildcard rust/fuzz/fuzz_targets/*.rs)))
FUZZ = RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir rust/fuzz --target-dir target/fuzz/build
FUZZ_LIMITS = -max_total_time=$(SECONDS) -max_len=4096 -timeout=60 -rss_limit_mb=3072 -malloc_limit_mb=1024 -dict=target/fuzz/words

# Files that change what is installed.
SOURCES := Cargo.toml Cargo.lock .cargo/config.toml pyproject.toml README.md LICENSE \
	$(shell find rust python -name '*.rs' -o -name '*.toml' -o -name '*.py' -o -name '*.pyi')
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Lets the binding be checked without naming an interpreter: the stable ABI needs none.
CLIPPY = PYO3_BUILD_EXTENSION_MODULE=1 cargo clippy --locked --workspace --all-targets

ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif
.PHONY: help run test check-python check-rust check-rest lint-rust test-rust lint-python lint-workflows lock-tools types test-python format \
	develop docs bench figures soak fuzz deny wheel sdist test-wheel clean

help:
	@echo "make run [TREE=DIR]  install into $(VENV) and scan DIR (default: Python's standard library)"
	@echo "make test            install what the tests need and run all of them"
	@echo "make format          format the Rust and Python sources"
	@echo "make develop         install for work on the sources: editable, quick to build"
	@echo "make docs            build the documentation into target/docs"
	@echo "make bench           measure the core, and the package against its peers"
	@echo "make figures         measure what the pictures in docs/figures show, and draw them anew"
	@echo "make soak            hours of random tests: recogniser, hostile text, digests, models, histories, repositories, cache, replies, workspaces, runs of the agent"
	@echo "make fuzz [SECONDS=N]  each fuzz target for N seconds, an hour by default (needs cargo-fuzz)"
	@echo "make lint-workflows  check the workflows of hosted CI"
	@echo "make lock-tools     name the packages of the tools of hosted CI by hash (needs uv)"
	@echo "make deny            check the dependencies' licences and sources (needs cargo-deny)"
	@echo "make wheel           build a wheel for other machines into target/wheels and check it"
	@echo "make sdist           the same for the source distribution, and for a wheel that is made of it"
	@echo "make test-wheel      run all tests with that wheel, without Rust and without the sources"
	@echo "make clean           remove everything that was built"

run: $(VENV)/installed
	@mkdir -p $(dir $(FINDINGS))
	$(BIN)/rev-accel scan --stats $(ARGS) "$(TREE)" > $(FINDINGS)
	@echo "All findings are in $(FINDINGS); the first:"
	@head -n 5 $(FINDINGS)

# Rust and Python side by side, and when Rust's checks are done, tests of Python beside others: builds have long parts for
# one core, and tests wait much of their time. Each in order of price: what fails quickly comes first.
test:
	@mkdir -p target
	$(MAKE) --jobs=2 SIDE_BY_SIDE=1 check-python check-rust check-rest

check-python: $(VENV)/installed-test
	$(MAKE) lint-python
	$(MAKE) types
	$(BIN)/python -m pytest $(addprefix --ignore=,$(REST))

check-rust:
	@{ $(MAKE) lint-rust && $(MAKE) test-rust; } > target/test-rust.log 2>&1 || { cat target/test-rust.log; exit 1; }
	@echo; grep --extended-regexp 'Running|^test result' target/test-rust.log

check-rest: check-rust $(VENV)/installed-test
	@$(BIN)/python -m pytest $(REST) > target/test-rest.log 2>&1 || { cat target/test-rest.log; exit 1; }
	@echo; tail -n 1 target/test-rest.log

lint-rust:
	cargo fmt --all --check
	$(CLIPPY) -- -D warnings

test-rust:
	cargo test --locked
	cargo test --locked --release --package rev-accel-harness

lint-python: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell *.md docs python rust benches .ci/*.py .github Makefile

# The workflows against their schema, and against what is known to be unsafe in them.
lint-workflows: target/workflow-tools/installed
	target/workflow-tools/$(notdir $(BIN))/zizmor --offline --quiet .github
	target/workflow-tools/$(notdir $(BIN))/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	target/workflow-tools/$(notdir $(BIN))/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

types: $(VENV)/installed-test
	$(BIN)/mypy --strict python benches .ci
	$(BIN)/python -m mypy.stubtest rev_accel._core

test-python: $(VENV)/installed-test
	$(BIN)/python -m pytest

format: $(VENV)/installed-test
	cargo fmt --all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

develop: $(VENV)/created
	$(PIP_INSTALL) --editable '.[test]'
	touch $(VENV)/installed-test $(VENV)/installed

docs: $(VENV)/installed-docs
	rm -rf target/docs
	$(BIN)/sphinx-build --fresh-env --fail-on-warning --keep-going --quiet --doctree-dir target/doctrees docs target/docs
	@echo "The documentation is in target/docs/index.html"

bench: $(VENV)/installed-test
	cargo bench --locked
	$(BIN)/python benches/peers.py
	$(BIN)/python benches/llm.py
	$(BIN)/python benches/repo.py
	$(BIN)/python benches/history.py
	$(BIN)/python benches/metrics.py
	$(BIN)/python benches/tools.py
	$(BIN)/python benches/agent.py
	$(BIN)/python benches/rev.py
	if command -v rg > /dev/null; then $(BIN)/python benches/search.py; fi

# Some minutes; for a machine that does nothing else meanwhile.
figures: $(VENV)/installed-test
	$(BIN)/python benches/figures.py

# Hours: the long forms of what the tests do in short.
soak: $(VENV)/installed-test
	REV_ACCEL_SOAK=1 $(BIN)/python -m pytest tests/test_differential.py
	$(BIN)/python tests/recogniser/soak.py
	$(BIN)/python -m tests.robustness.campaign
	$(BIN)/python -m tests.digests.pairs 2000000
	cd tests && $(abspath $(BIN))/python -m llm.pairs 200000
	cd tests && $(abspath $(BIN))/python -m history.campaign 50000
	for place in /var/tmp /dev/shm; do $(BIN)/python -m tests.repo.campaign --steps 40000 --folder $$place || exit 1; done
	$(BIN)/python -m tests.repo.campaign --steps 5000 --clock any
	$(BIN)/python -m tests.repo.campaign --steps 1000 --clock real
	for name in edits kills damage; do $(BIN)/python -m tests.cache.campaign $$name || exit 1; done
	for name in flights kills damage; do $(BIN)/python -m tests.replies.campaign $$name || exit 1; done
	for name in paths swaps kills; do $(BIN)/python -m tests.workspace.campaign $$name || exit 1; done
	$(BIN)/python -m tests.agent.campaign kills --rounds 200
	for clock in ahead jumps real; do for place in /var/tmp /dev/shm; do \
		cargo run --locked --release --package rev-accel-harness -- edits $$place $$clock 170000 1 || exit 1; done; done

# RUSTC_BOOTSTRAP: the address sanitizer is not offered otherwise. Without atheris the inputs of the Python targets are made at random.
# A target that finds something keeps none of the others from being run.
fuzz: $(VENV)/installed-test
	@case "$(SECONDS)" in ''|*[!0-9]*) echo "SECONDS is a whole number, not '$(SECONDS)'" >&2; exit 2;; esac
	-$(PIP_INSTALL) atheris
	cargo run --locked --release --package rev-accel-harness -- seeds "$(TREE)" target/fuzz
	found=; \
	for name in $(FUZZED); do $(FUZZ) $$name target/fuzz/$$name -- $(FUZZ_LIMITS) || found="$$found $$name"; done; \
	$(BIN)/python -m tests.fuzz all --seconds $(SECONDS) --folder target/fuzz/python || found="$$found Python"; \
	if [ "$$found" ]; then echo "Something was found by:$$found" >&2; exit 1; fi

# Dependabot finds these options in what is written, and renews it with them.
lock-tools:
	cd .ci && for name in wheel-tools workflow-tools; do \
		uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate $$name.in -o $$name.txt || exit 1; done

deny:
	cargo deny --locked check bans licenses sources

# What the hosted workflow runs on each platform.
wheel:
	$(PYTHON) .ci/wheel.py build

sdist:
	$(PYTHON) .ci/wheel.py sdist
	$(PYTHON) .ci/wheel.py from-sdist

test-wheel:
	$(PYTHON) .ci/wheel.py test

clean:
	cargo clean
	rm -rf $(VENV) THIRD-PARTY-LICENSES.txt .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/created:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'rev-accel needs Python 3.11 or later: make PYTHON=...')"
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/installed: $(VENV)/created $(SOURCES)
	$(PIP_INSTALL) .
	touch $@

$(VENV)/installed-test: $(VENV)/created $(SOURCES)
	$(PIP_INSTALL) '.[test]'
	touch $@ $(VENV)/installed

$(VENV)/installed-docs: $(VENV)/created $(SOURCES)
	$(PIP_INSTALL) '.[docs]'
	touch $@ $(VENV)/installed

target/workflow-tools/installed: .ci/workflow-tools.txt
	$(PYTHON) -m venv target/workflow-tools
	target/workflow-tools/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@
