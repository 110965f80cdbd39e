"""Muon (Jordan et al. 2024): momentum whose matrix updates are orthogonalised by a Newton-Schulz iteration.

torch.optim.Muon iterates in bfloat16, one matrix at a time, which costs more than the model itself on a CPU without
bfloat16 units. This one works in float32 and treats all matrices of a shape as one batch.
"""

from collections import defaultdict

import torch


def orthogonalise(g: torch.Tensor) -> torch.Tensor:
    """The nearest semi-orthogonal matrices to g [batch, rows, columns], rows <= columns, to within a few per cent."""
    x = g / (g.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


class Muon(torch.optim.Optimizer):
    def __init__(self, matrices, lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            by_shape = defaultdict(list)
            for p in group["params"]:
                by_shape[p.shape].append(p)
            for same in by_shape.values():
                self._step_same_shape(same, group)

    def _step_same_shape(self, matrices, group):
        updates = []
        for p in matrices:
            velocity = self.state[p].setdefault("velocity", torch.zeros_like(p))
            velocity.lerp_(p.grad, 1 - group["momentum"])
            updates.append(p.grad.lerp(velocity, group["momentum"]))  # Nesterov
        update = torch.stack(updates)
        rows, columns = update.shape[1:]
        update = orthogonalise(update) if rows <= columns else orthogonalise(update.mT).mT
        scale = max(1.0, rows / columns) ** 0.5
        for p, u in zip(matrices, update):
            p.mul_(1 - group["lr"] * group["weight_decay"]).add_(u, alpha=-group["lr"] * scale)
