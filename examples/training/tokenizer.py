"""Makes a tokenizer for a task or a text: byte-level BPE of single digits and whole common words.

    python tokenizer.py --task scan --out run/scan-tokenizer --tokens 64
    python tokenizer.py --text train.txt --out run/prose-tokenizer --tokens 4000
"""

import argparse
import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import prose
from chat import SPECIAL_TOKENS
from tasks import TASKS, conversation

WORDS = r"'(?:[sdmt]|ll|ve|re)| ?[A-Za-z_]+|[0-9]| ?[^\sA-Za-z0-9_]+|\s+(?!\S)|\s+"
CHAT_TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'user' %}<|user|>{{ m['content'] }}<|eot|>{% else %}<|assistant|>"
    "{{ m['content'] }}<|eot|>{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}")


def write_config(folder: Path) -> None:
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>",
              "pad_token": "<|endoftext|>", "mask_token": "<|mask|>", "model_max_length": 1024,
              "clean_up_tokenization_spaces": False, "chat_template": CHAT_TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def learn(texts: list[str], tokens: int) -> Tokenizer:
    """A tokenizer of at most `tokens` tokens beside the bytes, and the special ones last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=256 + tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens(SPECIAL_TOKENS)
    return tokenizer


def with_mask_last(folder: Path, out: Path) -> Path:
    """A copy of a tokenizer for MDLM: its mask is its last token, the special tokens behind it move up, and there is no
    chat layout, since texts are written as a whole."""
    out.mkdir(parents=True, exist_ok=True)
    j = json.loads((folder / "tokenizer.json").read_text())
    added = j["added_tokens"]
    ids = sorted(t["id"] for t in added)
    added.sort(key=lambda t: (t["content"] == "<|mask|>", t["id"]))
    for token, new in zip(added, ids):
        token["id"] = new
    (out / "tokenizer.json").write_text(json.dumps(j, indent=1, ensure_ascii=False) + "\n")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return out


def task_texts(task: str, count: int) -> list[str]:
    rng = random.Random(0)
    items = [item for _ in range(count) for item in conversation(task, rng, 1, grown=1.0)]
    return [text for item in items for text in (item.prompt, item.target)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--task", choices=TASKS)
    source.add_argument("--text", type=Path, help="a text file")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=384, help="tokens beside the 256 bytes and the special ones")
    parser.add_argument("--samples", type=int, default=20000, help="items of the task")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    tokenizer = learn(prose.read(arguments.text).splitlines(keepends=True) if arguments.text else
                      task_texts(arguments.task, arguments.samples), arguments.tokens)
    tokenizer.save(str(arguments.out / "tokenizer.json"))
    write_config(arguments.out)


if __name__ == "__main__":
    main()
