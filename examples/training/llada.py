"""LLaDA (Nie et al. 2025, arXiv 2502.09992) in plain torch: bidirectional attention, RMSNorm, SwiGLU, RoPE.

Parameter names are those of the published checkpoints.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import induction
from rotary import rotary_table, rotate


@dataclass(frozen=True)
class Config:
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int = 704
    positions: int = 1024
    rope_theta: float = 500000.0
    norm_eps: float = 1e-5
    end_token: int = 637
    mask_token: int = 638
    tied: bool = False  # the output's matrix is the embedding

    def to_json(self) -> dict:
        return {
            "architectures": ["LLaDAModelLM"], "model_type": "llada", "block_type": "llama",
            "activation_type": "silu", "layer_norm_type": "rms", "rope": True, "alibi": False,
            "include_bias": False, "include_qkv_bias": False, "weight_tying": self.tied, "scale_logits": False,
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
                      j["mask_token_id"], j["weight_tying"])


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
        if c.tied:
            self.ff_out.weight = self.wte.weight
        cos, sin = rotary_table(c.positions, c.hidden // c.heads, c.rope_theta)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self):
        for block in self.blocks:
            nn.init.normal_(block.ff_proj.weight, std=0.02)
            nn.init.normal_(block.up_proj.weight, std=0.02)
            nn.init.normal_(block.ff_out.weight, std=0.02 / (2 * self.config.layers) ** 0.5)
        if self.config.tied:
            nn.init.constant_(self.ln_f.weight, induction.SAID)
        induction.begin(self.wte.weight, self.ff_out.weight,
                        [induction.Attention(b.q_proj.weight, b.k_proj.weight, b.v_proj.weight, b.attn_out.weight)
                         for b in self.blocks], self.config.heads, self.config.mask_token, self.cos[1], self.sin[1])

    def forward(self, tokens: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
        """Logits of tokens [batch, length]; with `rows` (a mask of the same shape) only of the rows it selects."""
        length = tokens.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        x = self.wte(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.ff_out(self.ln_f(x if rows is None else x[rows]))
