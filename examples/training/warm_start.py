"""A model that begins with another one's weights: fewer or more layers, another tokenizer's, or another family's format."""

import random
from dataclasses import replace

import torch
from torch import nn

import llada
import mdlm
import sdar
from chat import Chat
from tasks import Draw

# Names of a LLaDA layer's tensors in SDAR's format.
SDAR_NAMES = {
    "attn_norm": "input_layernorm", "ff_norm": "post_attention_layernorm", "q_proj": "self_attn.q_proj",
    "k_proj": "self_attn.k_proj", "v_proj": "self_attn.v_proj", "attn_out": "self_attn.o_proj",
    "ff_proj": "mlp.gate_proj", "up_proj": "mlp.up_proj", "ff_out": "mlp.down_proj",
}


def spread(available: int, wanted: int) -> list[int]:
    """Numbers of `wanted` layers, evenly spread, the first and last included."""
    return [round(i * (available - 1) / max(wanted - 1, 1)) for i in range(wanted)]


def sample_texts(chat: Chat, draw: Draw, count: int = 64) -> torch.Tensor:
    """Token ids of questions and answers [count, length], filled up with end tokens."""
    rng = random.Random(0)
    texts = [chat.worked(draw(rng, False)) for _ in range(count)]
    length = max(map(len, texts))
    return torch.tensor([ids + [chat.end] * (length - len(ids)) for ids in texts])


def llada_from(other: llada.Llada, depth: int, ffn: int, tied: bool = False) -> llada.Llada:
    """A LLaDA model of `depth` layers: evenly spread ones of another model, or all of them, and between these new ones
    that begin as the identity. Neurons beyond the other model's `ffn` begin with no effect. A tied matrix begins as the
    other model's output."""
    if ffn < other.config.ffn:
        raise SystemExit(f"--ffn {ffn} is less than the {other.config.ffn} of the model to start with, whose neurons are "
                         "all kept. Give at least as many.")
    kept = min(depth, other.config.layers)
    model = llada.Llada(replace(other.config, layers=depth, ffn=ffn, tied=tied))
    weights = {n: p for n, p in other.state_dict().items() if not n.startswith("blocks.")}
    places = spread(depth, kept)
    for theirs, mine in zip(spread(other.config.layers, kept), places):
        weights |= {f"blocks.{mine}.{n}": p for n, p in _widened(other.blocks[theirs], model.blocks[mine]).items()}
    model.load_state_dict(weights, strict=False)
    for place in set(range(depth)) - set(places):
        for projection in (model.blocks[place].attn_out, model.blocks[place].ff_out):
            nn.init.zeros_(projection.weight)
    return model


def _widened(block: llada.Block, wider: llada.Block) -> dict[str, torch.Tensor]:
    """The weights of a block with those of a wider one for the neurons that it lacks."""
    weights = block.state_dict()
    lacks = wider.ff_out.in_features - block.ff_out.in_features
    if lacks > 0:
        for name in ("ff_proj.weight", "up_proj.weight"):
            weights[name] = torch.cat([weights[name], wider.state_dict()[name][-lacks:]])
        weights["ff_out.weight"] = nn.functional.pad(weights["ff_out.weight"], (0, lacks))
    return weights


def sdar_from(other: nn.Module, layers: list[int], tied: bool, chat: Chat, draw: Draw) -> sdar.Sdar:
    """An SDAR model with these layers of a LLaDA or SDAR model of the same width. A tied matrix begins as the other
    model's output."""
    if isinstance(other, llada.Llada):
        other = as_sdar(other, sample_texts(chat, draw))
    model = sdar.Sdar(replace(other.config, layers=len(layers), tied=tied))
    weights = {n: p for n, p in other.state_dict().items() if not n.startswith("model.layers.")}
    for mine, theirs in enumerate(layers):
        weights |= {f"model.layers.{mine}.{n}": p for n, p in other.model.layers[theirs].state_dict().items()}
    model.load_state_dict(weights)
    return model


@torch.no_grad()
def relabelled(other: llada.Llada, theirs: Chat, mine: Chat) -> llada.Llada:
    """A LLaDA model for another tokenizer: tokens that both have keep what they are, the others are new."""
    model = llada.Llada(replace(other.config, vocabulary=mine.padded_vocabulary, end_token=mine.end,
                                mask_token=mine.mask))
    model.blocks.load_state_dict(other.blocks.state_dict())
    model.ln_f.load_state_dict(other.ln_f.state_dict())
    for i in range(mine.tokenizer.get_vocab_size()):
        j = theirs.tokenizer.token_to_id(mine.tokenizer.id_to_token(i))
        if j is not None:
            model.wte.weight[i], model.ff_out.weight[i] = other.wte.weight[j], other.ff_out.weight[j]
    return model


