"""Reads a GGUF file that `unmask convert` wrote with llama.cpp's own `gguf` package, and compares it with its source.

    python check_gguf.py MODEL_FOLDER FILE.gguf

Every tensor must be there under the name that the package's tables give it for the architecture, in its shape, with the
rows of LLaDA's Q and K permuted and the matrices of experts stacked; in q8_0, q4_0, f16 and bf16 byte for byte as the
package quantises it, in K-quants close to the original. The metadata must say what config.json says. Needs gguf, torch
and safetensors.
"""

import json
import re
import sys
from pathlib import Path

import gguf
import numpy as np
from make_gguf_fixtures import permuted
from make_llada_golden import read_weights

ARCHITECTURES = {gguf.MODEL_ARCH_NAMES[a]: a for a in
                 (gguf.MODEL_ARCH.LLADA, gguf.MODEL_ARCH.LLADA_MOE, gguf.MODEL_ARCH.DREAM)}
# Keys of GGUF with those of config.json that mean the same, of which a file has one.
KEYS = {"block_count": ("n_layers", "num_hidden_layers"), "embedding_length": ("d_model", "hidden_size"),
        "attention.head_count": ("n_heads", "num_attention_heads"),
        "attention.head_count_kv": ("n_kv_heads", "num_key_value_heads"),
        "feed_forward_length": ("mlp_hidden_size", "intermediate_size"),
        "expert_feed_forward_length": ("expert_intermediate_size",), "expert_count": ("num_experts",),
        "expert_used_count": ("num_experts_per_tok",), "rope.freq_base": ("rope_theta",),
        "attention.layer_norm_rms_epsilon": ("rms_norm_eps",),
        "context_length": ("max_sequence_length", "max_position_embeddings")}


def scalar(reader: gguf.GGUFReader, key: str):
    return reader.fields[key].contents()


def check_keys(reader: gguf.GGUFReader, architecture: str, config: dict):
    for key, names in KEYS.items():
        for name in names:
            if config.get(name) is not None:
                assert np.isclose(scalar(reader, f"{architecture}.{key}"), config[name], rtol=1e-6), key
    assert scalar(reader, "tokenizer.ggml.mask_token_id") == config["mask_token_id"]
    assert scalar(reader, f"{architecture}.attention.causal") is False
    assert scalar(reader, "diffusion.shift_logits") is (architecture == "dream")


def file_tensors(folder: Path, reader: gguf.GGUFReader, architecture: str) -> dict:
    """The folder's tensors under llama.cpp's names, as its converter arranges them."""
    names = gguf.get_tensor_name_map(ARCHITECTURES[architecture], scalar(reader, f"{architecture}.block_count"))
    heads = {"q_proj": scalar(reader, f"{architecture}.attention.head_count"),
             "k_proj": scalar(reader, f"{architecture}.attention.head_count_kv")}
    tensors, experts = {}, {}
    for full_name, weight in read_weights(folder).items():
        name, suffix = full_name.rsplit(".", 1)
        values = weight.float().numpy()
        if architecture == "llada" and name.split(".")[-1] in heads:
            values = permuted(values, heads[name.split(".")[-1]])
        if (match := re.search(r"\.experts\.(\d+)", name)) is not None:
            experts.setdefault(f"{names.get_name(name.replace(match[0], '.experts'))}.{suffix}", {})[int(match[1])] = values
        else:
            tensors[f"{names.get_name(name)}.{suffix}"] = values
    return tensors | {name: np.stack([parts[i] for i in range(len(parts))]) for name, parts in experts.items()}


def check(tensor: gguf.ReaderTensor, original: np.ndarray) -> str:
    name, kind = tensor.name, tensor.tensor_type
    assert tuple(reversed(tensor.shape.tolist())) == original.shape, (name, tensor.shape, original.shape)
    if kind.name in ("Q8_0", "Q4_0", "F16", "BF16", "F32"):
        expected = gguf.quants.quantize(original, kind)
        assert np.array_equal(tensor.data.view(np.uint8).ravel(), expected.view(np.uint8).ravel()), name
    if original.ndim == 1 or "ffn_gate_inp" in name:
        assert kind.name == "F32", (name, kind)
    values = gguf.quants.dequantize(tensor.data, kind).reshape(original.shape)
    error = np.linalg.norm(values - original) / np.linalg.norm(original)
    assert error < 0.12, (name, error)
    return kind.name


def main():
    folder, file = Path(sys.argv[1]), Path(sys.argv[2])
    reader = gguf.GGUFReader(file)
    architecture = scalar(reader, "general.architecture")
    check_keys(reader, architecture, json.loads((folder / "config.json").read_text(encoding="utf-8")))
    expected = file_tensors(folder, reader, architecture)
    found = {tensor.name: tensor for tensor in reader.tensors}
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    kinds = [check(found[name], original) for name, original in expected.items()]
    print(architecture, {kind: kinds.count(kind) for kind in sorted(set(kinds))}, f"{len(reader.fields)} keys")


if __name__ == "__main__":
    main()
