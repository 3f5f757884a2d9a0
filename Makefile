# Plain python3 (3.11 or later) with pip is all that is needed. `make help` lists the targets.

PYTHON ?= python3
SHELL := /bin/sh
export PYTHONPATH := src:.:cli
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SAM_CLI_TELEMETRY := 0
export UV_SYSTEM_CERTS := 1
# Without bytecode every process of a test run would compile what it imports.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
SAM := .venv-sam/bin/sam
# Each environment carries a stamp named after its lock file, so that set-up is done once and redone when it changes.
MADE := .venv/.made-$(shell cksum < requirements.lock | cut -d' ' -f1)
MADE_ENGINE := .venv-engine/.made-$(shell cksum < requirements-engine.lock | cut -d' ' -f1)
MADE_SAM := .venv-sam/.made-$(shell cksum < requirements-sam.lock | cut -d' ' -f1)

.DEFAULT_GOAL := help
.PHONY: help setup demo serve checkpoint plan test long acceptance generate check prove front-door mutate soak bench bench-growth size replay invoke fuzz fuzz-api screenshots judge-text
.PHONY: judge-answers policy-report eval build deploy deploy-production lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

define make-environment
	@echo "setting up $(1) from $(2)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 is older than 3.11: set PYTHON to a newer one")'
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --no-compile --no-deps --require-hashes -r $(2)
	@rm -f $(1)/.made-* && touch $@
endef

$(MADE):
	$(call make-environment,.venv,requirements.lock)

$(MADE_ENGINE):
	$(call make-environment,.venv-engine,requirements-engine.lock)

$(MADE_SAM):
	$(call make-environment,.venv-sam,requirements-sam.lock)

setup: $(MADE) $(MADE_ENGINE) ## make the virtual environments (the other targets do so when needed)
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "set up",:)

demo: setup ## [PHASE=phase3] [TEAM=path/to/folder]: run the main job once, on stand-ins, and show all of it
	@$(BIN)/python -m local.demo

serve: setup ## [PORT=3000] [TEAM=path/to/folder]: run the stack as a server until Ctrl-C, with a plan to approve
	@$(BIN)/python -m local.serve

checkpoint: setup ## sign a checkpoint of the audit of a running make serve (on PORT), at once
	@$(BIN)/python -m local.checkpoint

plan: setup ## PR=case.json [TEAM=plain]: print a QA plan for a pull request in GitHub's REST shape; nothing is posted
	@$(BIN)/python -m local.plan "$(PR)"

test: setup $(MADE_SAM) ## run the tests that take no long preparation; what is skipped is named at the end
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/acceptance --ignore tests/runtime --ignore tests/long -rs

long: setup ## the tests of which make test has a short form: longer logs, whole corpora, more phases
	@$(BIN)/pytest -n 2 --dist loadfile tests/long

acceptance: setup $(MADE_SAM) ## what is built: functions in Lambda's runtime, the template deployed into a local CloudFormation, the installed command; sam local where Docker runs
	@$(BIN)/pytest tests/acceptance tests/runtime

generate: setup ## write what names the tasks and has to be a file, from src/core/tasks; see docs/add-a-task.md
	@$(BIN)/python -m tools.generate

check: setup $(MADE_SAM) ## format, lint, types, imports, names, what is generated, template, the example workflow
	@$(BIN)/python -m tools.generate --check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.names
	@$(BIN)/cfn-lint template.yaml
	@$(SAM) validate --lint
	@$(BIN)/zizmor --quiet --offline --persona auditor examples/github-actions/*.yml

prove: setup ## the long proofs: races and crashes against the limits
	@$(BIN)/pytest -n 2 --dist loadfile --durations=12 tests/prove/prove_*.py

soak: setup ## MINUTES=60: work and trouble on the local stack for so long, then the audit against what was posted (long)
	@$(BIN)/python -m tests.prove.soak $(or $(MINUTES),60)

front-door: setup ## EACH=1: the corpora through the whole stack, every so manieth case (long)
	@EACH=$(or $(EACH),1) $(BIN)/pytest tests/prove/prove_front_door.py

mutate: setup ## take each condition of each write away in turn: which test notices? (long)
	@$(BIN)/python -m tests.prove_mutation.mutate

bench: setup ## BENCH_ROUNDS=7: cold start, warm path, load, requests, sizes beside a naive baseline, into docs/performance.md
	@$(BIN)/python -m bench

bench-growth: setup ## RUNS=100000: the same operations as the tables grow, and diffs of up to 100,000 lines (long)
	@$(BIN)/python -m bench.growth $(RUNS)
	@$(BIN)/python -m bench.audit_growth

size: setup ## zipped and unzipped size of each function's package
	@$(BIN)/python -m bench.size

replay: setup ## EXPORT=file [RUN=id] [POLICY=other/src]: judge exported runs again, without any effect
	@PYTHONPATH=$(or $(POLICY),src):. $(BIN)/python -m tools.replay "$(EXPORT)" $(RUN)

invoke: setup $(MADE_SAM) ## FUNCTION=HealthFunction EVENT=events/health.json: sam local invoke (needs Docker)
	@$(BIN)/python -m local.sam_local $(FUNCTION) $(EVENT)

fuzz-api: setup ## EXAMPLES=500: generated requests against docs/openapi.yaml
	@API_EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/pytest tests/http/test_fuzz.py

screenshots: setup ## the console's views, into docs/screenshots (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots

fuzz: setup ## SECONDS=60: fuzz the policy
	@$(BIN)/python -m tools.fuzz_policy --seconds $(or $(SECONDS),60)

judge-text: setup ## < texts.jsonl: what the policy says of comments, one JSON line each
	@$(BIN)/python -m tools.judge text

judge-answers: setup ## < answers.jsonl: what the policy says of a model's answers, one JSON line each
	@$(BIN)/python -m tools.judge answers --task $(or $(TASK),qa_plan)

policy-report: setup ## how many hostile and ordinary samples pass
	@$(BIN)/python -m tools.policy_report

eval: setup ## TASK=all ANSWERS=dir BASE=file: how good the answers are, on cases with known faults; see evals/README.md
	@$(BIN)/python -m evals --task $(or $(TASK),qa_plan) $(foreach name,CASES ANSWERS REQUESTS RECORD MODEL BASE OUT AGAINST \
		SPEND,$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) "$($(name))")) $(if $(JUDGE),--judge)

build: setup $(MADE_SAM) ## build the functions for Lambda
	@$(SAM) build

deploy: build ## deploy into the AWS account of the environment, see docs/deploy.md
	@$(SAM) deploy

deploy-production: build ## the same with the settings for production
	@$(SAM) deploy --config-env production

lock: ## write the lock files anew from pyproject.toml and the pinned tools
	@$(PYTHON) -m venv .venv-uv && .venv-uv/bin/pip install --quiet uv
	@.venv-uv/bin/uv export --quiet --format requirements-txt --all-groups --no-emit-project --no-header -o requirements.lock
	@rm -f uv.lock
	@printf 'ministack==1.5.33\naws-sam-translator\n' | .venv-uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate -o requirements-engine.lock -
	@printf 'aws-sam-cli==1.170.0\n' | .venv-uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate -o requirements-sam.lock -
	@for part in api worker; do .venv-uv/bin/uv pip compile --quiet --python-version 3.13 -c requirements.lock \
		--generate-hashes --no-header --no-annotate -o src/requirements-$$part.txt src/requirements-$$part.in; done

clean: ## remove what the targets above have made
	@rm -rf .venv .venv-engine .venv-sam .venv-uv .local .aws-sam build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
