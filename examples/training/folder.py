"""Models as Hugging Face folders: config.json, safetensors of at most 15 MB each, and the tokenizer's files."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

import llada
import mdlm
import sdar

FAMILIES = {"llada": (llada.Config, llada.Llada), "sdar": (sdar.Config, sdar.Sdar), "mdlm": (mdlm.Config, mdlm.Mdlm)}
MOST_BYTES = 15_000_000  # of one file
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def shards(tensors: dict[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """The tensors in their order, cut into files of at most MOST_BYTES."""
    parts, used = [{}], 0
    for name, t in tensors.items():
        if parts[-1] and used + t.nbytes > MOST_BYTES:
            parts.append({})
            used = 0
        parts[-1][name] = t
        used += t.nbytes
    return parts


def export(model: nn.Module, folder: Path, tokenizer_folder: Path, dtype=torch.float16) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    parts = shards({model.PREFIX + name: p.detach().cpu().to(dtype).contiguous()
                    for name, p in model.named_parameters()})
    names = [f"model-{i + 1:05}-of-{len(parts):05}.safetensors" if len(parts) > 1 else "model.safetensors"
             for i in range(len(parts))]
    for name, part in zip(names, parts):
        save_file(part, folder / name, metadata={"format": "pt"})
    if len(parts) > 1:
        index = {"metadata": {"total_size": sum(t.nbytes for part in parts for t in part.values())},
                 "weight_map": {tensor: name for name, part in zip(names, parts) for tensor in part}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (folder / "config.json").write_text(json.dumps(model.config.to_json(), indent=2) + "\n")
    for name in TOKENIZER_FILES:
        shutil.copyfile(tokenizer_folder / name, folder / name)


def load(folder: Path) -> nn.Module:
    """The model of a folder, of whichever family, in f32 and ready to be asked."""
    j = json.loads((folder / "config.json").read_text())
    config, network = FAMILIES[j["model_type"]]
    model = network(config.from_json(j))
    tensors = {name: t for file in sorted(folder.glob("*.safetensors")) for name, t in load_file(file).items()}
    weights = {name.removeprefix(model.PREFIX): t.float() for name, t in tensors.items()}
    missing, unknown = model.load_state_dict(weights, strict=False)
    if unknown or not {n for n, _ in model.named_parameters()} <= weights.keys():  # a tied matrix has one name of two
        raise SystemExit(f"{folder} is not a model as this script writes it: it lacks {missing} and has {unknown}.")
    return model.eval()
