"""Makes the golden models with experts under tests/shared/golden, and the logits to expect of them.

    python make_moe_golden.py [--out ../shared/golden]

`llada_moe`: LLaDA-MoE, bidirectional; `llada2`: LLaDA2, causal between blocks. Random weights at odd sizes under the
names of the published checkpoints. The logits are by Hugging Face transformers' own classes in float32, which fit
exactly under the right mask once the weights have their names: Qwen3-MoE (softmax over all experts, not renormalised)
and GLM-4-MoE (sigmoid, bias and groups for the choice, shared expert, partial rotation, dense first layer). The script
proves that the mask does what it should, that every expert is chosen by some row and rejected by another, and that no
choice is so close that rounding could change it.

Needs torch, transformers and safetensors; the results are committed, so tests need none of them.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Glm4MoeConfig, Glm4MoeForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

from make_llada_golden import read_weights, save_shards
from make_qwen_golden import logits, prove_mask


def llada_moe_config() -> dict:
    """In the words of inclusionAI/LLaDA-MoE-7B-A1B; its type is LLaDA's."""
    return {
        "architectures": ["LLaDAMoEModelLM"], "model_type": "llada", "hidden_size": 72, "num_attention_heads": 3,
        "num_key_value_heads": 1, "dense_intermediate_size": 96, "expert_intermediate_size": 40,
        "shared_expert_intermediate_size": None, "num_hidden_layers": 2, "moe_layer_freq": [1, 1], "num_experts": 11,
        "num_experts_per_tok": 3, "norm_topk_prob": None, "moe_router_score_function": "softmax",
        "moe_router_enable_expert_bias": False, "qk_layernorm": True, "attention_bias": False, "clip_qkv": None,
        "vocab_size": 197, "max_position_embeddings": 96, "rope_theta": 50000, "rope_scaling": None,
        "partial_rotary_factor": 1, "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": False,
        "eos_token_id": 195, "pad_token_id": 195, "mask_token_id": 196, "torch_dtype": "float16"}


def llada2_config() -> dict:
    """In the words of inclusionAI/LLaDA2.0-mini."""
    return {
        "architectures": ["LLaDA2MoeModelLM"], "model_type": "llada2_moe", "hidden_size": 56, "num_attention_heads": 6,
        "num_key_value_heads": 2, "head_dim": 20, "intermediate_size": 104, "moe_intermediate_size": 24,
        "num_hidden_layers": 3, "first_k_dense_replace": 1, "num_experts": 12, "num_experts_per_tok": 3,
        "num_shared_experts": 2, "n_group": 4, "topk_group": 2, "norm_topk_prob": True, "routed_scaling_factor": 2.5,
        "score_function": "sigmoid", "moe_router_enable_expert_bias": True, "router_dtype": "fp32",
        "partial_rotary_factor": 0.5, "rotary_dim": 10, "use_qk_norm": True, "use_qkv_bias": False, "use_bias": False,
        "use_sliding_window": False, "vocab_size": 211, "max_position_embeddings": 96, "rope_theta": 600000,
        "rope_scaling": None, "rms_norm_eps": 1e-6, "hidden_act": "silu", "tie_word_embeddings": False,
        "pad_token_id": 209, "mask_token_id": 210, "block_length": 8, "torch_dtype": "bfloat16"}


def mlp_shapes(prefix: str, hidden: int, ffn: int) -> dict:
    return {f"{prefix}.gate_proj.weight": (ffn, hidden), f"{prefix}.up_proj.weight": (ffn, hidden),
            f"{prefix}.down_proj.weight": (hidden, ffn)}


def expert_shapes(prefix: str, experts: int, hidden: int, ffn: int) -> dict:
    shapes = {f"{prefix}.gate.weight": (experts, hidden)}
    for e in range(experts):
        shapes |= mlp_shapes(f"{prefix}.experts.{e}", hidden, ffn)
    return shapes


