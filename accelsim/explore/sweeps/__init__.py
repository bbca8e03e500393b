"""The design-space explorer: docs/sweep.md.

- A space: `space_file.py`, `axes.py`, `expression.py`, `space.py`; how it is walked: `search.py`, `evolution.py`,
  `prepass.py`.
- `driver.py` makes `jobs.py` of it, hands them to an `executor.py` (`process_pool.py`, `dask_executor.py`), where
  `evaluate.py` runs them, and keeps what comes back in the `store.py` (`rows.py`).
- What comes out: `table.py`, `pareto.py`, `effects.py`, `export.py`, `figures.py`, `report.py`.
"""
