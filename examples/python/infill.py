"""Fills gaps: python infill.py MODEL_FOLDER "QUESTION" "An answer with {} gaps, {} of four tokens each." """

import sys

import unmask

GAP = 4  # tokens

folder, question, answer = sys.argv[1:]
model = unmask.Model.load(folder)
mask, end = model.info.mask_token, model.info.end_token
prompt = model.tokenize_chat(question).tolist()
canvas = prompt.copy()
for i, part in enumerate(answer.split("{}")):
    canvas += ([mask] * GAP if i > 0 else []) + model.tokenize(part).tolist()

with unmask.Session(model) as session:
    session.set_canvas(canvas + [end], prompt_length=len(prompt))
    gaps = [p for p, token in enumerate(canvas) if token == mask]
    predicted = session.predict(gaps, top=3)
    for position, tokens, probabilities in zip(gaps, predicted.tokens, predicted.probabilities):
        best = ", ".join(f"{model.detokenize([t])!r} {p:.0%}" for t, p in zip(tokens, probabilities))
        print(f"position {position}: {best}")
    session.decode().run()
    print(session.text)
