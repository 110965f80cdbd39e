"""Makes the golden models under tests/shared/golden: tiny random LLaDA folders and the logits to expect of them.

    python make_llada_golden.py [--authors FOLDER] [--out ../shared/golden]

`llada` is copied from --authors (left alone without it): logits by the authors' own modelling code (GSAI-ML/LLaDA).
`llada_odd` and `llada_grouped` are made here, at unequal sizes, with logits by an independent implementation:
Hugging Face transformers' LlamaForCausalLM in float32 with a bidirectional mask and the weights renamed. The script
proves that the mask is bidirectional (a later token changes an earlier row) and, with --authors, that the renamed
Llama reproduces the authors' logits, so that both references agree.

Needs torch, transformers and safetensors; the results are committed, so tests need none of them.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

PREFIX = "model.transformer."
RENAMED = {"attn_norm": "input_layernorm", "q_proj": "self_attn.q_proj", "k_proj": "self_attn.k_proj",
           "v_proj": "self_attn.v_proj", "attn_out": "self_attn.o_proj", "ff_norm": "post_attention_layernorm",
           "ff_proj": "mlp.gate_proj", "up_proj": "mlp.up_proj", "ff_out": "mlp.down_proj"}


def config(hidden, heads, kv_heads, ffn, layers, vocabulary, dtype) -> dict:
    """A config.json in LLaDA's words; the last three ids are EoT, EOS and MASK."""
    return {
        "architectures": ["LLaDAModelLM"], "model_type": "llada", "block_type": "llama", "activation_type": "silu",
        "layer_norm_type": "rms", "rope": True, "alibi": False, "include_bias": False, "include_qkv_bias": False,
        "weight_tying": False, "scale_logits": False, "input_emb_norm": False, "d_model": hidden,
        "n_layers": layers, "n_heads": heads, "n_kv_heads": kv_heads, "mlp_hidden_size": ffn,
        "vocab_size": vocabulary, "embedding_size": vocabulary, "max_sequence_length": 96, "rope_theta": 50000.0,
        "rms_norm_eps": 1e-5, "eos_token_id": vocabulary - 2, "pad_token_id": vocabulary - 2,
        "mask_token_id": vocabulary - 1, "torch_dtype": dtype}


def random_weights(c: dict, generator: torch.Generator, dtype: torch.dtype) -> dict:
    """Weights whose activations and logits are of order one, so that an error anywhere is seen at the end."""
    def normal(rows, columns, gain=1.0):
        return torch.randn(rows, columns, generator=generator) * gain / columns**0.5

    def norm():
        return 0.5 + torch.rand(c["d_model"], generator=generator)

    d, ffn, kv = c["d_model"], c["mlp_hidden_size"], c["d_model"] // c["n_heads"] * c["n_kv_heads"]
    weights = {"wte": normal(c["vocab_size"], d, d**0.5), "ln_f": norm(), "ff_out": normal(c["vocab_size"], d, 2.0)}
    weights["ff_out"][-3:] *= 1.5  # EoT, EOS and MASK win often enough to exercise the rules about them
    for i in range(c["n_layers"]):
        weights |= {f"blocks.{i}.{name}": w for name, w in {
            "attn_norm": norm(), "ff_norm": norm(), "q_proj": normal(d, d), "k_proj": normal(kv, d),
            "v_proj": normal(kv, d), "attn_out": normal(d, d), "ff_proj": normal(ffn, d),
            "up_proj": normal(ffn, d), "ff_out": normal(d, ffn)}.items()}
    return {f"{PREFIX}{name}.weight": w.to(dtype).contiguous() for name, w in weights.items()}


def read_weights(folder: Path) -> dict:
    files = sorted(f for f in folder.glob("*.safetensors") if f.name != "golden.safetensors")
    return {name: w for file in files for name, w in load_file(file).items()}


