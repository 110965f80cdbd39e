"""The same text with and without drafts: python draft_and_verify.py MODEL_FOLDER DRAFTER_FOLDER "QUESTION" """

import sys

import unmask

folder, drafter_folder, question = sys.argv[1:]
device = unmask.Device()
model, drafter = unmask.Model.load(folder, device), unmask.Model.load(drafter_folder, device)
options = {"chat": question, "length": 32}


def write(strategy, drafting=None):
    with model.session(**options) as session, session.decode(strategy, drafting) as decoder:
        events = list(decoder)
        cost = session.statistics
        print(f"{strategy}: {session.text!r}")
        print(f"    {cost.forward_passes} passes, {cost.accepted} of {cost.drafted} drafts accepted")
        for event in events:
            if event.reason == unmask.Reason.DISAGREES:
                draft, instead = model.detokenize([event.previous]), model.detokenize([event.token])
                print(f"    position {event.position}: {draft!r} rejected for {instead!r}")


write("vanilla")
write("self-draft")
with drafter.session(**options) as drafting:
    write("exact", drafting)
