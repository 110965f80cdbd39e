"""Unmask: masked-diffusion language models on any Vulkan GPU.

    import unmask

    model = unmask.Model.load("examples/models/word-problems/verifier")
    session = model.session(chat="Tom has 3 apples. He buys 4 more. How many apples does Tom have now?", length=32)
    for event in session.decode():
        print(event.position, event.token)
    print(session.text)

Token ids are numpy arrays of int32, logits [rows, vocabulary] of float32. Objects are context managers; using one
after `close()` raises `WrongStateError`. No call that waits for the device holds the interpreter's lock.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Self

from unmask import native
from unmask.errors import (BadModelError, CancelledError, DeviceLostError, InputOutputError, InternalError,
                           InvalidArgumentError, NotFoundError, OutOfMemoryError, Status, UnmaskError, UnsupportedError,
                           WrongStateError)
from unmask.native import (Converter, Device, DeviceFeature, DeviceInfo, Event, Loader, LogMessage, MatmulSpeed, Model,
                           ModelInfo, OptionInfo, Predictions, ProfileEntry, Progress, Session, Shape, Statistics, capture_log,
                           devices, next_log_message, option_table, silence_log, status_name, strategies,
                           strategy_drafter_use, version, weight_types)
from unmask import notebook
from unmask._methods import option_value as _option_value

__version__ = "0.1.0"


class EventKind(IntEnum):
    """COMMITTED: a mask became a token. REVISED: a token was replaced, or taken back (then it is the mask). DRAFTED: a mask
    became a token that is to be verified. ACCEPTED: a drafted token stays. REJECTED: it was taken back, or replaced."""

    COMMITTED = native.COMMITTED
    REVISED = native.REVISED
    DRAFTED = native.DRAFTED
    ACCEPTED = native.ACCEPTED
    REJECTED = native.REJECTED


class Reason(IntEnum):
    """Why a drafted token was rejected. DISAGREES: the verifier would have put another one there. IMPROBABLE: the verifier
    finds it too improbable. DISPLACED: it was drafted after one that was rejected."""

    NONE = native.NONE
    DISAGREES = native.DISAGREES
    IMPROBABLE = native.IMPROBABLE
    DISPLACED = native.DISPLACED


class DrafterUse(IntEnum):
    """Whether a strategy takes drafters. SCHEDULED: it may; option schedule then says which steps they take."""

    UNUSED = native.UNUSED
    OPTIONAL = native.OPTIONAL
    REQUIRED = native.REQUIRED
    SCHEDULED = native.SCHEDULED


class OptionKind(IntEnum):
    """What values an option takes; a FLAG is an integer, 0 or 1."""

    NUMBER = native.NUMBER
    INTEGER = native.INTEGER
    FLAG = native.FLAG
    TEXT = native.TEXT


class LogLevel(IntEnum):
    """How bad a message of the log is."""

    INFO = native.INFO
    WARNING = native.WARNING
    ERROR = native.ERROR


class Messages(native.Messages):
    """The messages of a conversation: Messages([{"role": "user", "content": "What is new?"}]). Where one is wanted, such a
    list does as well."""

    def __init__(self, messages: Iterable[Mapping[str, str]] = ()) -> None:
        super().__init__()
        for message in messages:
            self.add(message["role"], message["content"])

    def add(self, role: str, content: str) -> Self:
        """Adds a message; `role` is "system", "user" or "assistant"."""
        super().add(role, content)
        return self


class Options(native.Options):
    """Settings of sessions by name: Options(length=32, temperature=0.5). `option_table()` lists them."""

    def __init__(self, **values: str | int | float) -> None:
        super().__init__()
        self.update(**values)

    def set(self, name: str, value: str | int | float) -> Self:
        """Sets one option. A bad name or value is refused at once."""
        super().set(name, _option_value(value))
        return self


class Decoder(native.Decoder):
    """Advances sessions of one model together; each gets the tokens it would get alone. `drafters`, one per session or none,
    are sessions of a cheaper model with the same prompts and lengths, for strategies that draft and verify, such as "exact".
    Has all of them until it is closed."""

    def __init__(self, sessions: Session | Iterable[Session], strategy: str = "vanilla",
                 drafters: Session | Iterable[Session] = ()) -> None:
        self.sessions, self.drafters = _several(sessions), _several(drafters)
        super().__init__(self.sessions, strategy, self.drafters)


def _several(sessions: Session | Iterable[Session]) -> tuple[Session, ...]:
    return (sessions,) if isinstance(sessions, Session) else tuple(sessions)
