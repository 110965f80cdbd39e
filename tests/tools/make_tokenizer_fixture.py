"""Makes the tokenizer fixtures: small tokenizers of each kind, and what Hugging Face's `tokenizers` answers with them.

    python tests/tools/make_tokenizer_fixture.py            (needs: pip install tokenizers)

Writes tests/shared/tokenizers/<kind>/tokenizer.json, trained here on a few sentences of our own in the style of each
family, and tests/shared/tokenizers/<kind>.json: texts with their ids and the text that decoding gives back. The kind
"word-problems" is the bundled model's own tokenizer. Texts hold only characters that Unicode has had since version 13,
because the library that classifies them is the system's.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests/shared/tokenizers"

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and then it can't find its way home.",
    "We've counted 1234 apples, 56 pears and 7.89 litres of juice; they'll last until 2031.",
    "def area(width, height):\n    return width * height  # in metres\n\n\nprint(area(3, 4))\n",
    "Der Müller mahlt Körner für süßes Brot. L'été, les élèves préfèrent la forêt.",
    "Съешь же ещё этих мягких булок. Η γρήγορη αλεπού. שלום עולם. مرحبا بالعالم.",
    "今日は良い天気ですね。 我们明天去公园。 오늘은 날씨가 좋습니다. नमस्ते दुनिया",
    "😀 👍🏽 🚀 — “quotes” … ½ ² №  \t tabs,  two  spaces\r\nand a new line",
]

TEXTS = [
    "", " ", "  ", "   a", "a   ", "\n", "\n\n\n", "\r\n\r\n", "\t\t x", " \n \n  y", "a\u00a0b\u3000c\u2003d",
    "Hello world", " Hello, world!", "HELLO WORLD", "we've they'll I'm he'd it's can't you're",
    "WE'VE THEY'LL I'M HE'D IT'S CAN'T", "it\u2019s", "'\u017f 's'S", "'", "''s", "3", "33", "333", "12345678901234567890",
    "3.14159 -42 1,000,000 1e-5", "٣٤٥ ৪৫ Ⅷ ½ ² ①", "a1b2c3", "for (int i = 0; i < n; ++i) { x[i] *= 2; }\n",
    "\tif x:\n\t\treturn {'k': [1, 2]}\n", "https://example.org/a?b=c&d=%20#e", "_snake_case CamelCase kebab-case",
    "Äpfel café naïve", "A\u030apfel cafe\u0301 nai\u0308ve", "\u212b \u2126 \u1e9b\u0323", "\u0344 \u0958 \ufb1d",
    "\u1100\u1161\u11a8 각 한국어", "क्षत्रिय कि", "กำลัง", "中文字符，标点。", "日本語のテキスト", "𠀀𠮷 漢字",
    "שָׁלוֹם עולם", "مرحبا \u200fبالعالم\u200e", "\u202eright to left\u202c", "e\u0301\u0327\u0308\u0300",
    "\u0301 alone", "😀😃 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪🇯🇵", "\x00\x01\x1f\x7f\x80\x9f", "\ufeffBOM \ufffd \U0010ffff",
    "a\u200bb\u200cc\u200dd\u180ee", "a\x0bb\x0cc\u0085d\u2028e\u2029f", "!!!!!!", "...---...", "?!?!", "=>>=<=<<",
    "a" * 300, " " * 300, "ab" * 200, "é" * 150, "1" * 100, "\n" * 100, "!" * 200, "字" * 100, "a " * 100,
    "<|mask|>", "a<|mask|>b", " <|mask|> ", "<|mask|><|mask|>", "<|mask", "<|mas<|mask|>k|>", "<|MASK|>",
    "<|user|>How many apples?<|eot|><|assistant|>", "x <|word|> y", "x<|word|>y", "é<|word|>1", "(<|word|>)",
    "a  <|strip|>  b", "<|strip|> \n <|strip|>", "a <norm\u00e9> b", "a <norme\u0301> b", "<|mask|>ing <|mask|>",
    "Tom has 12 apples. He buys 7 more. How many apples does he have now?",
]

QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+")
LLADA = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)"
         r"|\s+")
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def split_then_bytes(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior, invert),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


# kind -> (normalizer, pre-tokenizer)
KINDS = {
    "qwen": (normalizers.NFC(), split_then_bytes(QWEN)),
    "llada": (normalizers.NFC(), split_then_bytes(LLADA)),
    "gpt2": (None, pre_tokenizers.ByteLevel(add_prefix_space=False)),
    "gpt2-prefix-space": (None, pre_tokenizers.ByteLevel(add_prefix_space=True)),
    "llama3": (normalizers.Sequence([normalizers.NFC()]), split_then_bytes(LLAMA3)),
    "digits": (None, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False),
                                              pre_tokenizers.ByteLevel(add_prefix_space=False)])),
    "split-removed": (None, split_then_bytes(r"\s", "removed")),
    "split-inverted": (None, split_then_bytes(r"[^\s\p{P}]+|\S", "removed", True)),
    "split-previous": (None, split_then_bytes(r"[\s,.]", "merged_with_previous")),
    "split-next": (None, split_then_bytes(r"\s+", "merged_with_next")),
    "split-contiguous": (None, split_then_bytes(r"[\p{P}\s]", "contiguous")),
    "split-literal": (None, pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "merged_with_next"),
                                                     pre_tokenizers.ByteLevel(add_prefix_space=False,
                                                                              use_regex=False)])),
}


def train(kind):
    normalizer, pre_tokenizer = KINDS[kind]
    tokenizer = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  show_progress=False)
    tokenizer.train_from_iterator(SENTENCES * 2, trainer)
    add_tokens(tokenizer)
    if kind in ("llama3", "gpt2-prefix-space"):
        begin, end = tokenizer.token_to_id("<|user|>"), tokenizer.token_to_id("<|eot|>")
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|user|> $A <|eot|>", special_tokens=[("<|user|>", begin), ("<|eot|>", end)])
    return tokenizer


def add_tokens(tokenizer):
    """One of each flag, so that every rule for added tokens is used."""
    tokenizer.add_special_tokens([AddedToken(name, normalized=False)
                                  for name in ("<|mask|>", "<|user|>", "<|assistant|>", "<|eot|>")])
    tokenizer.add_tokens([AddedToken("<|word|>", single_word=True, normalized=False),
                          AddedToken("<|strip|>", lstrip=True, rstrip=True, normalized=False),
                          AddedToken("<norm\u00e9>", normalized=True), AddedToken("<|mask|>ing", normalized=False)])


def random_texts(count):
    rng = random.Random(5)
    blocks = [(0x20, 0x7e), (0x20, 0x7e), (0xa0, 0x17f), (0x300, 0x36f), (0x400, 0x45f), (0x5d0, 0x5ea), (0x620, 0x64a),
              (0x905, 0x939), (0x2000, 0x206f), (0x3041, 0x3096), (0x4e00, 0x9fef), (0xac00, 0xd7a3), (0x1f600, 0x1f64f)]
    glue = [" ", "  ", "\n", " \n", "\t", "'s", "'LL", "12", "<|mask|>", "<|word|>", ", ", "the"]

    def character():
        return chr(rng.randint(*rng.choice(blocks)))

    return ["".join(character() if rng.random() < 0.5 else rng.choice(glue) for _ in range(rng.randint(1, 24)))
            for _ in range(count)]


def record(tokenizer, kind):
    cases = []
    for text in TEXTS + random_texts(60):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append({"text": text, "ids": ids, "with_special": tokenizer.encode(text).ids,
                      "decoded": tokenizer.decode(ids, skip_special_tokens=False),
                      "without_special": tokenizer.decode(ids, skip_special_tokens=True)})
        if cases[-1]["with_special"] == ids:
            del cases[-1]["with_special"]
        if cases[-1]["without_special"] == cases[-1]["decoded"]:
            del cases[-1]["without_special"]
        if cases[-1]["decoded"] == text:
            del cases[-1]["decoded"]
    lines = ",\n".join(json.dumps(case) for case in cases)
    (OUT / f"{kind}.json").write_text("[\n" + lines + "\n]\n")


def as_string_merges(path):
    """The older form of the file, "a b" for ["a", "b"], which published tokenizers still use."""
    file = json.loads(path.read_text())
    file["model"]["merges"] = [" ".join(pair) for pair in file["model"]["merges"]]
    path.write_text(json.dumps(file, ensure_ascii=False))


def main():
    for kind in KINDS:
        folder = OUT / kind
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = train(kind)
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        if kind == "gpt2":
            as_string_merges(folder / "tokenizer.json")
        record(tokenizer, kind)
    bundled = ROOT / "examples/models/word-problems/verifier/tokenizer.json"
    record(Tokenizer.from_file(str(bundled)), "word-problems")


if __name__ == "__main__":
    main()
