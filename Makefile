# Everything happens in .venv; nothing else on the machine is touched. Needs Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
IMG ?= levelset:latest
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-cluster conformance run serve lint format manifests install uninstall deploy undeploy bench wheel clean

help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "levelset needs Python >= 3.11; say make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[testing]' --group dev
	@touch $@

setup: $(READY) ## Make the virtual environment in .venv.

demo: $(READY) ## Tell the whole story without a cluster; ARGS=--once prints it line by line and ends.
	@$(BIN)/levelset demo $(ARGS)

test: $(READY) ## Run all tests; those against a real control plane need KUBEBUILDER_ASSETS.
	@$(BIN)/python -m pytest $(ARGS)

test-cluster: $(READY) ## Run the suite against a real control plane only.
	@$(BIN)/python -m pytest tests/cluster $(ARGS)

conformance: $(READY) ## Run Kubernetes' own conformance tests; ARGS=PATH/e2e.test, and --help tells the rest.
	@$(BIN)/python -m tests.conformance $(ARGS)

run: $(READY) ## Run the Memcached controller against the current kubeconfig.
	@$(BIN)/levelset run memcached $(ARGS)

serve: $(READY) ## Run the embedded API server alone.
	@$(BIN)/levelset serve --port 6443 --kubeconfig-out levelset.kubeconfig $(ARGS)

lint: $(READY) ## Check style and types.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: $(READY) ## Rewrite the code in the house style.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

manifests: $(READY) ## Write the generated manifests from the types.
	@$(BIN)/levelset manifests crd reconcilers.memcached > manifests/crd/cache.example.com_memcacheds.yaml
	@$(BIN)/levelset manifests rbac reconcilers.memcached > manifests/rbac/memcached-operator.yaml
	@$(BIN)/levelset manifests manager reconcilers.memcached > manifests/manager/memcached-operator.yaml

install: ## Install the CRD into the current cluster, with kubectl.
	@kubectl apply --server-side -f manifests/crd/cache.example.com_memcacheds.yaml

uninstall: ## Remove the CRD, and with it every Memcached.
	@kubectl delete --ignore-not-found -f manifests/crd/cache.example.com_memcacheds.yaml

deploy: ## Run the controller in the current cluster, from IMG.
	@kubectl kustomize manifests | sed 's#image: levelset:latest#image: $(IMG)#' | kubectl apply --server-side -f -

undeploy: ## Remove what deploy made.
	@kubectl delete --ignore-not-found -k manifests

bench: $(READY) ## Measure, beside the peers.
	@$(BIN)/python -m bench $(ARGS)

wheel: $(READY) ## Build the wheel into dist/.
	@$(BIN)/python -m build --wheel --outdir dist .

clean: ## Remove what the other targets made.
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
