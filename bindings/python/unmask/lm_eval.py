"""Unmask as a model of the LM Evaluation Harness: generate_until by decoding, loglikelihood by Monte Carlo.

    python -m unmask.lm_eval --model unmask --model_args pretrained=MODEL_FOLDER,strategy=vanilla,length=256 --tasks gsm8k

Options of sessions (`unmask.option_table()`) are model arguments too. The likelihood of a continuation of L tokens is
bounded from below as LLaDA's authors do (Nie et al. 2025, arXiv 2502.09992, algorithm 3): the mean over mc_num draws of
L / l times the log-probabilities of l masked tokens, l uniform from 1 to L. Where attention is causal between blocks
(SDAR), each block is such a continuation of those before it (Arriola et al. 2025, arXiv 2503.09573).
"""

import sys

import numpy as np

try:
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model
except ImportError:
    raise ImportError("The LM Evaluation Harness is missing: pip install unmask[lm-eval]") from None

import unmask


@register_model("unmask")
class UnmaskLM(LM):
    """Model arguments: `pretrained`, a model folder or file; `device`, which Vulkan device; `strategy`; `mc_num`, draws per
    likelihood; `seed` of these draws, and of sampling; and options of sessions."""

    def __init__(self, pretrained, device="", strategy="vanilla", mc_num=128, seed=0, batch_size=None,
                 max_batch_size=None, **options):
        super().__init__()
        self.model = unmask.Model.load(pretrained, unmask.Device(_vulkan_device(device)))
        if self.model.info.shifted_logits:
            raise unmask.UnsupportedError("The likelihoods of models whose logits are shifted are not defined here.")
        self.strategy = strategy
        self.draws = int(mc_num)
        self.seed = int(seed)
        self.options = {name: _option(name, value) for name, value in options.items()}

    @property
    def tokenizer_name(self):
        return self.model.architecture

    def apply_chat_template(self, chat_history, add_generation_prompt=True):
        """Ready to be answered: an answer that is already begun has no layout here."""
        if not add_generation_prompt:
            raise NotImplementedError("Unmask answers conversations that end with a question; leave out gen_prefix.")
        return self.model.detokenize(self.model.tokenize_messages(chat_history), True)

    def generate_until(self, requests, disable_tqdm=False):
        return [self._generate(*request.args) for request in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        return [self._score(*request.args) for request in requests]

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        return [self._score("", text)[0] for (text,) in (request.args for request in requests)]

    def _generate(self, context, settings):
        options = {"length": int(settings.get("max_gen_toks", 256)), "seed": self.seed, **self.options}
        if settings.get("do_sample") and settings.get("temperature"):
            options["temperature"] = float(settings["temperature"])
        text = self.model.generate(context, strategy=self.strategy, **options)
        until = settings.get("until") or []
        for stop in [until] if isinstance(until, str) else until:
            text = text.split(stop)[0] if stop else text
        return text

    def _score(self, context, continuation):
        """Log-likelihood of the continuation, and whether greedy decoding would write it."""
        prompt = self.model.tokenize(context)
        target = self.model.tokenize(context + continuation)[len(prompt):]
        if len(target) == 0:
            return 0.0, True
        canvas = np.concatenate([prompt, target])
        random = np.random.default_rng(self.seed)
        score = sum(self._bound(canvas[:end], begin, random) for begin, end in self._parts(len(prompt), len(canvas)))
        return float(score), self._is_greedy(prompt, target)

    def _parts(self, begin, end):
        """The ranges of the continuation that are denoised one after the other."""
        block = int(self.options.get("block", 0)) or self.model.info.block_length
        if self.model.info.block_length == 0:
            return [(begin, end)]
        cuts = [begin, *range((begin // block + 1) * block, end, block), end]
        return list(zip(cuts, cuts[1:]))

    def _bound(self, canvas, begin, random):
        """Lower bound of the log-probability of canvas[begin:] after canvas[:begin]."""
        length = len(canvas) - begin
        total = 0.0
        for _ in range(self.draws):
            count = 1 + int(random.integers(length))
            masked = begin + random.choice(length, count, replace=False)
            noisy = canvas.copy()
            noisy[masked] = self.model.info.mask_token
            total += length / count * _log_probabilities(self.model.logits(noisy)[masked], canvas[masked]).sum()
        return total / self.draws

    def _is_greedy(self, prompt, target):
        options = {**self.options, "length": len(target), "temperature": 0.0, "stop_at_end": 0}
        with self.model.session(tokens=prompt, **options) as session:
            session.decode(self.strategy).run()
            return bool((session.tokens[len(prompt):len(prompt) + len(target)] == target).all())


def _log_probabilities(logits, tokens):
    """Of tokens [n] under logits [n, vocabulary]."""
    logits = logits.astype(np.float64)
    best = logits.max(axis=1)
    chosen = logits[np.arange(len(tokens)), tokens]
    return chosen - best - np.log(np.exp(logits - best[:, None]).sum(axis=1))


def _vulkan_device(name):
    """The harness passes its own default, a torch device, which says nothing about Vulkan's."""
    return "" if name is None or name.startswith(("cuda", "cpu", "mps")) else name


def _option(name, value):
    """Model arguments of the command line are texts; options know what they are."""
    kinds = {option.name: option.kind for option in unmask.option_table()}
    if not isinstance(value, str) or kinds.get(name) == unmask.OptionKind.TEXT:
        return value
    return float(value) if kinds.get(name) == unmask.OptionKind.NUMBER else int(value)


if __name__ == "__main__":
    from lm_eval.__main__ import cli_evaluate

    sys.exit(cli_evaluate())
