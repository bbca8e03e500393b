# Each target makes the virtual environment .venv first, and again when its dependencies change.
PYTHON ?= python3
STAMP := .venv/.installed

.PHONY: run test cosim lint bench validate bench-accuracy bench-codesign

# ResNet-50 on the DyBit accelerator against FP32: a report in the terminal and in reports/resnet50/.
run: $(STAMP)
	.venv/bin/python -m accelsim run workloads/resnet50.yaml --out reports/resnet50

test: $(STAMP)
	.venv/bin/python -m pytest -n 2

# The Verilog of rtl/ in Icarus, against quant.formats and the model's cycles. Needs iverilog.
cosim: $(STAMP)
	.venv/bin/python -m pytest -n 2 tests/rtl

lint: $(STAMP)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --strict
	.venv/bin/lint-imports

# How long a run takes: min, median and max of repeats, and simulated events per second.
bench: $(STAMP)
	.venv/bin/python benchmarks/run.py

# What the model was held against: all comparisons, and the tables of docs/validation.md. About twenty-five minutes.
validate: $(STAMP)
	.venv/bin/python -m benchmarks.validation

# What each number format costs in accuracy, on real data: about an hour, goes on after a stop. Needs npm for the data.
bench-accuracy: $(STAMP)
	.venv/bin/python -m benchmarks.accuracy

# Codesign in the loop with accuracy, on two networks: about half an hour, goes on after a stop. Needs npm for the data.
bench-codesign: $(STAMP)
	.venv/bin/python -m benchmarks.codesign

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@
