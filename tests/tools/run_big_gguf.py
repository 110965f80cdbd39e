"""Loads and runs a model of LLaDA-8B's shape in Q4_0: 4.5 GB that no repository should hold, so no test of CI.

    python run_big_gguf.py build/release/cli/unmask [--layers 32] [--folder /tmp]

Writes the file (random blocks, from a pool that repeats) with llama.cpp's `gguf` package, computes the logits of 8 rows
with `unmask logits`, and checks that they are finite, of order one, and another for each row: a piece of a split tensor
that was not loaded, or read at a wrong offset, gives rows of zeros or rows alike. The embedding and the head have 291 MB
each, more than a storage buffer of lavapipe spans. Needs gguf and numpy, and twice the file's size in memory.
"""

import argparse
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import gguf
import numpy as np

HIDDEN, HEADS, FFN, VOCABULARY, POSITIONS, THETA, EPS = 4096, 32, 12288, 126464, 4096, 500000.0, 1e-5
MASK, END = 126336, 126081
TOKENS = [END, 791, 6864, 315, 9822, 374, MASK, MASK]
POOL_BLOCKS = (1 << 20) + 7  # no multiple of any row's blocks, so that rows differ


def random_pool() -> np.ndarray:
    """Blocks [POOL_BLOCKS, 18]: an f16 factor, and 32 values from -8 to 7 of deviation 4.6."""
    noise = np.random.default_rng(5)
    pool = noise.integers(0, 256, (POOL_BLOCKS, 18), dtype=np.uint8)
    pool[:, :2] = (noise.uniform(0.8, 1.2, POOL_BLOCKS) / 4.6 / HIDDEN**0.5).astype(np.float16).view(np.uint8).reshape(-1, 2)
    return pool


def shapes(layers: int) -> dict:
    result = {"token_embd": (VOCABULARY, HIDDEN), "output_norm": (HIDDEN,), "output": (VOCABULARY, HIDDEN)}
    for i in range(layers):
        result |= {f"blk.{i}.{name}": shape for name, shape in {
            "attn_norm": (HIDDEN,), "ffn_norm": (HIDDEN,), "attn_q": (HIDDEN, HIDDEN), "attn_k": (HIDDEN, HIDDEN),
            "attn_v": (HIDDEN, HIDDEN), "attn_output": (HIDDEN, HIDDEN), "ffn_gate": (FFN, HIDDEN),
            "ffn_up": (FFN, HIDDEN), "ffn_down": (HIDDEN, FFN)}.items()}
    return {f"{name}.weight": shape for name, shape in result.items()}


def add_keys(writer: gguf.GGUFWriter, layers: int):
    writer.add_block_count(layers)
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_freq_base(THETA)
    writer.add_layer_norm_rms_eps(EPS)
    writer.add_causal_attention(False)
    writer.add_diffusion_shift_logits(False)
    writer.add_mask_token_id(MASK)
    writer.add_eos_token_id(END)


def write_model(path: Path, layers: int):
    writer, kind = gguf.GGUFWriter(path, "llada"), gguf.GGMLQuantizationType.Q4_0
    add_keys(writer, layers)
    matrices = {}
    for name, shape in shapes(layers).items():
        if len(shape) == 1:
            writer.add_tensor_info(name, shape, np.dtype(np.float32), 4 * shape[0])
        else:
            matrices[name] = blocks = shape[0] * shape[1] // 32
            writer.add_tensor_info(name, (shape[0], shape[1] // 32 * 18), np.dtype(np.uint8), blocks * 18, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    pool = random_pool()
    for i, (name, shape) in enumerate(shapes(layers).items()):
        rolled = np.roll(pool, -7919 * i, axis=0)
        data = np.resize(rolled, (matrices[name], 18)) if name in matrices else np.ones(shape, np.float32)
        writer.write_tensor_data(data)
    writer.close()


def check(logits: np.ndarray):
    assert logits.shape == (len(TOKENS), VOCABULARY), logits.shape
    assert np.isfinite(logits).all(), "some logits are not finite"
    deviation = logits.reshape(len(TOKENS), 8, -1).std(axis=2)
    assert (deviation > 0.1).all() and (deviation < 10).all(), deviation
    distinct = len({row.tobytes() for row in logits})
    assert distinct == len(TOKENS), f"only {distinct} rows differ"
    print(f"logits {logits.shape}: deviation {deviation.min():.2f} to {deviation.max():.2f} in each eighth of the rows")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unmask", type=Path)
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        model, out = Path(folder) / "llada-8b.gguf", Path(folder) / "logits.npy"
        start = time.monotonic()
        write_model(model, arguments.layers)
        print(f"{arguments.layers} layers, {model.stat().st_size / 1e9:.2f} GB, written in {time.monotonic() - start:.0f} s", flush=True)
        start = time.monotonic()
        subprocess.run([arguments.unmask, "logits", "--model", model, "--tokens", " ".join(map(str, TOKENS)), "--out", out],
                       check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        print(f"loaded and run in {time.monotonic() - start:.0f} s, at most {peak:.1f} GiB resident")
        check(np.load(out))


if __name__ == "__main__":
    main()