def llada_moe_shapes(c: dict) -> dict:
    hidden, head = c["hidden_size"], c["hidden_size"] // c["num_attention_heads"]
    kv = c["num_key_value_heads"] * head
    shapes = {"model.embed_tokens.weight": (c["vocab_size"], hidden), "model.norm.weight": (hidden,),
              "lm_head.weight": (c["vocab_size"], hidden)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        shapes |= {p + "input_layernorm.weight": (hidden,), p + "post_attention_layernorm.weight": (hidden,),
                   p + "self_attn.q_proj.weight": (hidden, hidden), p + "self_attn.k_proj.weight": (kv, hidden),
                   p + "self_attn.v_proj.weight": (kv, hidden), p + "self_attn.o_proj.weight": (hidden, hidden),
                   p + "self_attn.q_norm.weight": (head,), p + "self_attn.k_norm.weight": (head,)}
        shapes |= expert_shapes(p + "mlp", c["num_experts"], hidden, c["expert_intermediate_size"])
    return shapes


def llada2_shapes(c: dict) -> dict:
    hidden, head, ffn = c["hidden_size"], c["head_dim"], c["moe_intermediate_size"]
    q, kv = c["num_attention_heads"] * head, c["num_key_value_heads"] * head
    shapes = {"model.word_embeddings.weight": (c["vocab_size"], hidden), "model.norm.weight": (hidden,),
              "lm_head.weight": (c["vocab_size"], hidden)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        shapes |= {p + "input_layernorm.weight": (hidden,), p + "post_attention_layernorm.weight": (hidden,),
                   p + "attention.query_key_value.weight": (q + 2 * kv, hidden),
                   p + "attention.dense.weight": (hidden, q),
                   p + "attention.query_layernorm.weight": (head,), p + "attention.key_layernorm.weight": (head,)}
        if i < c["first_k_dense_replace"]:
            shapes |= mlp_shapes(p + "mlp", hidden, c["intermediate_size"])
        else:
            shapes |= expert_shapes(p + "mlp", c["num_experts"], hidden, ffn)
            shapes |= mlp_shapes(p + "mlp.shared_experts", hidden, c["num_shared_experts"] * ffn)
            shapes[p + "mlp.gate.expert_bias"] = (c["num_experts"],)
    return shapes


def random_weights(shapes: dict, dtype: torch.dtype, generator: torch.Generator) -> dict:
    """Weights whose activations and logits are of order one, so that an error anywhere is seen at the end."""
    weights = {}
    for name, shape in shapes.items():
        if name.endswith("expert_bias"):
            weights[name] = 0.2 * torch.rand(shape, generator=generator)
        elif len(shape) == 1:
            weights[name] = (0.5 + torch.rand(shape, generator=generator)).to(dtype)
        else:
            gain = shape[1] ** 0.5 if "embed" in name else 2.0 if name == "lm_head.weight" else 1.0
            weights[name] = (torch.randn(shape, generator=generator) * gain / shape[1] ** 0.5).to(dtype)
    return weights


def stack_experts(weights: dict, experts: int) -> dict:
    """Each layer's experts as transformers keeps them: one tensor of gates over ups, one of downs."""
    stacked = {n: w for n, w in weights.items() if ".mlp.experts." not in n}
    for prefix in {n.split(".experts.")[0] + ".experts" for n in weights if ".mlp.experts." in n}:
        of = lambda projection: [weights[f"{prefix}.{e}.{projection}.weight"] for e in range(experts)]
        stacked[prefix + ".gate_up_proj"] = torch.stack([torch.cat(pair) for pair in zip(of("gate_proj"), of("up_proj"))])
        stacked[prefix + ".down_proj"] = torch.stack(of("down_proj"))
    return stacked


def llada_moe_reference(c: dict, weights: dict):
    settings = {k: c[k] for k in ("hidden_size", "num_attention_heads", "num_key_value_heads", "num_hidden_layers",
                                  "vocab_size", "max_position_embeddings", "rms_norm_eps", "num_experts",
                                  "num_experts_per_tok")}
    model = Qwen3MoeForCausalLM(Qwen3MoeConfig(
        **settings, head_dim=c["hidden_size"] // c["num_attention_heads"],
        moe_intermediate_size=c["expert_intermediate_size"], norm_topk_prob=False, tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": c["rope_theta"]}, attn_implementation="eager"))
    model.load_state_dict(stack_experts(weights, c["num_experts"]))
    return model.float().eval()


RENAMED = {"word_embeddings": "embed_tokens", "attention.dense": "self_attn.o_proj",
           "attention.query_layernorm": "self_attn.q_norm", "attention.key_layernorm": "self_attn.k_norm",
           "gate.expert_bias": "gate.e_score_correction_bias"}


def llada2_reference(c: dict, weights: dict):
    settings = {k: c[k] for k in ("hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim",
                                  "intermediate_size", "moe_intermediate_size", "num_hidden_layers",
                                  "first_k_dense_replace", "num_experts_per_tok", "n_group", "topk_group",
                                  "norm_topk_prob", "routed_scaling_factor", "vocab_size", "max_position_embeddings",
                                  "rms_norm_eps")}
    model = Glm4MoeForCausalLM(Glm4MoeConfig(
        **settings, n_routed_experts=c["num_experts"], n_shared_experts=c["num_shared_experts"], use_qk_norm=True,
        tie_word_embeddings=False, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": c["rope_theta"],
                         "partial_rotary_factor": c["partial_rotary_factor"]}))
    named = {}
    for name, w in stack_experts(weights, c["num_experts"]).items():
        for ours, theirs in RENAMED.items():
            name = name.replace(ours, theirs)
        if name.endswith("attention.query_key_value.weight"):
            kv = c["num_key_value_heads"] * c["head_dim"]
            for part, rows in zip("qkv", w.split([w.shape[0] - 2 * kv, kv, kv])):
                named[name.replace("attention.query_key_value", f"self_attn.{part}_proj")] = rows
        else:
            named[name] = w
    model.load_state_dict(named)
    return model.float().eval()


@torch.no_grad()
def prove_choices(model, c: dict, tokens: torch.Tensor, block: int):
    """Every expert of each layer serves some rows and not others, and no choice is close."""
    chosen, inputs = {}, {}

    def keep(name: str):
        def hook(router, arguments, output):
            chosen[name], inputs[name] = output[2], (router, arguments[0])
        return hook

    hooks = [m.register_forward_hook(keep(n)) for n, m in model.named_modules() if n.endswith("mlp.gate")]
    logits(model, tokens, block)
    for hook in hooks:
        hook.remove()
    for name, (router, x) in inputs.items():
        uses = torch.bincount(chosen[name].flatten(), minlength=c["num_experts"])
        assert (uses > 0).all() and (uses < tokens.numel()).all(), (name, uses)
        for noise in (1e-5, -1e-5):  # no choice changes where the router's input does by more than rounding
            moved = router(x * (1 + noise * torch.randn(x.shape)))[2]
            assert (moved.sort(-1)[0] == chosen[name].sort(-1)[0]).all(), f"{name}: a choice is too close"


def make(folder: Path, c: dict, shapes: dict, reference, block: int, shards: int, seed: int):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    save_shards(random_weights(shapes, getattr(torch, c["torch_dtype"]), generator), folder, shards)
    model = reference(c, {n: w.float() for n, w in read_weights(folder).items()})
    (folder / "config.json").write_text(json.dumps(c, indent=1) + "\n")
    tokens = torch.randint(c["vocab_size"] - 1, (3, 37), generator=generator)
    tokens[torch.rand(tokens.shape, generator=generator) < 0.4] = c["mask_token_id"]
    prove_mask(model, tokens, block)
    prove_choices(model, c, tokens, block)
    result = logits(model, tokens, block).contiguous()
    save_file({"input_ids": tokens, "logits": result}, folder / "golden.safetensors")
    print(f"{folder.name}: {sum(f.stat().st_size for f in folder.iterdir())} bytes, logits of size {result.std():.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "shared" / "golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    c = llada_moe_config()
    make(arguments.out / "llada_moe", c, llada_moe_shapes(c), llada_moe_reference, 0, 1, 3)
    c = llada2_config()
    make(arguments.out / "llada2", c, llada2_shapes(c), llada2_reference, c["block_length"], 2, 6)


if __name__ == "__main__":
    main()
