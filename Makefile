# Every command for users and developers, from a fresh clone on; `make` alone lists them.

SHELL := bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
CORES ?= all
ARGS ?=
RESULTS ?= results

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/requirements.txt
ENVIRONMENTS := $(sort $(wildcard envs/*.yaml))
# Jobs call `python`, which has to be the one of the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

DEMO := results/kodak/dinov2_vits14
OFFLINE := results/models/dinov2_vits14
BENCH := results/benchmarks/bench
PLAN := results/benchmarks/plan.json

TEX_PACKAGES := latexmk texlive-latex-base texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended \
    texlive-bibtex-extra texlive-science lmodern cm-super-minimal

.PHONY: help paper explorer bench forecast report why verify crate paper-source capsule compare test test-fast check format docs readme \
    performance lock tex pdf-tools slurm browser clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

paper: $(INSTALLED) tex ## install everything and run the whole workflow: results/paper.pdf (CORES=2, ARGS=... for Snakemake)
	@$(BIN)/snakemake --cores $(CORES) $(ARGS)

explorer: $(INSTALLED) ## write results/explorer.html, a page to look at single images of a run (CORES=2, ARGS=... as for make paper)
	@$(BIN)/snakemake --cores $(CORES) $(ARGS) -- results/explorer.html

bench: $(INSTALLED) ## benchmark this machine in about 10 minutes: results/benchmarks/bench.csv, .pdf (ARGS="--images 64" is shorter)
	@$(BIN)/snakemake --cores $(CORES) --quiet all -- $(OFFLINE)/open_clip_model.safetensors
	@$(BIN)/python scripts/benchmark.py --photographs resources/kodak/images --offline-bundle $(OFFLINE) \
	    --work results/benchmarks/work --output $(BENCH).csv $(ARGS)
	@$(BIN)/python scripts/plot.py benchmark --bench $(BENCH).csv --output $(BENCH).pdf $(BENCH).png

forecast: $(INSTALLED) ## predict time, memory and disk of a run on this machine (CORES=2, ARGS=... as for make paper)
	@test -f $(BENCH).csv || { echo "error: run 'make bench' first: the forecast needs a benchmark of this machine" >&2; exit 1; }
	@$(BIN)/snakemake --cores $(CORES) --forceall --d3dag $(ARGS) > $(PLAN) 2> $(PLAN:.json=.log) || { cat $(PLAN:.json=.log) >&2; exit 1; }
	@$(BIN)/snakemake --cores $(CORES) --quiet rules progress reason host $(ARGS) -- results/forecast.csv \
	    2> $(PLAN:.json=.log) || { cat $(PLAN:.json=.log) >&2; exit 1; }

report: explorer ## collect the figures, tables and run times of a finished run in results/report.html, with the explorer
	@$(BIN)/snakemake --cores 1 --report results/report.html $(ARGS)

# Values reach the script as they are, backslashes and quotes included.
export NUMBER TABLE ROW COLUMN IMAGE AUGMENTATION DATASET MODEL

why: $(INSTALLED) ## trace a number: NUMBER='\MeanCosineSimilarityNoise', or TABLE=summary.csv ROW=..., or IMAGE=... AUGMENTATION=...
	@$(BIN)/python scripts/why.py --results $(RESULTS) --number "$$NUMBER" --table "$$TABLE" --row "$$ROW" \
	    --column "$$COLUMN" --image "$$IMAGE" --augmentation "$$AUGMENTATION" --dataset "$$DATASET" --model "$$MODEL"

verify: $(INSTALLED) ## say whether a paper and the results belong together: PDF=results/paper.pdf
	@$(BIN)/python scripts/verify_paper.py --results $(RESULTS) --pdf "$(or $(PDF),$(RESULTS)/paper.pdf)"

crate: $(INSTALLED) ## describe the results as RO-Crate (Workflow Run Crate): results/ro-crate-metadata.json
	@$(BIN)/python scripts/write_crate.py --results $(RESULTS)

paper-source: $(INSTALLED) tex ## pack the sources of the paper for arXiv: results/paper-source.tar.gz
	@$(BIN)/snakemake --cores $(CORES) $(ARGS) -- results/paper-source.tar.gz

capsule: $(INSTALLED) ## pack what rebuilds figures and paper without images, encoder and GPU: results/capsule.tar.gz
	@set -o pipefail; $(BIN)/snakemake --cores 1 --dry-run --forceall --printshellcmds $(ARGS) 2> /dev/null \
	    | $(BIN)/python scripts/pack_capsule.py --output results/capsule.tar.gz

compare: $(INSTALLED) ## compare two runs: AGAINST=path/to/other/results, ARGS="--fail-on significant" for the exit status
	@test -n "$(AGAINST)" || { echo "error: name the other run: AGAINST=path/to/other/results" >&2; exit 1; }
	@$(BIN)/python scripts/compare_runs.py --results $(RESULTS) --against "$(AGAINST)" --output-folder $(RESULTS)/compared $(ARGS)

test: check tex pdf-tools slurm browser ## run all checks and all tests (ARGS=... for pytest)
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: check ## run all checks and the tests that need neither root, Slurm, LaTeX nor a run of the pipeline
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

check: $(INSTALLED) ## check format, lint, layers and types
	@$(BIN)/ruff format --check . || { echo "error: 'make format' formats these files" >&2; exit 1; }
	@$(BIN)/ruff check .
	@$(BIN)/snakefmt --check Snakefile rules || { echo "error: 'make format' formats the rules" >&2; exit 1; }
	@$(BIN)/snakemake --lint
	@PYTHONPATH=scripts $(BIN)/lint-imports
	@$(BIN)/mypy

format: $(INSTALLED) ## format the Python files and the rules
	@$(BIN)/ruff format .
	@$(BIN)/snakefmt Snakefile rules

docs: $(INSTALLED) ## regenerate the tables of docs/ from the schema and the tests, and the workflow diagram from the rules
	@$(BIN)/python scripts/describe_configuration.py --schema config/schema.yaml --output docs/configuration.md
	@$(BIN)/python tests/helpers/image_variants.py docs/image_formats.md
	@set -o pipefail; $(BIN)/snakemake --cores 1 --forceall --rulegraph mermaid-js 2> /dev/null \
	    | $(BIN)/python scripts/draw_workflow.py --page README.md

readme: $(INSTALLED) ## regenerate the README's table of claims and its figures from a finished run of config.yaml
	@$(BIN)/python scripts/write_claims_table.py --published-claims paper/claims.yaml --verdicts $(DEMO)/claims.csv \
	    --attack-verdicts $(DEMO)/attack_claims.csv --readme README.md
	@cp $(DEMO)/figures/metric_heatmap.png $(DEMO)/figures/augmentation_card.png docs/images/
	@$(BIN)/python scripts/plot.py attention_samples --images 3 --shards 1 --manifest $(dir $(DEMO))manifest.csv \
	    --augmentations results/augmentations.csv --views-folder $(dir $(DEMO))views --attention-folder $(DEMO)/attention \
	    --metrics $(DEMO)/metrics.parquet --output docs/images/attention_samples.png
	@$(BIN)/python -c "from PIL import Image; path = 'docs/images/attention_samples.png'; \
	    Image.open(path).convert('RGB').quantize(256, Image.Quantize.FASTOCTREE).save(path, optimize=True)" # a quarter of the size

performance: $(INSTALLED) ## regenerate the tables and figure of docs/performance.md from a benchmark
	@$(BIN)/python scripts/write_performance.py --bench $(BENCH).csv --page docs/performance.md
	@cp $(BENCH).png docs/images/benchmark.png

lock: | $(BIN)/python ## install the packages that envs/*.yaml name with a purpose, and pin what they need in turn
	@$(BIN)/python envs/lock.py list --direct $(ENVIRONMENTS) > $(VENV)/direct.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(VENV)/direct.txt
	@$(BIN)/python envs/lock.py write $(ENVIRONMENTS)

clean: ## delete everything that runs wrote or fetched; installed packages stay
	rm -rf results logs benchmarks

# The virtual environment holds every package that envs/*.yaml pin. The list gets its name last: once it exists, all its
# packages are installed.
$(INSTALLED): $(ENVIRONMENTS) | $(BIN)/python
	@$(BIN)/python envs/lock.py list $(ENVIRONMENTS) > $(VENV)/wanted.txt
	@echo "Installing the pinned packages into $(VENV) (6 GB, some minutes; large downloads are shown)"
	@set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -r $(VENV)/wanted.txt \
	    | { grep --line-buffered -oE '(Downloading|Using cached) .*\([0-9.]+ [MG]B\)|^Installing' || true; } \
	    || { echo "error: the packages could not be installed, see above; run the same command again to go on" >&2; exit 1; }
	@mv $(VENV)/wanted.txt $@

$(BIN)/python:
	@command -v $(PYTHON) > /dev/null || { echo "error: there is no $(PYTHON): install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is" \
	    "$$($(PYTHON) --version); 3.11 or newer is needed (for example PYTHON=python3.11)" >&2; exit 1; }
	@echo "Creating the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "error: $(PYTHON) cannot create virtual environments:" \
	    "install its venv module (on Debian: apt-get install python3-venv)" >&2; exit 1; }

tex: $(INSTALLED)
	@$(BIN)/python scripts/check_latex.py 2> /dev/null || envs/install_debian_packages LaTeX $(TEX_PACKAGES)

pdf-tools:
	@{ command -v pdftotext && command -v pdftoppm; } > /dev/null || envs/install_debian_packages Poppler poppler-utils

# Without a browser, its tests are skipped.
browser:
	@if [ "$$(id -u)" -eq 0 ] && command -v apt-get > /dev/null \
	    && ! { command -v chromium && command -v chromedriver; } > /dev/null; then \
	    envs/install_debian_packages Chromium chromium chromium-driver; fi

# Only root can start Slurm's daemons; without them, the tests of Slurm are skipped.
slurm:
	@if [ "$$(id -u)" -eq 0 ] && command -v apt-get > /dev/null \
	    && ! { command -v slurmctld && command -v slurmd && command -v munged && command -v rsync; } > /dev/null; then \
	    envs/install_debian_packages Slurm slurm-wlm munge rsync; fi
