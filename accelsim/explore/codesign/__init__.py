"""Which number format each layer gets. Here, and only here, the simulator meets `quant.allocation`: docs/codesign.md.

- `errors.py`, `measured_errors.py`: what each format costs in accuracy, of stand-ins or weights, or measured.
- `problem.py`: a network on a machine as an allocation problem; what may be chosen.
- `search.py`: the searches, and the simulation of what they choose. `accuracy.py`: the loop with a torch network.
- `report.py`: the JSON document, files and figures.
"""
