"""The loss of masked tokens, and learning it from a teacher as well (Hinton et al. 2015, arXiv 1503.02531)."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from folder import load


def load_teacher(folder: Path | None) -> nn.Module | None:
    return load(folder).to("cuda" if torch.cuda.is_available() else "cpu") if folder else None


def masked_loss(logits: torch.Tensor, targets: torch.Tensor, taught: torch.Tensor | None) -> torch.Tensor:
    """The mean cross entropy of logits [rows, vocabulary] to targets [rows]; with a teacher's logits of the same rows,
    half of it is the cross entropy to the teacher's distribution."""
    loss = F.cross_entropy(logits, targets)
    return loss if taught is None else (loss + F.cross_entropy(logits, taught.softmax(-1))) / 2


def ask(teacher: nn.Module | None, *inputs: torch.Tensor) -> torch.Tensor | None:
    """The teacher's logits, if there is one."""
    if teacher is None:
        return None
    with torch.no_grad():
        return teacher(*inputs)
