# Everything happens in .venv; nothing needs to be activated, and only pip uses the network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCAL_AWS := $(VENV)/local-aws
LAMBDA := $(VENV)/lambda-runtime
POLICIES = $(sort $(wildcard policies/*/*.yml))
PIP_INSTALL := -m pip install -qq --disable-pip-version-check --constraint constraints.txt

# What to test: make test TESTS=tests/test_autoload.py
TESTS ?=
# Two at a time, each with a local AWS of its own.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

export C7N_MFA_LOCAL_AWS_PYTHON ?= $(CURDIR)/$(LOCAL_AWS)/bin/python
export C7N_MFA_LAMBDA_PYTHON ?= $(CURDIR)/$(LAMBDA)/bin/python
export PIP_ROOT_USER_ACTION ?= ignore

.PHONY: help setup demo docs site build test long lint validate check bench clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | \
		while IFS="$$(printf '\t')" read -r name what; do printf '  %-9s %s\n' "$$name" "$$what"; done

setup: $(VENV)/.ready $(LOCAL_AWS)/.ready $(LAMBDA)/.ready ## Make the environments that everything else runs in
	@:

demo: setup ## Watch a broken chain repaired and proven, on a local AWS (KEEP=1: and leave it on)
	@$(BIN)/python -m demo $(if $(KEEP),--keep)

docs: setup ## Write the generated pages of docs/ again
	@$(BIN)/python -m docs.build

site: setup ## Build docs/ as a site with search, in output/site
	@$(BIN)/python -m sphinx -q -E -W --keep-going -c docs . output/site
	@echo 'Read it: output/site/index.html'

build: setup ## Build the sdist and the wheel into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist
	@echo 'Install it: pip install "$$(echo dist/*.whl)[cli]"'

test: setup ## Run the short tests, or some of them: make test TESTS=tests/test_autoload.py
	@echo '==> running the tests'
	@$(PYTEST) -m 'not long' $(TESTS)

long: setup ## Run the tests that `make test` leaves out, and the properties on more examples
	@echo '==> running the long tests'
	@$(PYTEST) -m 'long or hypothesis' --hypothesis-profile long $(TESTS)

lint: setup ## Check format, style, types, YAML and spelling
	@echo '==> checking format and style with ruff'
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@echo '==> checking types with mypy'
	@$(BIN)/mypy
	@echo '==> checking YAML with yamllint'
	@$(BIN)/yamllint --strict policies .github .pre-commit-config.yaml .pre-commit-hooks.yaml
	@echo '==> checking spelling with codespell'
	@$(BIN)/codespell . .ci .github

validate: setup ## Let custodian validate every policy, with the plugin loaded
	@echo '==> validating $(words $(POLICIES)) policies with custodian'
	@$(BIN)/custodian validate $(POLICIES)

check: lint validate test long ## All of it: what a pull request must pass

bench: setup ## Run the benchmarks, one after another
	@for benchmark in benchmarks/*.py; do \
		echo "==> $$benchmark"; $(BIN)/python "$$benchmark" || exit 1; \
	done

clean: ## Remove the environments and whatever the other targets left behind
	@echo '==> removing .venv, caches and builds'
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage build dist output
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.ready: pyproject.toml constraints.txt c7n_mfa_autoload.pth
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'c7n-mfa needs Python 3.11 or later: make PYTHON=python3.12'; exit 1; }
	@echo '==> $(VENV): installing custodian, c7n-mfa and the test tools (once, about a minute)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP_INSTALL) hatchling editables
	@$(BIN)/python $(PIP_INSTALL) --no-build-isolation --editable '.[cli,dev]'
	@touch $@

$(LOCAL_AWS)/.ready: constraints.txt
	@echo '==> $(LOCAL_AWS): installing the local AWS, with boto3 as in the Lambda runtime'
	@$(PYTHON) -m venv $(LOCAL_AWS)
	@$(LOCAL_AWS)/bin/python $(PIP_INSTALL) ministack boto3
	@touch $@

$(LAMBDA)/.ready: constraints.txt
	@echo '==> $(LAMBDA): installing what the Lambda runtime has and nothing else'
	@$(PYTHON) -m venv $(LAMBDA)
	@$(LAMBDA)/bin/python $(PIP_INSTALL) boto3 'awslambdaric; sys_platform == "linux"'
	@touch $@
