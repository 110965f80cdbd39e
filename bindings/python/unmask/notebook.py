"""The canvas in a notebook: sessions display themselves, and `watch` shows a decode as it happens."""

import html
from collections.abc import Collection

import unmask

_STYLES = {
    "prompt": "color:#888",
    "token": "background:#d7f0d7;color:#000;border-radius:3px",
    "fresh": "background:#ffd37a;color:#000;border-radius:3px",
    "mask": "color:#bbb",
}


def canvas_html(session: unmask.Session, fresh: Collection[int] = ()) -> str:
    """The canvas of a session as HTML: the prompt, generated tokens, masks as blocks, and the positions in `fresh`
    highlighted. Tokens without a tokenizer are numbers."""
    model, info, begin = session.model, session.model.info, session.prompt_length
    spans = []
    for position, token in enumerate(session.tokens):
        if position < begin:
            kind = "prompt"
        elif token == info.mask_token:
            kind = "mask"
        else:
            kind = "fresh" if position in fresh else "token"
        text = "░" if kind == "mask" else model.detokenize([token], True) if info.has_tokenizer else f"{token} "
        spans.append(f'<span style="{_STYLES[kind]}" title="{position}: {token}">{html.escape(text)}</span>')
    return f'<div style="font-family:monospace;white-space:pre-wrap">{"".join(spans)}</div>'


def watch(decoder: "unmask.Decoder") -> None:
    """Steps to the end and redraws the canvases after every step. Needs IPython."""
    from IPython.display import HTML, display

    def picture(fresh):
        return HTML("<hr>".join(canvas_html(s, {e.position for e in fresh if e.session == i})
                                for i, s in enumerate(decoder.sessions)))

    shown = display(picture([]), display_id=True)
    finished = False
    while not finished:
        finished = decoder.step().finished
        shown.update(picture(list(decoder.events())))
    shown.update(picture([]))