@torch.no_grad()
def as_sdar(other: llada.Llada, texts: torch.Tensor) -> sdar.Sdar:
    """A LLaDA model in SDAR's format. Its heads have no norm on queries and keys; the weights of these are set to the
    root mean square that queries and keys have on `texts`, so that scores keep their size on average."""
    c = other.config
    model = sdar.Sdar(sdar.Config(c.hidden, c.layers, c.heads, c.ffn, c.vocabulary, c.positions,
                                  rope_theta=c.rope_theta, end_token=c.end_token, mask_token=c.mask_token))
    model.model.embed_tokens.load_state_dict(other.wte.state_dict())
    model.model.norm.load_state_dict(other.ln_f.state_dict())
    model.lm_head.load_state_dict(other.ff_out.state_dict())
    cos, sin = other.cos[:texts.shape[1]], other.sin[:texts.shape[1]]
    x = other.wte(texts)
    for block, layer in zip(other.blocks, model.model.layers):
        for theirs, mine in SDAR_NAMES.items():
            layer.get_submodule(mine).load_state_dict(getattr(block, theirs).state_dict())
        n = block.attn_norm(x)
        for projection, norm in ((block.q_proj, layer.self_attn.q_norm), (block.k_proj, layer.self_attn.k_norm)):
            heads = projection(n).unflatten(-1, (c.heads, -1))
            norm.weight.fill_(heads.square().mean().sqrt())
        x = block(x, cos, sin)
    return model


def mdlm_from(other: nn.Module, layers: list[int], depth: int, positions: int, ids: list[int], texts: torch.Tensor,
              steps: int) -> mdlm.Mdlm:
    """An MDLM model of `depth` blocks with these layers of a LLaDA or MDLM model of the same width, evenly spread; the
    blocks between them begin as the identity. Token i of it is token ids[i] of the other model."""
    c = other.config
    model = mdlm.Mdlm(mdlm.Config(c.hidden, depth, c.heads, vocabulary=len(ids), positions=positions))
    model.vocab_embed.embedding.data.copy_(_embedding(other)[ids])
    head, norm = (other.ff_out.weight, other.ln_f.weight) if isinstance(other, llada.Llada) else (
        other.output_layer.linear.weight, other.output_layer.norm_final.weight)
    model.output_layer.linear.weight.data.copy_(head[ids])
    model.output_layer.norm_final.weight.data.copy_(norm)
    places = spread(depth, len(layers))
    for place in set(range(depth)) - set(places):
        model.blocks[place].adaLN_modulation.bias.data.zero_()  # gates closed
    if isinstance(other, llada.Llada):
        _copy_llada_blocks(other, model, dict(zip(layers, places)), texts, steps)
        return model
    model.output_layer.load_state_dict(other.output_layer.state_dict())
    model.sigma_map.load_state_dict(other.sigma_map.state_dict())
    for layer, place in zip(layers, places):
        model.blocks[place].load_state_dict(other.blocks[layer].state_dict())
    return model


def _embedding(model: nn.Module) -> torch.Tensor:
    return model.wte.weight if isinstance(model, llada.Llada) else model.vocab_embed.embedding


def _copy_llada_blocks(other: llada.Llada, model: mdlm.Mdlm, places: dict[int, int], texts: torch.Tensor,
                       steps: int) -> None:
    """Attention is copied: a LayerNorm is an RMSNorm but for the mean, which is small. MLPs, of another kind, are
    fitted to what LLaDA's give on `texts`."""
    cos, sin = other.cos[:texts.shape[1]], other.sin[:texts.shape[1]]
    x = other.wte(texts).detach()
    for index, theirs in enumerate(other.blocks):
        with torch.no_grad():
            x = theirs.attend(x, cos, sin)
            inputs = theirs.ff_norm(x)
            added = theirs.feed_forward(inputs)
            x = x + added
        if index not in places:
            continue
        mine = model.blocks[places[index]]
        mine.norm1.weight.data.copy_(theirs.attn_norm.weight)
        mine.norm2.weight.data.copy_(theirs.ff_norm.weight)
        mine.attn_qkv.weight.data.copy_(torch.cat([p.weight for p in (theirs.q_proj, theirs.k_proj, theirs.v_proj)]))
        mine.attn_out.weight.data.copy_(theirs.attn_out.weight)
        error = _fit(mine.mlp, inputs.flatten(0, 1), added.flatten(0, 1), steps)
        print(f"MLP of layer {index}: {100 * error:.1f}% of the variance unexplained", flush=True)


def _fit(mlp: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, steps: int) -> float:
    """Fits an MLP to another's outputs; the share of their variance that is left."""
    scale = targets.var(0).sum()
    nn.init.normal_(mlp[0].weight, std=1 / mlp[0].in_features ** 0.5)
    optimizer = torch.optim.Adam(mlp.parameters(), lr=3e-3)
    for step in range(steps):
        chosen = torch.randint(len(inputs), (1024,))
        loss = (mlp(inputs[chosen]) - targets[chosen]).square().sum(1).mean() / scale
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * (1 - step / steps)
        optimizer.step()
    return loss.item()
