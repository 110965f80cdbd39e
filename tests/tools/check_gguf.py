"""Reads a GGUF file that `unmask convert` wrote with llama.cpp's own `gguf` package, and compares it with its source.

    python check_gguf.py MODEL_FOLDER FILE.gguf

Every tensor must be there under llama.cpp's name, in its shape, with the rows of Q and K permuted; in q8_0 and q4_0 byte
for byte as that package quantises it, in other formats close to the original. Needs gguf, torch and safetensors.
"""

import sys
from pathlib import Path

import gguf
import numpy as np
from make_gguf_fixtures import gguf_name, permuted
from make_llada_golden import PREFIX, read_weights


def scalar(reader: gguf.GGUFReader, key: str):
    return reader.fields[key].contents()


def check(name: str, tensor: gguf.ReaderTensor, original: np.ndarray) -> str:
    assert tuple(reversed(tensor.shape.tolist())) == original.shape, (name, tensor.shape, original.shape)
    kind = tensor.tensor_type
    if kind.name in ("Q8_0", "Q4_0", "F16", "BF16", "F32"):
        expected = gguf.quants.quantize(original, kind)
        assert np.array_equal(tensor.data.view(np.uint8).ravel(), expected.view(np.uint8).ravel()), name
    values = gguf.quants.dequantize(tensor.data, kind).reshape(original.shape)
    error = np.linalg.norm(values - original) / np.linalg.norm(original)
    assert error < 0.12, (name, error)
    return kind.name


def main():
    folder, file = Path(sys.argv[1]), Path(sys.argv[2])
    reader = gguf.GGUFReader(file)
    assert scalar(reader, "general.architecture") == "llada"
    heads = {"q_proj": scalar(reader, "llada.attention.head_count"), "k_proj": scalar(reader, "llada.attention.head_count_kv")}
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    kinds = []
    for full_name, weight in read_weights(folder).items():
        name = full_name.removeprefix(PREFIX).removesuffix(".weight")
        original = weight.float().numpy()
        if (count := heads.get(name.split(".")[-1])) is not None:
            original = permuted(original, count)
        kinds.append(check(name, tensors.pop(gguf_name(name)), original))
    assert not tensors, f"not in the source: {list(tensors)}"
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))}, f"{len(reader.fields)} keys")


if __name__ == "__main__":
    main()
