#!/usr/bin/env python3
"""Writes a tiny LLaDA model of random weights, with the word-problem tokenizer: something for tests to decode.

    make_tiny_model.py TOKENIZER_FOLDER MODEL_FOLDER

The same file on every machine; nothing but Python's own library.
"""

import array
import json
import random
import shutil
import struct
import sys
from pathlib import Path

HIDDEN, HEADS, FFN, LAYERS, VOCABULARY, POSITIONS = 32, 2, 48, 2, 648, 256
CONFIG = {
    "model_type": "llada", "architectures": ["LLaDAModelLM"], "d_model": HIDDEN, "n_heads": HEADS, "n_kv_heads": HEADS,
    "n_layers": LAYERS, "mlp_hidden_size": FFN, "vocab_size": VOCABULARY, "embedding_size": VOCABULARY,
    "max_sequence_length": POSITIONS, "rope": True, "rope_theta": 10000.0, "block_type": "llama",
    "activation_type": "silu", "layer_norm_type": "rms", "rms_norm_eps": 1e-05, "include_bias": False,
    "include_qkv_bias": False, "weight_tying": False, "alibi": False, "mask_token_id": 638, "eos_token_id": 637,
    "pad_token_id": 637,
}


def shapes():
    yield "wte.weight", (VOCABULARY, HIDDEN)
    for layer in range(LAYERS):
        block = f"blocks.{layer}."
        for name in ("attn_norm", "ff_norm"):
            yield block + name + ".weight", (HIDDEN,)
        for name in ("q_proj", "k_proj", "v_proj", "attn_out"):
            yield block + name + ".weight", (HIDDEN, HIDDEN)
        for name in ("ff_proj", "up_proj"):
            yield block + name + ".weight", (FFN, HIDDEN)
        yield block + "ff_out.weight", (HIDDEN, FFN)
    yield "ln_f.weight", (HIDDEN,)
    yield "ff_out.weight", (VOCABULARY, HIDDEN)


def safetensors() -> bytes:
    noise = random.Random(5)
    header, data = {}, bytearray()
    for name, shape in shapes():
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        values = array.array("f", (noise.gauss(0, 0.3) if len(shape) == 2 else 1.0 for _ in range(count)))
        if sys.byteorder == "big":
            values.byteswap()
        begin = len(data)
        data += values.tobytes()
        header["model.transformer." + name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def main() -> None:
    tokenizer, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / name, folder / name)
    (folder / "model.safetensors").write_bytes(safetensors())


if __name__ == "__main__":
    main()
