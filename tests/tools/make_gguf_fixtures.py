"""Makes the GGUF files under tests/shared/gguf with the `gguf` package of llama.cpp's project, and what to expect of them.

    python make_gguf_fixtures.py [--out ../shared/gguf]

`formats.gguf` has the same values in each format as that package quantises them, and random blocks of the formats that
it only reads, with the values that it reads.

`llada.gguf` is a small random LLaDA model as llama.cpp's converter would write it: its keys and names, the rows of Q and
K permuted for adjacent-pair rotation, matrices in several formats, and the vocabulary of tests/shared/tokenizers/llada.
`golden.safetensors` has the logits that Hugging Face's Llama gives with the values that the `gguf` package reads.

Needs gguf, torch, transformers and safetensors; the results are committed, so tests need none of them.
"""

import argparse
import json
import tempfile
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from make_llada_golden import PREFIX, Reference, config, prove_bidirectional, random_weights
from safetensors.torch import save_file

SHARED = Path(__file__).parent.parent / "shared"
TABLES = {"attn_norm": "attn_norm", "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "attn_out": "attn_output",
          "ff_norm": "ffn_norm", "ff_proj": "ffn_gate", "up_proj": "ffn_up", "ff_out": "ffn_down"}
TYPES = {"wte": Type.Q8_0, "lm_head": Type.Q8_0, "q_proj": Type.Q4_0, "k_proj": Type.Q8_0, "v_proj": Type.F16,
         "attn_out": Type.BF16, "ff_proj": Type.Q4_0, "up_proj": Type.Q8_0, "ff_out": Type.F32}


def random_blocks(kind: Type, rows: int, columns: int, noise: np.random.Generator) -> np.ndarray:
    """Any bytes are a block, as long as its f16 factors are finite."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = noise.integers(0, 256, (rows * columns // elements, size), dtype=np.uint8)
    factors = noise.normal(0, 0.01, (blocks.shape[0], 2)).astype(np.float16).view(np.uint8)
    if kind == Type.Q4_K:
        blocks[:, 0:4] = factors
    else:
        blocks[:, 208:210] = factors[:, :2]
    return blocks.reshape(rows, -1)


def make_formats(path: Path):
    noise = np.random.default_rng(11)
    values = noise.normal(0, 0.05, (3, 512)).astype(np.float32)
    values[0, 32:64] = 0  # a block without a scale
    values[1, 70] = -3.5  # one value far from the others, on either side
    values[2, 101] = 2.25
    values[2, 160:192] *= 1e-6  # a scale that is subnormal in f16
    writer = gguf.GGUFWriter(path, "formats")
    writer.add_tensor("values", values)
    for kind in (Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0):
        writer.add_tensor(kind.name.lower(), gguf.quants.quantize(values, kind), raw_dtype=kind)
    for kind in (Type.Q4_K, Type.Q6_K):
        blocks = random_blocks(kind, 3, 512, noise)
        writer.add_tensor(kind.name.lower(), blocks, raw_dtype=kind)
        writer.add_tensor(kind.name.lower() + ".values", gguf.quants.dequantize(blocks, kind).reshape(3, 512))
    finish(writer)


def finish(writer: gguf.GGUFWriter):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """From half-rotation order, in which row i of a head turns with row i + half, to pairs of neighbours."""
    rows, columns = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(rows, columns)


def add_config(writer: gguf.GGUFWriter, c: dict):
    writer.add_vocab_size(c["vocab_size"])
    writer.add_block_count(c["n_layers"])
    writer.add_context_length(c["max_sequence_length"])
    writer.add_embedding_length(c["d_model"])
    writer.add_feed_forward_length(c["mlp_hidden_size"])
    writer.add_head_count(c["n_heads"])
    writer.add_head_count_kv(c["n_kv_heads"])
    writer.add_rope_freq_base(c["rope_theta"])
    writer.add_layer_norm_rms_eps(c["rms_norm_eps"])
    writer.add_rope_dimension_count(c["d_model"] // c["n_heads"])
    writer.add_causal_attention(False)
    writer.add_diffusion_shift_logits(False)
    writer.add_mask_token_id(c["mask_token_id"])
    writer.add_eos_token_id(c["eos_token_id"])
    writer.add_pad_token_id(c["pad_token_id"])


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict, size: int):
    tokens, types = [f"[PAD{i}]" for i in range(size)], [gguf.TokenType.UNUSED] * size
    for text, i in tokenizer["model"]["vocab"].items():
        tokens[i], types[i] = text, gguf.TokenType.NORMAL
    for token in tokenizer["added_tokens"]:
        special = gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED
        tokens[token["id"]], types[token["id"]] = token["content"], special
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llada-moe")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]])
    writer.add_chat_template("{{ '<|im_start|>system\\nYou are a helpful assistant.' }}")


def gguf_name(name: str) -> str:
    """Of a tensor in LLaDA's own words."""
    if name.startswith("blocks."):
        _, layer, part = name.split(".")
        return f"blk.{layer}.{TABLES[part]}.weight"
    return {"wte": "token_embd", "ln_f": "output_norm", "ff_out": "output"}[name] + ".weight"


def make_llada(path: Path):
    tokenizer = json.loads((SHARED / "tokenizers" / "llada" / "tokenizer.json").read_text(encoding="utf-8"))
    c = config(32, 4, 2, 64, 2, 440, "float32")
    generator = torch.Generator().manual_seed(7)
    writer = gguf.GGUFWriter(path, "llada")
    add_config(writer, c)
    add_tokenizer(writer, tokenizer, c["vocab_size"])
    read_back = {}
    for full_name, weight in random_weights(c, generator, torch.float32).items():
        name = full_name.removeprefix(PREFIX).removesuffix(".weight")
        part = "lm_head" if name == "ff_out" else name.split(".")[-1]
        kind = TYPES.get(part, Type.F32)
        heads = {"q_proj": c["n_heads"], "k_proj": c["n_kv_heads"]}.get(part)
        blocks = gguf.quants.quantize(weight.numpy(), kind)
        values = gguf.quants.dequantize(blocks, kind).reshape(weight.shape)
        read_back[full_name] = torch.from_numpy(values.astype(np.float32).copy())
        stored = gguf.quants.quantize(permuted(weight.numpy(), heads), kind) if heads else blocks
        writer.add_tensor(gguf_name(name), stored, raw_dtype=kind)
    finish(writer)
    with tempfile.TemporaryDirectory() as folder:
        save_file(read_back, Path(folder) / "model.safetensors")
        (Path(folder) / "config.json").write_text(json.dumps(c))
        reference = Reference(Path(folder))
        tokens = torch.randint(c["vocab_size"] - 1, (2, 13), generator=generator)
        tokens[torch.rand(tokens.shape, generator=generator) < 0.4] = c["mask_token_id"]
        prove_bidirectional(reference, tokens)
        golden = {"input_ids": tokens, "logits": reference.logits(tokens).contiguous()}
    save_file(golden, path.parent / "golden.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SHARED / "gguf")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    make_formats(arguments.out / "formats.gguf")
    make_llada(arguments.out / "llada.gguf")
    for file in sorted(arguments.out.iterdir()):
        print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
