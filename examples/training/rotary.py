"""Half-rotation RoPE (Su et al. 2021, arXiv 2104.09864), as LLaDA, SDAR and MDLM use it."""

import torch


def rotary_table(positions: int, head_dim: int, theta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines [positions, head_dim / 2]."""
    half = head_dim // 2
    angles = torch.outer(torch.arange(positions, dtype=torch.float32),
                         theta ** (-torch.arange(half, dtype=torch.float32) / half))
    return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """x [batch, heads, rows, head_dim], rotated: element i pairs with i + head_dim / 2."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
