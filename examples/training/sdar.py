"""SDAR (Cheng et al. 2025, arXiv 2510.06303) in plain torch: Qwen3's layers, and attention that is causal between
blocks of tokens and sees all within one.

Parameter names are those of the published checkpoints.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from rotary import rotary_table, rotate


@dataclass(frozen=True)
class Config:
    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int = 704
    positions: int = 1024
    block_length: int = 4
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5
    end_token: int = 637
    mask_token: int = 638
    tied: bool = False  # the output's matrix is the embedding

    def to_json(self) -> dict:
        return {
            "architectures": ["SDARForCausalLM"], "model_type": "sdar", "hidden_size": self.hidden,
            "num_hidden_layers": self.layers, "num_attention_heads": self.heads,
            "num_key_value_heads": self.heads, "head_dim": self.hidden // self.heads,
            "intermediate_size": self.ffn, "vocab_size": self.vocabulary,
            "max_position_embeddings": self.positions, "block_size": self.block_length,
            "rope_theta": self.rope_theta, "rope_scaling": None, "rms_norm_eps": self.norm_eps,
            "hidden_act": "silu", "attention_bias": False, "use_sliding_window": False,
            "tie_word_embeddings": self.tied, "bos_token_id": self.end_token, "eos_token_id": self.end_token,
            "pad_token_id": self.end_token, "mask_token_id": self.mask_token, "torch_dtype": "float16",
        }

    @staticmethod
    def from_json(j: dict) -> "Config":
        return Config(j["hidden_size"], j["num_hidden_layers"], j["num_attention_heads"], j["intermediate_size"],
                      j["vocab_size"], j["max_position_embeddings"], j["block_size"], j["rope_theta"],
                      j["rms_norm_eps"], j["eos_token_id"], j["mask_token_id"], j["tie_word_embeddings"])


class Attention(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.heads = c.heads
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, nn.Linear(c.hidden, c.hidden, bias=False))
        self.q_norm = nn.RMSNorm(c.hidden // c.heads, c.norm_eps)
        self.k_norm = nn.RMSNorm(c.hidden // c.heads, c.norm_eps)

    def forward(self, x, cos, sin, visible):
        batch, rows, hidden = x.shape
        q, k, v = (p(x).view(batch, rows, self.heads, -1) for p in (self.q_proj, self.k_proj, self.v_proj))
        q, k = (rotate(t.transpose(1, 2), cos, sin) for t in (self.q_norm(q), self.k_norm(k)))
        mixed = F.scaled_dot_product_attention(q, k, v.transpose(1, 2), attn_mask=visible)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, rows, hidden))


class Mlp(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden, c.ffn, bias=False)
        self.up_proj = nn.Linear(c.hidden, c.ffn, bias=False)
        self.down_proj = nn.Linear(c.ffn, c.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(c.hidden, c.norm_eps)
        self.self_attn = Attention(c)
        self.post_attention_layernorm = nn.RMSNorm(c.hidden, c.norm_eps)
        self.mlp = Mlp(c)

    def forward(self, x, cos, sin, visible):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, visible)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocabulary, c.hidden)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = nn.RMSNorm(c.hidden, c.norm_eps)


class Sdar(nn.Module):
    PREFIX = ""  # of the tensors' names in a checkpoint

    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.model = Decoder(c)
        self.lm_head = nn.Linear(c.hidden, c.vocabulary, bias=False)
        if c.tied:
            self.lm_head.weight = self.model.embed_tokens.weight
        cos, sin = rotary_table(c.positions, c.hidden // c.heads, c.rope_theta)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self):
        for name, p in self.named_parameters():
            if p.dim() == 2:
                residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(p, std=0.02 / (2 * self.config.layers) ** 0.5 if residual else 0.02)
        nn.init.normal_(self.model.embed_tokens.weight, std=0.5)

    def forward(self, tokens, positions, visible, rows=None):
        """Logits of tokens [batch, length] at positions [batch, length]; query q sees key k where
        visible[batch, q, k]. With `rows` (a mask of tokens' shape) only of the rows it selects."""
        cos, sin = (t[positions].unsqueeze(1) for t in (self.cos, self.sin))
        x = self.model.embed_tokens(tokens)
        for layer in self.model.layers:
            x = layer(x, cos, sin, visible.unsqueeze(1))
        return self.lm_head(self.model.norm(x if rows is None else x[rows]))

    def logits(self, tokens: torch.Tensor, block_length: int | None = None) -> torch.Tensor:
        """Logits of whole texts [batch, length]."""
        positions = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
        block = positions // (block_length or self.config.block_length)
        return self(tokens, positions, block[:, :, None] >= block[:, None, :])
