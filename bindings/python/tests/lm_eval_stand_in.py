"""The parts of the LM Evaluation Harness that unmask.lm_eval is written against, for machines without it: its base class
and its registry."""

import sys
import types
from dataclasses import dataclass

MODELS = {}


class LM:
    """lm_eval.api.model.LM"""


def register_model(*names):
    """lm_eval.api.registry.register_model"""
    def register(cls):
        MODELS.update(dict.fromkeys(names, cls))
        return cls
    return register


@dataclass
class Instance:
    """lm_eval.api.instance.Instance, as far as models read it."""

    args: tuple


def install():
    """Makes `import lm_eval` find this, unless the real one is installed."""
    try:
        import lm_eval  # noqa: F401
    except ImportError:
        package, api = types.ModuleType("lm_eval"), types.ModuleType("lm_eval.api")
        model, registry = types.ModuleType("lm_eval.api.model"), types.ModuleType("lm_eval.api.registry")
        model.LM, registry.register_model = LM, register_model
        for module in (package, api, model, registry):
            sys.modules[module.__name__] = module
