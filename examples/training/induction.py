"""What new models begin with: induction heads (Olsson et al. 2022, arXiv 2209.11895), which look something up in their
text. Half of the elements of a token are its own. The first layer copies the neighbours of a token to the other half;
each of the next layers looks for tokens that have the same neighbour on one side, and copies them.

From random weights, models as small as ours may take hours to find this; from these, minutes (mimetic initialisation:
Trockman and Kolter 2023, arXiv 2305.09828).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

NEIGHBOURS = (-3, 3, -2, 2)  # where the heads of the first layer look from each token; a layer after it for each
FARTHEST = 500  # rows between a token and what it finds
EMBEDDING, SHARED = 0.5, 0.35  # root mean squares: of what is a token's own, and of what all tokens have in common
NOISE = 0.02  # standard deviation of weights that mean nothing yet
# Scales: of neighbours, of queries and keys that look for them and that avoid masks, of what is found, of the output.
COPIED, ALIKE, AVOIDED, FOUND, SAID = 1.0, 2.0, 1.5, 0.5, 0.3


@dataclass
class Attention:
    """Weights of a layer [hidden, hidden] each, or views of them."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    out: torch.Tensor


@torch.no_grad()
def begin(embedding: torch.Tensor, output: torch.Tensor, layers: list[Attention], heads: int, mask_token: int,
          cos: torch.Tensor, sin: torch.Tensor) -> None:
    """Sets the weights of embedding and output [vocabulary, hidden] and of attention. `cos` and `sin`: of the angles by
    which RoPE turns the pairs of a head from one row to the next [hidden / heads / 2]. If the output is the embedding
    itself, it has the embedding's scale, and the norm before it should begin with the weight SAID."""
    hidden, angles = embedding.shape[1], torch.atan2(sin, cos)
    shared = (torch.arange(hidden) < hidden // 2) * torch.randn(hidden)
    shared = F.normalize(shared, dim=0)
    own = torch.eye(hidden)[:hidden // 2] @ (torch.eye(hidden) - torch.outer(shared, shared))
    embedding.copy_(EMBEDDING * hidden**0.5 * F.normalize(torch.randn_like(embedding) @ own.T @ own))
    mask = F.normalize(embedding[mask_token], dim=0)
    own -= torch.outer(own @ mask, mask)  # a mask has nothing to say
    if output is not embedding:
        output.copy_(SAID * embedding @ own.T @ own)
    embedding.add_(SHARED * hidden**0.5 * shared)
    for layer in layers:
        for matrix in (layer.query, layer.key, layer.value):
            matrix.normal_(std=NOISE)
        layer.out.normal_(std=NOISE / (2 * len(layers)) ** 0.5)
    _look_beside(layers[0], shared, heads, angles)
    _copy(layers[0], own, heads, to=hidden // 2, scale=COPIED)
    for head, layer in enumerate(layers[1:][:min(heads, len(NEIGHBOURS))]):
        _look_for(layer, head, heads, angles)
        _avoid(layer, shared, mask, heads)
        _copy(layer, own, heads, to=0, scale=FOUND)


def _copy(layer: Attention, own: torch.Tensor, heads: int, to: int, scale: float) -> None:
    """Every head copies a part of what is a token's own [hidden / 2, hidden] to the elements from `to` on."""
    part = len(own) // heads
    for head, (value, out) in enumerate(zip(layer.value.chunk(heads), layer.out.chunk(heads, dim=1))):
        value[:part] += own[head * part:][:part]
        out[to + head * part:][:part, :part] += scale * torch.eye(part)


def _look_beside(layer: Attention, shared: torch.Tensor, heads: int, angles: torch.Tensor) -> None:
    """Every head looks at one neighbour: queries and keys are what all tokens share, and queries are rotated, by as
    much as rotates the neighbour's key. Of the pairs of elements only the faster half, which tell neighbours apart."""
    pairs = len(angles)
    offsets = torch.tensor([NEIGHBOURS[h % len(NEIGHBOURS)] for h in range(heads)])
    turned = torch.outer(offsets, angles)
    fast = (torch.arange(pairs) < pairs // 2).float()
    query = torch.cat((fast * turned.cos(), fast * turned.sin()), dim=1).flatten()
    key = torch.cat((fast.expand(heads, -1), torch.zeros(heads, pairs)), dim=1).flatten()
    layer.query.copy_(torch.outer(query, shared))
    layer.key.copy_(torch.outer(key, shared))


def _look_for(layer: Attention, copied_by: int, heads: int, angles: torch.Tensor) -> None:
    """Every head looks for tokens with the same neighbour: one copied by a head of the first layer. Only by pairs of
    elements that are still about where they were when RoPE has turned them by the distance."""
    slow = (FARTHEST * angles < 1).repeat(2)
    hidden = layer.query.shape[1]
    part = hidden // 2 // heads
    begin = hidden // 2 + copied_by * part
    for query, key in zip(layer.query.chunk(heads), layer.key.chunk(heads)):
        seen = ALIKE * slow[:, None] * torch.randn(len(slow), part) / part**0.5
        query[:, begin:begin + part] += seen
        key[:, begin:begin + part] += seen


def _avoid(layer: Attention, shared: torch.Tensor, mask: torch.Tensor, heads: int) -> None:
    """No head finds masks; above all, no mask itself. The key's element of the slowest pair tells whether a token is a
    mask."""
    slowest = layer.query.shape[1] // heads // 2 - 1
    for query, key in zip(layer.query.chunk(heads), layer.key.chunk(heads)):
        query[slowest] = AVOIDED * shared
        key[slowest] = -AVOIDED * mask
