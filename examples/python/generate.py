"""Writes an answer: python generate.py MODEL_FOLDER "QUESTION" """

import sys

import unmask

folder, question = sys.argv[1:]
model = unmask.Model.load(folder, progress=sys.stderr.isatty())
print(model.generate(chat=question, length=32))
