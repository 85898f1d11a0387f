# make demo: the whole chain on synthetic images   make test: checks and notebook tests   make lab: JupyterLab
# make real DATA=DIR [PROFILE=paper] [ROWS=3,4] [FOLDS=all] [DATASETS=A,B] [SEG_DATASETS=C] [EPOCHS=5] [RESULTS=results/NAME] [ARGS=…]: the same chain on your images, the tables put into RESULTS
# make test-slow: the cells marked `#| slow`
# make bench [DATA=DIR]: speed scripts, simulations and the projection; DIR holds the published tables, for two dry runs at the real counts
# Each sets up .venv by itself, or uses the active virtual environment if the package is installed in it.

PYTHON ?= python3
PROFILE ?= laptop
ROWS ?= 3,4
RUN := $(PYTHON) tools/env.py

.PHONY: help env demo test test-slow lab real bench
help:
	@sed -n '1,5s/^# //p' Makefile

env:
	@$(RUN)

demo:
	@$(RUN) env -u MELANOMA_NB_DATA melanoma_study --profile demo </dev/null

test:
	@$(RUN) python tools/check.py

test-slow:
	@$(RUN) python tools/check.py --slow

lab:
	@$(RUN) jupyter lab --notebook-dir=nbs $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS)

real:
	@test -n "$(DATA)" || { echo "make real needs the folder of your images: make real DATA=DIR (README.md, section \"Your images\")" >&2; exit 2; }
	@test -d "$(DATA)" || { echo "make real: $(DATA) is no folder" >&2; exit 2; }
	@$(RUN) env MELANOMA_NB_DATA="$$(cd "$(DATA)" && pwd)" melanoma_study --profile $(PROFILE) -p rows=$(ROWS) $(if $(EPOCHS),-p epochs=$(EPOCHS)) \
		$(if $(DATASETS),-p datasets=$(DATASETS)) $(if $(SEG_DATASETS),-p seg_datasets=$(SEG_DATASETS)) $(if $(FOLDS),--folds $(FOLDS)) $(if $(RESULTS),--results $(RESULTS)) $(ARGS) </dev/null

bench:
	@for f in decode feed synthetic synthetic_vs_real coverage segmentation cropping skin tones groups classification inference saliency leakage rulers; do echo "== benchmarks/$$f.py"; $(RUN) python benchmarks/$$f.py $(if $(RESULTS),--out $(RESULTS)) || exit 1; done
	@for w in speed rules; do echo "== benchmarks/recolour.py $$w"; $(RUN) python benchmarks/recolour.py $$w $(if $(RESULTS),--out $(RESULTS)) || exit 1; done
	@echo "== benchmarks/paper_path.py --projection"; $(RUN) python benchmarks/paper_path.py --projection $(if $(RESULTS),--out $(RESULTS))
	@$(if $(DATA),for f in full_count paper_path; do echo "== benchmarks/$$f.py"; $(RUN) python benchmarks/$$f.py --metadata "$(DATA)" $(if $(RESULTS),--out $(RESULTS)) || exit 1; done,echo "no DATA=DIR: no dry runs at the real counts")
