"""LLaDA (Nie et al. 2025, arXiv 2502.09992) in plain torch: bidirectional attention, RMSNorm, SwiGLU, RoPE.

Parameter names are those of the published checkpoints.

A new model begins with what looking something up in its text takes, induction heads (Olsson et al. 2022, arXiv
2209.11895): the first layer copies the neighbours of a token to it, later layers look for tokens that are or stand
beside the same, and copy them. From random weights, models as small as ours may take hours to find this; from these,
minutes (mimetic initialisation: Trockman and Kolter 2023, arXiv 2305.09828).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from rotary import rotary_table, rotate

NEIGHBOURS = (-1, -2, -3, 1)  # where the heads of a new model's first layer look, from each token
EMBEDDING, SHARED = 0.5, 0.35  # root mean squares: of what is a token's own, and of what all tokens have in common
NOISE = 0.02  # standard deviation of weights that mean nothing yet
ALIKE, COPIED, SAID = 0.7, 0.3, 0.3  # scales of later queries and keys, of what attention adds, and of the output's


@dataclass(frozen=True)
class Config:
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int = 704
    positions: int = 1024
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5
    end_token: int = 637
    mask_token: int = 638

    def to_json(self) -> dict:
        return {
            "architectures": ["LLaDAModelLM"], "model_type": "llada", "block_type": "llama",
            "activation_type": "silu", "layer_norm_type": "rms", "rope": True, "alibi": False,
            "include_bias": False, "include_qkv_bias": False, "weight_tying": False, "scale_logits": False,
            "input_emb_norm": False, "d_model": self.hidden, "n_layers": self.layers, "n_heads": self.heads,
            "n_kv_heads": self.heads, "mlp_hidden_size": self.ffn, "vocab_size": self.vocabulary,
            "embedding_size": self.vocabulary, "max_sequence_length": self.positions,
            "rope_theta": self.rope_theta, "rms_norm_eps": self.norm_eps, "eos_token_id": self.end_token,
            "pad_token_id": self.end_token, "mask_token_id": self.mask_token, "torch_dtype": "float16",
        }

    @staticmethod
    def from_json(j: dict) -> "Config":
        return Config(j["d_model"], j["n_layers"], j["n_heads"], j["mlp_hidden_size"], j["embedding_size"],
                      j["max_sequence_length"], j["rope_theta"], j["rms_norm_eps"], j["eos_token_id"],
                      j["mask_token_id"])


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.heads = c.heads
        self.attn_norm = nn.RMSNorm(c.hidden, c.norm_eps)
        self.ff_norm = nn.RMSNorm(c.hidden, c.norm_eps)
        for name in ("q_proj", "k_proj", "v_proj", "attn_out"):
            setattr(self, name, nn.Linear(c.hidden, c.hidden, bias=False))
        self.ff_proj = nn.Linear(c.hidden, c.ffn, bias=False)
        self.up_proj = nn.Linear(c.hidden, c.ffn, bias=False)
        self.ff_out = nn.Linear(c.ffn, c.hidden, bias=False)

    def attend(self, x, cos, sin):
        """x and what attention adds to it."""
        batch, rows, hidden = x.shape
        n = self.attn_norm(x)
        q, k, v = (p(n).view(batch, rows, self.heads, -1).transpose(1, 2)
                   for p in (self.q_proj, self.k_proj, self.v_proj))
        mixed = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v)
        return x + self.attn_out(mixed.transpose(1, 2).reshape(batch, rows, hidden))

    def feed_forward(self, n):
        return self.ff_out(F.silu(self.ff_proj(n)) * self.up_proj(n))

    def forward(self, x, cos, sin):
        x = self.attend(x, cos, sin)
        return x + self.feed_forward(self.ff_norm(x))


class Llada(nn.Module):
    PREFIX = "model.transformer."  # of the tensors' names in a checkpoint

    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.wte = nn.Embedding(c.vocabulary, c.hidden)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.ln_f = nn.RMSNorm(c.hidden, c.norm_eps)
        self.ff_out = nn.Linear(c.hidden, c.vocabulary, bias=False)
        cos, sin = rotary_table(c.positions, c.hidden // c.heads, c.rope_theta)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    @torch.no_grad()
    def _initialise(self):
        for p in self.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=NOISE)
        hidden = self.config.hidden
        shared = F.normalize(torch.randn(hidden), dim=0)
        own = torch.eye(hidden) - torch.outer(shared, shared)  # takes what tokens share away
        self.wte.weight.copy_(EMBEDDING * hidden**0.5 * F.normalize(torch.randn_like(self.wte.weight) @ own))
        self.ff_out.weight.copy_(SAID * self.wte.weight)
        self.wte.weight.add_(SHARED * hidden**0.5 * shared)
        for block in self.blocks:
            nn.init.normal_(block.ff_out.weight, std=NOISE / (2 * self.config.layers) ** 0.5)
            block.v_proj.weight.add_(own)
            nn.init.normal_(block.attn_out.weight, std=NOISE / (2 * self.config.layers) ** 0.5)
            block.attn_out.weight.add_(COPIED * torch.eye(hidden))
        self._look_beside(self.blocks[0], shared)
        for block in self.blocks[1:]:
            block.q_proj.weight.add_(ALIKE * torch.eye(hidden))
            block.k_proj.weight.add_(ALIKE * torch.eye(hidden))

    def _look_beside(self, block: Block, shared: torch.Tensor):
        """Every head looks at one neighbour: queries and keys are what all tokens share, and queries are rotated, by
        as much as rotates the neighbour's key. Of the pairs of elements only the faster half, which tell neighbours
        apart."""
        heads, pairs = self.config.heads, self.cos.shape[1]
        offsets = torch.tensor([NEIGHBOURS[h % len(NEIGHBOURS)] for h in range(heads)])
        angles = torch.outer(offsets, torch.atan2(self.sin[1], self.cos[1]))
        fast = (torch.arange(pairs) < pairs // 2).float()
        query = torch.cat((fast * angles.cos(), fast * angles.sin()), dim=1).flatten()
        key = torch.cat((fast.expand(heads, -1), torch.zeros(heads, pairs)), dim=1).flatten()
        block.q_proj.weight.copy_(torch.outer(query, shared))
        block.k_proj.weight.copy_(torch.outer(key, shared))

    def forward(self, tokens: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
        """Logits of tokens [batch, length]; with `rows` (a mask of the same shape) only of the rows it selects."""
        length = tokens.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        x = self.wte(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.ff_out(self.ln_f(x if rows is None else x[rows]))
