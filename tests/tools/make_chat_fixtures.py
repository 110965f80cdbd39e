"""Makes tests/shared/chat.json: conversations as Hugging Face's chat templates write and tokenise them.

    python tests/tools/make_chat_fixtures.py            (needs: pip install transformers)

The templates lay messages out as those of the published models do, without what these have for tools and for thinking.
Each is used with one of the small tokenizers of tests/shared/tokenizers, to which the family's control tokens are added;
the bundled model has its own tokenizer and template.
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "examples/models/word-problems/verifier"

LLAMA3 = """{% set loop_messages = messages %}{% for message in loop_messages %}\
{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' %}\
{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}\
{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"""

CHATML = """{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
DEFAULT{%- endif %}
{%- for message in messages %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) or message.role == "assistant" %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

LING2 = """{{- '<role>SYSTEM</role>' }}
{%- if messages[0].role == 'system' %}
    {{- messages[0].content + '\\n' }}
{%- endif %}
{{- 'detailed thinking off' + '<|role_end|>' }}
{%- for message in messages %}
    {%- if message.role == "user" %}
        {{- '<role>HUMAN</role>' + message.content + '<|role_end|>' }}
    {%- elif message.role == "system" and not loop.first %}
        {{- '<role>SYSTEM</role>' + message.content + '<|role_end|>' }}
    {%- elif message.role == "assistant" %}
        {{- '<role>ASSISTANT</role>' + message.content + '<|role_end|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<role>ASSISTANT</role>' }}
{%- endif %}
"""


def chatml(default):
    branch = f"{{%- else %}}\n    {{{{- '<|im_start|>system\\n{default}<|im_end|>\\n' }}}}\n" if default else ""
    return CHATML.replace("DEFAULT", branch)


# model -> (layout here, tokenizer, control tokens with the begin token first, template)
MODELS = {
    "LLaDA": ("llada", "llada", ["<|startoftext|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"], LLAMA3),
    "Dream": ("chatml", "qwen", ["<|beginoftext|>", "<|im_start|>", "<|im_end|>"], chatml("You are a helpful assistant.")),
    "Fast-dLLM v2": ("chatml", "qwen", ["<|beginoftext|>", "<|im_start|>", "<|im_end|>"],
                     chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")),
    "SDAR": ("chatml", "qwen", ["<|beginoftext|>", "<|im_start|>", "<|im_end|>"], chatml("")),
    "LLaDA2": ("llada2", "llada", ["<|startoftext|>", "<role>", "</role>", "<|role_end|>"], LING2),
}

QUESTION = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"
EXAMPLES = [("user", "Mia has 5 pens. She gives 2 away. How many are left?"), ("assistant", "5 - 2 = 3. The answer is 3."),
            ("user", "A box holds 6 eggs. How many do 4 boxes hold?"), ("assistant", "4 * 6 = 24. The answer is 24.")]
SYSTEM = ("system", "Solve the problem.\nBe brief.")
PLAIN = [[("user", QUESTION)], [*EXAMPLES, ("user", QUESTION)], [("user", "Hi"), ("user", "there")],
         [("user", ""), ("assistant", ""), ("user", "\n")], [("user", " \u3000 Grüße\n\n"), ("assistant", "\t日本語 🙂 \n"), ("user", "1\n2")],
         [("user", "Hi"), ("assistant", "Ho")], [("assistant", "Ask."), ("user", "Why?")]]
WITH_SYSTEM = [[SYSTEM, ("user", QUESTION)], [SYSTEM, *EXAMPLES, ("user", QUESTION)], [("system", ""), ("user", "Hi")],
               [("user", "Hi"), ("system", "Speak up."), ("user", "HI")], [("system", " a "), ("system", "b"), ("user", "Hi")]]


def conversation(tokenizer, messages):
    dicts = [{"role": role, "content": content} for role, content in messages]
    text = tokenizer.apply_chat_template(dicts, add_generation_prompt=True, tokenize=False)
    ids = tokenizer.apply_chat_template(dicts, add_generation_prompt=True, return_dict=False)
    return {"messages": [list(message) for message in messages], "text": text, "ids": ids}


def family(model):
    layout, base, control, template = MODELS[model]
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(ROOT / f"tests/shared/tokenizers/{base}/tokenizer.json"),
                                        bos_token=control[0], chat_template=template)
    tokenizer.add_special_tokens({"additional_special_tokens": control[1:]})
    return {"model": model, "layout": layout, "tokenizer": f"tests/shared/tokenizers/{base}/tokenizer.json",
            "added": {name: tokenizer.convert_tokens_to_ids(name) for name in control}, "template": template,
            "conversations": [conversation(tokenizer, messages) for messages in PLAIN + WITH_SYSTEM]}


def bundled():
    template = json.loads((BUNDLED / "tokenizer_config.json").read_text())["chat_template"]
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(BUNDLED / "tokenizer.json"), chat_template=template)
    return {"model": "word problems", "layout": "role_tokens", "tokenizer": str((BUNDLED / "tokenizer.json").relative_to(ROOT)),
            "added": {}, "template": template, "conversations": [conversation(tokenizer, messages) for messages in PLAIN]}


def main():
    lines = ",\n".join(json.dumps(made) for made in [*map(family, MODELS), bundled()])
    (ROOT / "tests/shared/chat.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
