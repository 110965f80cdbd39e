"""The same question under several settings, with what each costs: python compare_strategies.py MODEL_FOLDER "QUESTION" """

import sys

import unmask

SETTINGS = {
    "one token per step": {},
    "8 steps": {"steps": 8},
    "fill what is certain": {"threshold": 0.9},
    "with Fast-dLLM's dual cache": {"threshold": 0.9, "cache": "dual"},
}

folder, question = sys.argv[1:]
model = unmask.Model.load(folder)
for name, options in SETTINGS.items():
    with model.session(chat=question, length=32, **options) as session, session.decode() as decoder:
        seconds = decoder.run().seconds
        statistics = session.statistics
        print(f"{name}: {session.text!r}")
        print(f"    {statistics.forward_passes} passes, {statistics.rows} rows, {seconds:.2f} s")
