"""Searches that learn from what was simulated: NSGA-II (pymoo) and the tree-structured Parzen estimator (Optuna).

A design is a place on each axis of the space. Both ask for a generation of designs at a time and are told the costs of
each; designs that break a condition or fail are worse than all others. The same seed asks for the same designs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias

import numpy as np

from accelsim.errors import InputError
from accelsim.explore.sweeps.space import Candidate, Space

#: The costs of each design, less being better; None for one that failed.
Evaluate: TypeAlias = Callable[[Sequence[Candidate]], Sequence[Sequence[float] | None]]
_Coordinates: TypeAlias = tuple[int, ...]
_Generations: TypeAlias = Generator[list[_Coordinates], list[Sequence[float] | None], None]
_GENERATIONS_WITHOUT_NEWS = 5
_EXTRA = "pip install 'dybit-accelsim[explore]'"


def evolve(space: Space, evaluate: Evaluate) -> list[Candidate]:
    """Search until as many designs as the space file wants were simulated, and return all of them.

    Ends earlier where the whole space is done, or five generations bring nothing new. InputError where the library is
    not installed.
    """
    search = space.file.search
    wanted = min(search.points or 10 * search.population, math.prod(space.shape))
    generations = _nsga2(space) if search.method == "nsga2" else _optuna(space)
    seen: dict[_Coordinates, Sequence[float] | None] = {}
    found: list[Candidate] = []
    idle, asked = 0, next(generations)
    while len(found) < wanted and idle < _GENERATIONS_WITHOUT_NEWS:
        new: dict[_Coordinates, Candidate] = {}
        for coordinates in asked:
            if coordinates not in seen:
                seen[coordinates] = None
                candidate = space.candidate(coordinates)
                if candidate is not None and len(found) + len(new) < wanted:
                    new[coordinates] = candidate
        seen.update(zip(new, evaluate(list(new.values())), strict=True))
        found += new.values()
        idle = 0 if new else idle + 1
        asked = generations.send([seen[coordinates] for coordinates in asked])
    return found


def _nsga2(space: Space) -> _Generations:
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.evaluator import Evaluator
        from pymoo.core.problem import Problem
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM
        from pymoo.operators.repair.rounding import RoundingRepair
        from pymoo.operators.sampling.rnd import IntegerRandomSampling
        from pymoo.problems.static import StaticProblem
    except ImportError:
        raise InputError("search: nsga2", "pymoo is not installed", _EXTRA) from None
    search, objectives = space.file.search, len(space.file.objectives)
    last = np.array(space.shape) - 1
    problem = Problem(n_var=len(last), n_obj=objectives, n_ieq_constr=1, xl=0, xu=last, vtype=int)
    algorithm = NSGA2(
        pop_size=search.population,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=True,
    )
    algorithm.setup(problem, termination=("n_gen", 10**6), seed=search.seed, verbose=False)
    while True:
        population = algorithm.ask()
        costs = yield [tuple(map(int, place)) for place in population.get("X")]
        values = np.array([[0.0] * objectives if cost is None else cost for cost in costs])
        broken = np.array([[float(cost is None)] for cost in costs])
        Evaluator().eval(StaticProblem(problem, F=values, G=broken), population)
        algorithm.tell(infills=population)


def _optuna(space: Space) -> _Generations:
    try:
        import optuna
    except ImportError:
        raise InputError("search: optuna", "Optuna is not installed", _EXTRA) from None
    search = space.file.search
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        directions=["minimize"] * len(space.file.objectives), sampler=optuna.samplers.TPESampler(seed=search.seed)
    )
    while True:
        trials = [study.ask() for _ in range(search.population)]
        costs = yield [tuple(trial.suggest_int(axis.name, 0, len(axis) - 1) for axis in space.axes) for trial in trials]
        for trial, cost in zip(trials, costs, strict=True):
            if cost is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, list(cost))
