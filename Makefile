# make demo: the whole chain on synthetic images   make test: checks and notebook tests   make lab: JupyterLab
# make real DATA=DIR [ROWS=3,4] [DATASETS=A,B] [SEG_DATASETS=C] [RESULTS=results/NAME]: the same chain on your images, the tables copied to RESULTS   make test-slow: the cells marked `#| slow`
# make bench [DATA=DIR]: speed scripts, simulations and the projection; DIR holds the published tables, for two dry runs at the real counts
# Each sets up .venv by itself, or uses the active virtual environment if the package is installed in it.

PYTHON ?= python3
RUN := $(PYTHON) tools/env.py
STAGE = papermill nbs/$(1).ipynb runs/$(1)-$(2).ipynb --log-output --no-progress-bar $(3) </dev/null

.PHONY: help env demo test test-slow lab real bench
help:
	@sed -n '1,4s/^# //p' Makefile

env:
	@$(RUN)

demo:
	@for n in 05_ablation 06_saliency 07_bias; do $(RUN) env -u MELANOMA_NB_DATA MELANOMA_NB_PROFILE=demo $(call STAGE,$$n,demo) || exit 1; done
	@for n in 05_ablation 06_saliency 07_bias; do $(RUN) python tools/show.py runs/$$n-demo.ipynb; done

test:
	@$(RUN) python tools/check.py

test-slow:
	@$(RUN) python tools/check.py --slow

lab:
	@$(RUN) jupyter lab --notebook-dir=nbs $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS)

real:
	@test -n "$(DATA)" || { echo "make real needs the folder of your images: make real DATA=DIR (README.md, section \"Your images\")" >&2; exit 2; }
	@test -d "$(DATA)" || { echo "make real: $(DATA) is no folder" >&2; exit 2; }
	@$(RUN) env MELANOMA_NB_PROFILE=laptop MELANOMA_NB_DATA="$$(cd "$(DATA)" && pwd)" $(call STAGE,05_ablation,laptop,-p rows $(or $(ROWS),"3,4") $(if $(RESULTS),-p results $(RESULTS)) $(if $(DATASETS),-p datasets $(DATASETS)) $(if $(SEG_DATASETS),-p seg_datasets $(SEG_DATASETS)))
	@$(RUN) python tools/show.py runs/05_ablation-laptop.ipynb

bench:
	@for f in decode feed synthetic synthetic_vs_real coverage segmentation cropping skin tones groups classification saliency leakage rulers; do echo "== benchmarks/$$f.py"; $(RUN) python benchmarks/$$f.py $(if $(RESULTS),--out $(RESULTS)) || exit 1; done
	@for w in speed rules; do echo "== benchmarks/recolour.py $$w"; $(RUN) python benchmarks/recolour.py $$w $(if $(RESULTS),--out $(RESULTS)) || exit 1; done
	@echo "== benchmarks/paper_path.py --projection"; $(RUN) python benchmarks/paper_path.py --projection $(if $(RESULTS),--out $(RESULTS))
	@$(if $(DATA),for f in full_count paper_path; do echo "== benchmarks/$$f.py"; $(RUN) python benchmarks/$$f.py --metadata "$(DATA)" $(if $(RESULTS),--out $(RESULTS)) || exit 1; done,echo "no DATA=DIR: no dry runs at the real counts")
