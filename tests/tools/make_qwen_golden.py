"""Makes the golden models of the families built on Qwen under tests/shared/golden, and the logits to expect of them.

    python make_qwen_golden.py [--out ../shared/golden]

`dream`: Qwen2.5 with a bidirectional mask; `fast_dllm_v2`: Qwen2.5, causal between blocks; `sdar`: Qwen3, causal between
blocks. Random weights at odd sizes; logits by Hugging Face transformers' Qwen2 and Qwen3 classes in float32 under the
right mask. The script proves that the mask does what it should: a later token changes an earlier row of the same block,
and a row of an earlier block exactly where the model is bidirectional.

Needs torch, transformers and safetensors; the results are committed, so tests need none of them.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from make_llada_golden import read_weights, save_shards


def config(model_type, class_name, hidden, heads, kv_heads, head_dim, ffn, layers, vocabulary, dtype, **more) -> dict:
    """A config.json in transformers' words; the last three ids are EoT, EOS and MASK."""
    return {
        "architectures": [class_name], "model_type": model_type, "hidden_size": hidden, "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "head_dim": head_dim, "intermediate_size": ffn, "num_hidden_layers": layers,
        "vocab_size": vocabulary, "max_position_embeddings": 96, "rope_theta": 1000000.0, "rms_norm_eps": 1e-6,
        "hidden_act": "silu", "rope_scaling": None, "use_sliding_window": False, "tie_word_embeddings": False,
        "bos_token_id": vocabulary - 2, "eos_token_id": vocabulary - 2, "pad_token_id": vocabulary - 2,
        "mask_token_id": vocabulary - 1, "torch_dtype": dtype, **more}


def reference_model(c: dict):
    """Hugging Face's module of the configuration's shape, eager attention, float32."""
    kind, settings = (Qwen3ForCausalLM, Qwen3Config) if c["model_type"] == "sdar" else (Qwen2ForCausalLM, Qwen2Config)
    shape = {k: c[k] for k in ("hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim",
                               "intermediate_size", "num_hidden_layers", "vocab_size", "max_position_embeddings",
                               "rms_norm_eps", "tie_word_embeddings")}
    return kind(settings(**shape, rope_parameters={"rope_type": "default", "rope_theta": c["rope_theta"]},
                         attn_implementation="eager")).float().eval()


def random_weights(model, c: dict, generator: torch.Generator) -> dict:
    """Weights whose activations and logits are of order one, so that an error anywhere is seen at the end."""
    weights = {}
    for name, p in model.state_dict().items():
        if name == "lm_head.weight" and c["tie_word_embeddings"]:
            continue
        if p.dim() == 1:
            bias = name.endswith("bias")
            weights[name] = torch.randn(p.shape, generator=generator) if bias else 0.5 + torch.rand(p.shape, generator=generator)
        else:
            gain = {"model.embed_tokens.weight": p.shape[1] ** 0.5, "lm_head.weight": 2.0}.get(name, 1.0)
            weights[name] = torch.randn(p.shape, generator=generator) * gain / p.shape[1] ** 0.5
    return {name: w.to(getattr(torch, c["torch_dtype"])).contiguous() for name, w in weights.items()}


def hidden_pairs(length: int, block: int) -> torch.Tensor:
    """[1, 1, length, length], added to the scores: minus infinity where the key's block comes after the row's."""
    if block == 0:
        return torch.zeros(1, 1, length, length)
    of = torch.arange(length) // block
    return torch.where(of[None, :] <= of[:, None], 0.0, -torch.inf)[None, None]


@torch.no_grad()
def logits(model, tokens: torch.Tensor, block: int) -> torch.Tensor:
    mask = hidden_pairs(tokens.shape[1], block).expand(tokens.shape[0], -1, -1, -1)
    return model(input_ids=tokens, attention_mask=mask, use_cache=False).logits


def prove_mask(model, tokens: torch.Tensor, block: int):
    changed = tokens.clone()
    changed[:, -1] = (changed[:, -1] + 1) % model.config.vocab_size
    difference = (logits(model, changed, block) - logits(model, tokens, block)).abs().amax(dim=(0, 2))
    last_block = (tokens.shape[1] - 1) // block * block if block else 0
    assert (difference[last_block:] > 1e-3).all(), "the last token does not reach its own block"
    assert (difference[:last_block] == 0).all(), "the last token reaches an earlier block"


def make(folder: Path, c: dict, block: int, shards: int, seed: int):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    model = reference_model(c)
    save_shards(random_weights(model, c, generator), folder, shards)
    missing = model.load_state_dict({n: w.float() for n, w in read_weights(folder).items()}, strict=False)
    assert not missing.unexpected_keys and set(missing.missing_keys) <= {"lm_head.weight"}, missing
    model.tie_weights()
    (folder / "config.json").write_text(json.dumps(c, indent=1) + "\n")
    tokens = torch.randint(c["vocab_size"] - 1, (3, 37), generator=generator)
    tokens[torch.rand(tokens.shape, generator=generator) < 0.4] = c["mask_token_id"]
    prove_mask(model, tokens, block)
    result = logits(model, tokens, block).contiguous()
    save_file({"input_ids": tokens, "logits": result}, folder / "golden.safetensors")
    print(f"{folder.name}: {sum(f.stat().st_size for f in folder.iterdir())} bytes, logits of size {result.std():.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "shared" / "golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    make(arguments.out / "dream", config("Dream", "DreamModel", 56, 7, 1, 8, 104, 3, 203, "float32"), 0, 1, 7)
    make(arguments.out / "fast_dllm_v2",
         config("Fast_dLLM_Qwen", "Fast_dLLM_QwenForCausalLM", 48, 6, 2, 8, 88, 2, 197, "float32", bd_size=8), 8, 1, 9)
    make(arguments.out / "sdar", config("sdar", "SDARForCausalLM", 64, 6, 2, 16, 136, 3, 211, "bfloat16", block_size=4,
                                        attention_bias=False), 4, 2, 11)
    make(arguments.out / "sdar_tied", config("sdar", "SDARForCausalLM", 40, 4, 4, 16, 72, 2, 191, "float32",
                                             block_size=5, attention_bias=False, tie_word_embeddings=True), 5, 1, 13)


if __name__ == "__main__":
    main()
