#!/usr/bin/env python3
"""Runs the program with two models: drafts and their verification, and schedules. Needs what program.py does."""

import csv
import json
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from program import MODEL, SHORT, ProgramTest, generate, unmask


class Drafters(ProgramTest):
    """The tiny model drafts for itself; at a high temperature, tokens at random."""

    def exact(self, *arguments):
        return generate("--length", "12", "--prompt", "Tom", "--strategy", "exact", "--drafter", MODEL, *arguments)

    def test_drafts_change_no_token(self):
        plain = json.loads(self.succeed(generate("--length", "12", "--prompt", "Tom", "--json")))
        agreeing = json.loads(self.succeed(self.exact("--json", "--draft-length", "3")))
        random = json.loads(self.succeed(self.exact("--drafter-option", "temperature=1000", "--drafter-option",
                                                    "remasking=random", "--json", "--temperature", "0")))
        for drafted in (agreeing, random):
            self.assertEqual(drafted["tokens"], plain["tokens"])
            self.assertEqual(drafted["drafter"]["model"], MODEL)
            self.assertGreater(drafted["drafter"]["forward_passes"], 0)
        self.assertEqual((agreeing["accepted"], plain["drafted"]), (agreeing["drafted"], 0))
        self.assertLess(agreeing["forward_passes"], plain["forward_passes"])
        self.assertLess(random["accepted"], random["drafted"])
        self.assertNotIn("drafter", plain)

    def test_batches_are_drafted_together(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompts.jsonl")
            path.write_text("".join(json.dumps({"prompt": p}) + "\n" for p in ("Tom", "Mia has", "A book")))
            plain = self.succeed(generate(*SHORT, "--prompts", str(path)))
            self.assertEqual(self.succeed(generate(*SHORT, "--prompts", str(path), "--batch", "2", "--strategy", "exact",
                                                   "--drafter", MODEL)), plain)

    def test_explanations_have_figures(self):
        result = self.exact("--explain")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, r"(?i)draft.*\d")
        self.assertRegex(self.exact("--explain", "--watch").stderr, r"step 1, \d+ of 12 masks left, [\d.]+ s\n.*(?i:draft)")

    def test_errors_are_sentences(self):
        self.fail_with(generate("--prompt", "a", "--strategy", "exact"), 1, "needs a drafter")
        self.fail_with(generate("--prompt", "a", "--drafter", MODEL), 1, "needs option 'schedule'")
        self.fail_with(generate("--prompt", "a", "--strategy", "self-draft", "--drafter", MODEL), 1, "no use for a drafter")
        self.fail_with(generate("--prompt", "a", "--strategy", "exact", "--drafter", "/nowhere"), 1, "/nowhere")
        self.fail_with(generate("--prompt", "a", "--drafter-option", "steps=2"), 2, "--drafter")
        self.fail_with(self.exact("--drafter-option", "length=5"), 1, "not that of the session it drafts for")
        self.fail_with(self.exact("--drafter-option", "steps"), 2, "NAME=VALUE")
        self.fail_with(self.exact("--drafter-option", "steps=many"), 2, "'many'")
        self.fail_with(self.exact("--drafter-option", "speed=2"), 2, "no option 'speed'")
        self.fail_with(self.exact("--drafter-option", "temperature=-1"), 2, "'temperature' must be")
        self.fail_with(self.exact("--drafter-option", "remasking=best"), 2, "low_confidence")


class Schedules(ProgramTest):
    """Both models are the same one, whose texts then do not depend on who writes them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "texts.jsonl"
        self.data.write_text('{"text": "Tom has 3 apples."}\n'
                             '{"prompt": "3 + 4?", "target": "3 + 4 = 7.", "answer": "7", "matcher": "last_number"}\n')

    def analyze(self, *arguments):
        return unmask("analyze", "schedule", "--heavy", MODEL, "--light", MODEL, "--data", str(self.data),
                      "--length", "12", *arguments)

    def test_steps_are_shared_out(self):
        common = ["-p", "Tom has", "--json", "--no-stop-at-end", *SHORT]
        plain = json.loads(self.succeed(generate(*common)))
        shared = json.loads(self.succeed(generate(*common, "--drafter", MODEL, "--schedule", "L1,H4,L1")))
        self.assertEqual(shared["tokens"], plain["tokens"])
        self.assertEqual((shared["forward_passes"], shared["drafter"]["forward_passes"]), (4, 2))
        self.assertEqual(shared["flops"] + shared["drafter"]["flops"], plain["flops"])

    def test_what_is_no_schedule_is_refused(self):
        self.fail_with(generate("-p", "x", "--schedule", "heavy"), 2, "no part of a schedule")
        self.fail_with(generate("-p", "x", "--schedule", "L"), 1, "there is none; give it as the drafter")
        self.fail_with(generate("-p", "x", "--drafter", MODEL), 1, "needs option 'schedule'")
        self.fail_with(generate("-p", "x", *SHORT, "--drafter", MODEL, "--schedule", "L1,H9"), 1, "has 10 steps")

    def test_a_model_costs_nothing_in_its_own_place(self):
        csv, svg = self.folder / "steps.csv", self.folder / "steps.svg"
        self.succeed(self.analyze("--bins", "4", "--csv", str(csv), "--plot", str(svg)))
        header, *rows = csv.read_text().splitlines()
        self.assertEqual(header.split(",")[0], "t")
        self.assertEqual([row.split(",")[0] for row in rows], ["0.875", "0.625", "0.375", "0.125"])
        for row in rows:
            t, loss, _, gap, _, divergence, _ = map(float, row.split(","))
            self.assertGreater(loss, 1)
            self.assertEqual((gap, divergence), (0, 0))
        self.assertEqual(xml.etree.ElementTree.parse(svg).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_schedules_are_tried(self):
        lines = self.succeed(self.analyze("--bins", "2", "--check", "sandwich:0.5")).splitlines()
        self.assertRegex(lines[-1], r"^sandwich:0.5: 0.0% of the FLOPs saved; log-likelihood per token +-\d")
        self.assertRegex(lines[-1], r"less the heavy model's: +0.0000 ± 0.0000$")
        self.data.write_text(self.data.read_text().splitlines()[1] + "\n")
        lines = self.succeed(self.analyze("--bins", "2", "--check", "L")).splitlines()
        self.assertRegex(lines[-1], r"; 0 of 1 right, 0.0% to 79.3%; less the heavy model's: ")

    def test_what_cannot_be_saved_or_read(self):
        result = self.analyze("--bins", "2", "--flops-saved", "0.25")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^unmask: 25.0% of the FLOPs cannot be saved: the light model alone")
        self.data.write_text('{"question": "?"}\n')
        self.fail_with(self.analyze(), 1, 'line 1: expected an object with a "text"')
        self.data.write_text("")
        self.fail_with(self.analyze(), 1, "has no texts")


if __name__ == "__main__":
    unittest.main()
