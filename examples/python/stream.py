"""Shows the canvas after every step, as its masks turn into tokens: python stream.py MODEL_FOLDER "QUESTION" """

import asyncio
import sys

import unmask


async def main(folder, question):
    model = unmask.Model.load(folder)
    session = model.session(chat=question, length=32)
    begin, mask = session.prompt_length, model.info.mask_token
    canvas, shown = session.tokens, 0
    with session.decode() as decoder:
        async for event in decoder:  # other tasks run while the device works
            canvas[event.position] = event.token
            if event.round > shown:
                shown = event.round
                print("".join("_" if t == mask else model.detokenize([t]) for t in canvas[begin:]))
    print(session.text)


asyncio.run(main(*sys.argv[1:]))
