"""Training, of float networks and of fake-quantised ones (QAT), that goes on from a checkpoint after a kill.

A step depends on the seed and its own number alone, besides the state in the checkpoint: a run that was killed and
resumed ends with the same bits as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from quant.errors import DataError, FileError
from quant.files import replacing
from quant.ptq.calibration import Progress
from quant.ptq.fake_quant import FakeQuantize

Augment = Callable[[Tensor, torch.Generator], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained: Adam (decoupled weight decay), learning rate in one cycle, batches without repeats."""

    steps: int
    batch_size: int = 128
    learning_rate: float = 1e-3
    """The peak; in steps of Adam, so for scales (in log2) a relative one."""
    weight_decay: float = 0.0
    checkpoint_every: int = 100
    """Steps."""
    seed: int = 0


def train(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    settings: TrainingSettings,
    *,
    loss: Loss = nn.functional.cross_entropy,
    augment: Augment | None = None,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Train the network in place on rows of `inputs` and `targets`, and leave it in evaluation mode.

    In a fake-quantised network the scales learn too (Esser et al., "Learned Step Size Quantization", ICLR 2020).
    With `checkpoint`, state is written there now and then and at the end, and if the file is there training goes on
    from it. Raises FileError for a checkpoint that cannot be read or is of another training, DataError for data of
    unequal length or fewer rows than a batch.
    """
    if len(inputs) != len(targets) or len(inputs) < settings.batch_size:
        raise DataError(f"{len(inputs)} inputs and {len(targets)} targets", "as many, and at least a batch")
    for module in network.modules():
        if isinstance(module, FakeQuantize):
            module.log2_factor.requires_grad_(True)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, settings.steps)
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule}
    first = _resume(checkpoint, parts, settings) if checkpoint is not None and checkpoint.exists() else 0
    network.train()
    for step in range(first, settings.steps):
        rows, generator = _batch(step, len(inputs), settings)
        batch = inputs[rows] if augment is None else augment(inputs[rows], generator)
        optimizer.zero_grad()
        loss(network(batch), targets[rows]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        done = step + 1
        if checkpoint is not None and (done % settings.checkpoint_every == 0 or done == settings.steps):
            _save(checkpoint, parts, settings, done)
        if progress:
            progress("training", done, settings.steps)
    network.eval()


def _batch(step: int, row_count: int, settings: TrainingSettings) -> tuple[Tensor, torch.Generator]:
    """The rows of a step, and a generator for its augmentation: functions of seed and step alone."""
    epoch, place = divmod(step, row_count // settings.batch_size)
    order = torch.randperm(row_count, generator=_generator(settings.seed, 2 * epoch))
    start = place * settings.batch_size
    return order[start : start + settings.batch_size], _generator(settings.seed, 2 * step + 1)


def _generator(seed: int, number: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed << 32) + number)


def _save(path: Path, parts: dict[str, Any], settings: TrainingSettings, step: int) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}
    with replacing(path) as partial:
        torch.save({**state, "settings": asdict(settings), "step": step}, partial)


def _resume(path: Path, parts: dict[str, Any], settings: TrainingSettings) -> int:
    try:
        state = torch.load(path, weights_only=True)
        if state["settings"] != asdict(settings):
            found = f"checkpoint of another training, {state['settings']}"
            raise FileError(found, f"{asdict(settings)}", where=str(path))
        for name, part in parts.items():
            part.load_state_dict(state[name])
        return int(state["step"])
    except FileError:
        raise
    except Exception as error:  # torch's readers raise whatever the bytes lead them to
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileError(f"no checkpoint: {reason}", "a checkpoint, or no file there", where=str(path)) from None
