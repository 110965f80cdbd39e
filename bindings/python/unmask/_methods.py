"""What Python adds to the native classes: context managers, iterators, keyword arguments, displays. The native
module puts these among the bases of its classes."""

import asyncio
import contextlib
import numbers

import unmask


def show_fields(value):
    """Repr of a native struct: Event(kind=..., session=0, ...)."""
    cls = type(value)
    fields = [name for name, member in vars(cls).items() if isinstance(member, property) and name != "thisown"]
    return f"{cls.__name__}({', '.join(f'{name}={getattr(value, name)!r}' for name in fields)})"


class Closing:
    """A context manager that closes; `close()` may be called again."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __repr__(self):
        return f"<unmask.{type(self).__name__}{' (closed)' if self.closed else ''}>"


class DeviceMethods(Closing):
    pass


class ModelMethods(Closing):
    @staticmethod
    def load(path, device=None, progress=False):
        """Loads a model folder onto `device` (None: the best one), with a tqdm bar of bytes if `progress`."""
        with unmask.Loader(device if device is not None else unmask.Device(), str(path)) as loader:
            with _bar(progress, loader.bytes_total, unit="B", unit_scale=True, desc="loading") as bar:
                finished = False
                while not finished:
                    finished = loader.step()
                    bar.update(loader.bytes_done - bar.n)
            return loader.take_model()

    def session(self, prompt=None, *, chat=None, messages=None, tokens=None, **options):
        """A session with the prompt given as text, as one chat message, as messages with roles, or as token ids [n] (none:
        empty), and options by name, e.g. length=32."""
        if sum(given is not None for given in (prompt, chat, messages, tokens)) > 1:
            raise TypeError("Give one of prompt, chat, messages and tokens.")
        session = unmask.Session(self, unmask.Options(**options))
        if prompt is not None:
            session.set_prompt(prompt)
        elif chat is not None:
            session.set_chat(chat)
        elif messages is not None:
            session.set_messages(messages)
        elif tokens is not None:
            session.set_tokens(tokens)
        return session

    def generate(self, prompt=None, *, strategy="vanilla", drafter=None, progress=False, **given):
        """The text that the model writes; other arguments as for `session`. `drafter`, a cheaper model, is for strategies
        that draft and verify, such as "exact"."""
        with contextlib.ExitStack() as stack:
            session = stack.enter_context(self.session(prompt, **given))
            drafting = drafter and stack.enter_context(drafter.session(prompt, **given))
            stack.enter_context(session.decode(strategy, drafting)).run(progress=progress)
            return session.text


class LoaderMethods(Closing):
    pass


class ConverterMethods(Closing):
    pass


class MessagesMethods(Closing):
    pass


class OptionsMethods(Closing):
    def update(self, **values):
        """Sets several options by name."""
        for name, value in values.items():
            self.set(name, value)
        return self


class SessionMethods(Closing):
    def decode(self, strategy="vanilla", drafter=None):
        """A decoder of this session alone; `drafter`, a session of a cheaper model with the same prompt and length, is for
        strategies that draft and verify, such as "exact"."""
        return unmask.Decoder(self, strategy, () if drafter is None else drafter)

    def _repr_html_(self):
        return unmask.notebook.canvas_html(self)


class DecoderMethods(Closing):
    def __iter__(self):
        """Steps to the end and yields the events on the way."""
        finished = False
        while True:
            yield from self.events()
            if finished:
                return
            finished = self.step().finished

    async def __aiter__(self):
        """The same without blocking the event loop: steps run on another thread. If the task is cancelled, so is the
        decoder, once its step has returned."""
        finished = False
        while True:
            for event in self.events():
                yield event
            if finished:
                return
            finished = (await self._step_elsewhere()).finished

    async def _step_elsewhere(self):
        step = asyncio.ensure_future(asyncio.to_thread(self.step))
        try:
            return await asyncio.shield(step)
        except asyncio.CancelledError:
            self.cancel()
            await asyncio.wait([step])
            raise

    def events(self):
        """Takes the events that are waiting, oldest first, without a step."""
        while (event := self.next_event()) is not None:
            yield event

    def run(self, progress=False):
        """Steps to the end, with a tqdm bar of masks filled if `progress`. Returns the last step's progress."""
        with _bar(progress, None, unit="token", desc="unmasking") as bar:
            while True:
                state = self.step()
                bar.total = state.masks_total
                bar.update(state.masks_total - state.masks_left - bar.n)
                if state.finished:
                    return state


class _NoBar:
    n = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def update(self, amount):
        pass


def _bar(wanted, total, **look):
    if not wanted:
        return _NoBar()
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("Progress bars need tqdm: pip install unmask[progress]") from None
    return tqdm(total=total, **look)


def as_messages(messages):
    """A native conversation from one, or from dicts of role and content."""
    return messages if isinstance(messages, unmask.native.Messages) else unmask.Messages(messages)


def option_value(value):
    """A value that native Options.set has an overload for."""
    if isinstance(value, str):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)