class Reference:
    """LLaDA's forward pass through Hugging Face's Llama classes, in float32 on the CPU."""

    def __init__(self, folder: Path):
        self.config = c = json.loads((folder / "config.json").read_text())
        self.llama = LlamaForCausalLM(LlamaConfig(
            vocab_size=c["embedding_size"], hidden_size=c["d_model"], intermediate_size=c["mlp_hidden_size"],
            num_hidden_layers=c["n_layers"], num_attention_heads=c["n_heads"], num_key_value_heads=c["n_kv_heads"],
            max_position_embeddings=c["max_sequence_length"], rms_norm_eps=c["rms_norm_eps"],
            rope_parameters={"rope_type": "default", "rope_theta": c["rope_theta"]},
            tie_word_embeddings=False, attn_implementation="eager"))
        self.llama.load_state_dict({self._renamed(name): w.float() for name, w in read_weights(folder).items()})
        self.llama.eval()

    @staticmethod
    def _renamed(name: str) -> str:
        name = name.removeprefix(PREFIX).removesuffix(".weight")
        if name.startswith("blocks."):
            _, layer, part = name.split(".")
            return f"model.layers.{layer}.{RENAMED[part]}.weight"
        return {"wte": "model.embed_tokens", "ln_f": "model.norm", "ff_out": "lm_head"}[name] + ".weight"

    @torch.no_grad()
    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """[batch, length] ids -> [batch, length, vocabulary]; every row attends to every row."""
        batch, length = tokens.shape
        everything = torch.zeros(batch, 1, length, length)  # added to the scores: nothing is hidden
        return self.llama(input_ids=tokens, attention_mask=everything, use_cache=False).logits


def prove_bidirectional(reference: Reference, tokens: torch.Tensor):
    changed = tokens.clone()
    changed[:, -1] = (changed[:, -1] + 1) % reference.config["vocab_size"]
    difference = (reference.logits(changed) - reference.logits(tokens))[:, 0].abs().max().item()
    assert difference > 1e-3, f"the last token does not reach the first row (difference {difference}): a causal mask"


def relative_error(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).norm() / b.norm()).item()


def copy_authors(source: Path, target: Path):
    target.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors", "golden.safetensors"):
        shutil.copyfile(source / name, target / name)
    golden = load_file(target / "golden.safetensors")
    reference = Reference(target)
    prove_bidirectional(reference, golden["input_ids"])
    error = relative_error(reference.logits(golden["input_ids"]), golden["logits"])
    print(f"{target.name}: the renamed Llama differs from the authors' logits by {error:.1e}")
    assert error < 1e-5


def save_shards(weights: dict, folder: Path, shards: int):
    """One model.safetensors, or several with an index that deals the tensors out in turn."""
    if shards == 1:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return
    files = [f"model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
    index = {name: files[i % shards] for i, name in enumerate(weights)}
    for file in files:
        save_file({n: w for n, w in weights.items() if index[n] == file}, folder / file, metadata={"format": "pt"})
    size = sum(w.nbytes for w in weights.values())
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": size}, "weight_map": index}, indent=1) + "\n")


def make(folder: Path, c: dict, shards: int, seed: int):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    save_shards(random_weights(c, generator, getattr(torch, c["torch_dtype"])), folder, shards)
    (folder / "config.json").write_text(json.dumps(c, indent=1) + "\n")
    reference = Reference(folder)
    tokens = torch.randint(c["vocab_size"] - 1, (3, 37), generator=generator)
    tokens[torch.rand(tokens.shape, generator=generator) < 0.4] = c["mask_token_id"]
    prove_bidirectional(reference, tokens)
    logits = reference.logits(tokens).contiguous()
    save_file({"input_ids": tokens, "logits": logits}, folder / "golden.safetensors")
    print(f"{folder.name}: {sum(f.stat().st_size for f in folder.iterdir())} bytes, logits of size {logits.std():.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--authors", type=Path, help="folder with the authors' golden LLaDA")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "shared" / "golden")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.authors:
        copy_authors(arguments.authors, arguments.out / "llada")
    make(arguments.out / "llada_odd", config(48, 3, 3, 80, 3, 197, "float32"), shards=1, seed=3)
    make(arguments.out / "llada_grouped", config(96, 6, 2, 152, 3, 211, "bfloat16"), shards=2, seed=5)


if __name__ == "__main__":
    main()
