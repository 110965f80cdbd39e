"""MDLM (Sahoo et al. 2024, arXiv 2406.07524) in plain torch: DiT's layers (Peebles and Xie 2023, arXiv 2212.09748) on
tokens, with LayerNorm, RoPE and GELU. It is never told the noise level, so adaLN's condition is one constant vector.

Parameter names are those of the published checkpoints.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import induction
from rotary import rotary_table, rotate

FREQUENCIES = 128  # of the embedding of the noise level


@dataclass(frozen=True)
class Config:
    hidden: int
    layers: int
    heads: int
    condition: int = 32
    vocabulary: int = 642
    positions: int = 96

    @property
    def mask_token(self) -> int:
        return self.vocabulary - 1

    def to_json(self) -> dict:
        return {
            "architectures": ["MDLM"], "model_type": "mdlm", "vocab_size": self.vocabulary,
            "model_length": self.positions, "hidden_dim": self.hidden, "cond_dim": self.condition,
            "n_blocks": self.layers, "n_heads": self.heads, "dropout": 0.0, "time_conditioning": False,
            "torch_dtype": "float16",
        }

    @staticmethod
    def from_json(j: dict) -> "Config":
        return Config(j["hidden_dim"], j["n_blocks"], j["n_heads"], j["cond_dim"], j["vocab_size"],
                      j["model_length"])


class LayerNorm(nn.Module):
    """With a weight and no bias."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x, shift, scale):
        return F.layer_norm(x, x.shape[-1:], self.weight) * (1 + scale) + shift


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.heads = c.heads
        self.norm1 = LayerNorm(c.hidden)
        self.attn_qkv = nn.Linear(c.hidden, 3 * c.hidden, bias=False)
        self.attn_out = nn.Linear(c.hidden, c.hidden, bias=False)
        self.norm2 = LayerNorm(c.hidden)
        self.mlp = nn.Sequential(nn.Linear(c.hidden, 4 * c.hidden), nn.GELU(approximate="tanh"),
                                 nn.Linear(4 * c.hidden, c.hidden))
        self.adaLN_modulation = nn.Linear(c.condition, 6 * c.hidden)

    def forward(self, x, cos, sin, condition):
        attention_shift, attention_scale, attention_gate, mlp_shift, mlp_scale, mlp_gate = (
            self.adaLN_modulation(condition).chunk(6))
        qkv = self.attn_qkv(self.norm1(x, attention_shift, attention_scale))
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v)
        x = x + attention_gate * self.attn_out(mixed.transpose(1, 2).flatten(2))
        return x + mlp_gate * self.mlp(self.norm2(x, mlp_shift, mlp_scale))


class NoiseLevel(nn.Module):
    """The embedding of a noise level, which is always 0."""

    def __init__(self, c: Config):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(2 * FREQUENCIES, c.condition), nn.SiLU(),
                                 nn.Linear(c.condition, c.condition))

    def forward(self):
        ones = self.mlp[0].weight.new_ones(FREQUENCIES)  # cosines of 0, then sines
        return F.silu(self.mlp(torch.cat((ones, torch.zeros_like(ones)))))


class Embedding(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(c.vocabulary, c.hidden))


class OutputLayer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.norm_final = LayerNorm(c.hidden)
        self.linear = nn.Linear(c.hidden, c.vocabulary)
        self.adaLN_modulation = nn.Linear(c.condition, 2 * c.hidden)

    def forward(self, x, condition):
        return self.linear(self.norm_final(x, *self.adaLN_modulation(condition).chunk(2)))


class Mdlm(nn.Module):
    PREFIX = "backbone."  # of the tensors' names in a checkpoint

    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.vocab_embed = Embedding(c)
        self.sigma_map = NoiseLevel(c)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.output_layer = OutputLayer(c)
        cos, sin = rotary_table(c.positions, c.hidden // c.heads, 10000.0)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    @torch.no_grad()
    def _initialise(self):
        """Modulations begin as nothing: no shift, no scale, gates open."""
        for block in self.blocks:
            nn.init.normal_(block.mlp[0].weight, std=0.02)
            nn.init.normal_(block.mlp[2].weight, std=0.02 / (2 * self.config.layers) ** 0.5)
            for bias in (block.mlp[0].bias, block.mlp[2].bias):
                nn.init.zeros_(bias)
        for modulated in (*self.blocks, self.output_layer):
            nn.init.zeros_(modulated.adaLN_modulation.weight)
            nn.init.zeros_(modulated.adaLN_modulation.bias)
        for block in self.blocks:
            for gate in (2, 5):
                block.adaLN_modulation.bias.view(6, -1)[gate] = 1
        induction.begin(self.vocab_embed.embedding, self.output_layer.linear.weight,
                        [induction.Attention(*b.attn_qkv.weight.chunk(3), b.attn_out.weight) for b in self.blocks],
                        self.config.heads, self.config.mask_token, self.cos[1], self.sin[1])
        nn.init.zeros_(self.output_layer.linear.bias)

    def forward(self, tokens: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
        """Logits of tokens [batch, length]; with `rows` (a mask of the same shape) only of the rows it selects."""
        length, condition = tokens.shape[1], self.sigma_map()
        cos, sin = self.cos[:length], self.sin[:length]
        x = self.vocab_embed.embedding[tokens]
        for block in self.blocks:
            x = block(x, cos, sin, condition)
        return self.output_layer(x if rows is None else x[rows], condition)
