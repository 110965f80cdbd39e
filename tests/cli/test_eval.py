#!/usr/bin/env python3
"""Runs `unmask eval`, `unmask compare` and `unmask bench --sweep` as a user does, on a tiny model with random weights.

Needs UNMASK_PROGRAM, the program, and UNMASK_TINY_MODEL, the folder of a tiny model with 2 layers and 648 tokens.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

PROGRAM, MODEL = os.environ["UNMASK_PROGRAM"], os.environ["UNMASK_TINY_MODEL"]
SHORT = ["--length", "4", "--block", "4"]
EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
GRID = EXAMPLES / "evaluation" / "grid.py"


class EvalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, items):
        (self.folder / name).write_text("".join(json.dumps(item) + "\n" for item in items))
        return self.path(name)

    def rows(self, name):
        return list(csv.DictReader((self.folder / name).read_text().splitlines()))

    def unmask(self, *arguments, code=0):
        result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stderr if code else result.stdout

    def eval(self, *arguments, code=0):
        return self.unmask("eval", "--model", MODEL, *SHORT, *arguments, code=code)

    def report(self, *arguments):
        return json.loads(self.eval(*arguments, "--json"))

    def task(self, count=3):
        return self.write("task.jsonl", [{"prompt": f"Tom has {n}", "answer": str(n), "matcher": "last_number"}
                                         for n in range(count)])


class Generated(EvalTest):
    def test_results_are_taken_up_and_settings_held(self):
        task, out = self.task(), self.path("out.jsonl")
        first = self.report("--data", task, "--count", "2", "--out", out)
        self.assertEqual((first["n"], first["passes"]), (2, 4))
        self.assertGreater(first["flops_per_token"], 0)
        lines = (self.folder / "out.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), 3)
        (self.folder / "out.jsonl").write_text("\n".join(lines) + '\n{"id": "cut sh')
        again = self.report("--data", task, "--out", out, "--baseline", out)
        self.assertEqual(again["n"], 3)
        self.assertEqual(again["baseline"]["n"], 2)
        after = (self.folder / "out.jsonl").read_text().splitlines()
        self.assertEqual(after[:3], lines)
        self.assertEqual(len(after), 4)
        self.assertIn('seed at its default, not "1"', self.eval("--data", task, "--out", out, "--seed", "1", code=1))

    def test_drafts_are_reported(self):
        flags = ["--data", self.task(), "--count", "1"]
        alone = self.report(*flags)
        drafted = self.report(*flags, "--strategy", "exact", "--drafter", MODEL)
        self.assertEqual((alone["drafted"], alone["drafter_passes"]), (0, 0))
        self.assertGreater(drafted["drafter_passes"], 0)
        self.assertEqual(drafted["acceptance"], 1, "the drafter is the model itself")
        self.assertIn("100.0% accepted", self.eval(*flags, "--strategy", "exact", "--drafter", MODEL))

    def test_batches_answer_the_same(self):
        task, texts = self.task(), []
        for batch in "1", "3":
            out = self.path(f"{batch}.jsonl")
            text = self.eval("--data", task, "--batch", batch, "--out", out)
            self.assertRegex(text, r"accuracy  [\d.]+%, \d of 3; 95% interval")
            lines = (self.folder / f"{batch}.jsonl").read_text().splitlines()[1:]
            texts.append([(r["id"], r["text"], r["rows"], r["flops"]) for r in map(json.loads, lines)])
        self.assertEqual(*texts)

    def test_worked_examples_are_earlier_turns(self):
        item = {"prompt": "Tom", "answer": "1", "matcher": "last_number"}
        example = {"prompt": "Tom", "answer": "Mia"}
        alone, shown, plain = (self.report("--data", self.write("t.jsonl", [i]), *flags)["prompt_tokens"] for i, flags in (
            (item, ["--chat"]), (item | {"examples": [example]}, ["--chat"]), (item | {"examples": [example]}, [])))
        turn = json.loads(self.unmask("tokenize", "-m", MODEL, "--json", "Mia"))["tokens"]
        self.assertEqual(shown, 2 * alone + len(turn) + 1)  # the answer, and the end of its turn
        text = json.loads(self.unmask("tokenize", "-m", MODEL, "--json", "Tom\nMia\n\nTom"))["tokens"]
        self.assertEqual(plain, len(text))

    def test_gsm8k(self):
        data = self.write("test.jsonl", [{"question": "What is 2 + 2?", "answer": "2 + 2 = <<2+2=4>>4\n#### 4"}])
        shots = self.write("train.jsonl", [{"question": "What is 1 + 1?", "answer": "#### 2"}] * 3)
        few = self.report("--task", "gsm8k", "--data", data, "--shots-from", shots, "--shots", "2")
        self.assertGreater(few["prompt_tokens"], self.report("--task", "gsm8k", "--data", data)["prompt_tokens"])

    def test_mistakes_have_a_sentence(self):
        self.assertIn("--data", self.eval(code=2))
        self.assertIn("magic", self.eval("--data", self.task(), "--matcher", "magic", code=1))
        self.assertIn("choices", self.eval("--data", self.task(), "--score", "likelihood", code=1))
        self.assertIn("line 1", self.eval("--data", self.task(), "--baseline", self.task(), code=1))


class Likelihood(EvalTest):
    def test_mmlu_takes_the_likeliest_letter(self):
        (self.folder / "physics_test.csv").write_text('"Is it, then?",a,b,c,d,B\nHeavy?,1,2,3,4,C\n')
        report = self.report("--task", "mmlu", "--data", self.path("physics_test.csv"), "--out", self.path("o.jsonl"))
        said = [json.loads(line)["text"] for line in (self.folder / "o.jsonl").read_text().splitlines()[1:]]
        self.assertTrue(all(text in (" A", " B", " C", " D") for text in said), said)
        self.assertEqual(report["right"], sum(a == b for a, b in zip(said, (" B", " C"))))
        self.assertEqual(report["n"], 2)

    def test_a_single_token_is_what_the_logits_say(self):
        words = [" apples", " has", " more"]
        tokens = [json.loads(self.unmask("tokenize", "-m", MODEL, "--json", "Tom" + w))["tokens"] for w in words]
        self.assertTrue(all(len(t) == len(tokens[0]) for t in tokens))
        mask = json.loads(self.unmask("info", MODEL, "--json"))["mask_token"]
        canvas = " ".join(map(str, [*tokens[0][:-1], mask]))
        self.unmask("logits", "-m", MODEL, "--tokens", canvas, "--out", self.path("l.npy"))
        data = (self.folder / "l.npy").read_bytes()
        logits = memoryview(data[-648 * 4:]).cast("f")
        best = max(words, key=lambda w: logits[tokens[words.index(w)][-1]])
        item = {"prompt": "Tom", "answer": best, "matcher": "exact", "choices": words}
        report = self.report("--data", self.write("t.jsonl", [item]), "--score", "likelihood")
        self.assertEqual((report["right"], report["passes"]), (1, 3))

    def test_longer_choices_are_drawn(self):
        item = {"prompt": "Tom has", "answer": "3 apples", "matcher": "exact", "choices": [" 3 apples", " x y z 9"]}
        flags = ["--data", self.write("t.jsonl", [item]), "--score", "likelihood", "--draws", "5"]
        passes = self.report(*flags)["passes"]  # none for masks that were drawn before
        self.assertTrue(2 < passes <= 10, passes)
        self.assertEqual(self.report(*flags)["passes"], passes)


class Unconditional(EvalTest):
    def test_texts_are_measured_and_judged(self):
        report = self.report("--task", "unconditional", "--count", "3", "--suppress-end",
                             "--judge", MODEL, "--draws", "2")
        self.assertEqual(report["n"], 3)
        self.assertGreater(report["unigram_entropy"], 0)
        self.assertGreater(report["distinct_1"], 1 / 3)  # every text has a seed of its own
        self.assertGreater(report["judge_perplexity"], 1)

    def test_a_judge_of_the_same_tokens_reads_the_ends_of_texts(self):
        """Without a prompt, this model writes nothing but ends, and is sure of them."""
        model = str(EXAMPLES / "models" / "stories" / "verifier")
        report = json.loads(self.unmask("eval", "--model", model, "--task", "unconditional", "--matcher", "exact", "--length",
                                        "16", "--threshold", "0.5", "--count", "2", "--judge", model, "--draws", "2",
                                        "--json"))
        self.assertEqual(report["unigram_entropy"], 0)
        self.assertGreater(report["judge_perplexity"], 1)
        self.assertLess(report["judge_perplexity"], 1.1)


class Compared(EvalTest):
    def test_results_side_by_side(self):
        task, files = self.task(2), [self.path("a.jsonl"), self.path("b.jsonl")]
        for file, steps in zip(files, ("4", "2")):
            self.eval("--data", task, "--out", file, "--steps", steps)
        table = self.unmask("compare", *files, "--csv", self.path("t.csv"), "--plot", self.path("p.svg"))
        self.assertRegex(table, r"(?m)^b +2 ")
        rows = self.rows("t.csv")
        self.assertEqual([r["run"] for r in rows], ["a", "b"])
        self.assertGreater(float(rows[1]["flops_ratio"]), 1.5)
        self.assertEqual(xml.etree.ElementTree.parse(self.path("p.svg")).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_sweep(self):
        flags = ["bench", "--sweep", "--model", MODEL, "--data", self.task(2), *SHORT, "--count", "1", "--csv",
                 self.path("s.csv"), "--plot", self.path("s.svg"), "--out", self.path("out"), "--cache"]
        table = self.unmask(*flags, "none,block,dual")
        self.assertIn("needs a model whose attention is causal between blocks", table)
        rows = {r["run"]: r for r in self.rows("s.csv")}
        self.assertGreater(float(rows["dual"]["flops_ratio"]), 1)
        self.assertEqual(rows["block"]["n"], "0")
        self.assertIn("none threshold=0.9", rows)
        self.assertIn("dual factor=1", (self.folder / "s.svg").read_text())
        self.assertEqual(self.unmask(*flags, "none,block,dual"), table)  # from the files, seconds and all
        self.assertIn("colour", self.unmask(*flags, "colour", code=1))
        self.assertIn("needs --model and --data", self.unmask("bench", "--sweep", code=2))

    def test_grid_goes_on_and_lists_what_is_unfinished(self):
        (self.folder / "grid.toml").write_text(f"""
            [[sections]]
            title = "Tiny"
            folder = "tiny"
            model = "{MODEL}"
            data = "{self.task(3)}"
            count = 2
            flags = ["--length", "4", "--block", "4"]
            [sections.tables.caches]
            "none" = []
            "block" = ["--cache", "block"]
            """)
        for minutes, n in ("0", "0 of 2"), ("5", "2"):
            subprocess.run([sys.executable, "-B", str(GRID), "--unmask", PROGRAM, "--table", self.path("grid.toml"), "--work",
                            self.path("work"), "--page", self.path("PAGE.md"), "--minutes", minutes], check=True,
                           capture_output=True, timeout=300)
            page = (self.folder / "PAGE.md").read_text()
            self.assertIn(f"| none |  | {n} |", page)
        self.assertRegex(page, r"\| block \| `--cache block` \| 0 of 2 \| .*causal between blocks")
        self.assertIn("unmask eval --model", page)
        self.assertTrue((self.folder / "plots" / "tiny.svg").is_file())

    def test_grid_rewrites_the_sections_that_are_chosen(self):
        table, page, folders = self.folder / "grid.toml", self.folder / "page.md", ("first", "second")
        table.write_text("".join(f"""
            [[sections]]
            title = "The {folder}"
            folder = "{folder}"
            model = "{MODEL}"
            data = "{self.task(1)}"
            count = 1
            [sections.tables.caches]
            "none" = []
            """ for folder in folders))
        page.write_text("# Results\n\n## The first\n\nas it was\n\n## The second\n\nas it was\n")
        command = [sys.executable, "-B", str(GRID), "--unmask", PROGRAM, "--table", str(table), "--work", self.path("work"),
                   "--page", str(page), "--minutes", "0", "--section"]
        subprocess.run([*command, "second"], check=True, capture_output=True)
        self.assertIn("## The first\n\nas it was\n\n## The second\n\n| cell |", page.read_text())
        refused = subprocess.run([*command, "third"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("no section has the folder third; there are first, second", refused.stderr)

    def test_worked_examples_are_dealt_out(self):
        problems = self.write("p.jsonl", [{"prompt": f"p{i}", "answer": "1", "matcher": "exact"} for i in range(2)])
        pool = self.write("e.jsonl", [{"prompt": f"e{i}", "target": f"t{i}", "answer": "1"} for i in range(3)])
        lines = subprocess.run([sys.executable, "-B", str(GRID.parent / "with_examples.py"), problems, pool, "--examples", "2"],
                               check=True, capture_output=True, text=True).stdout.splitlines()
        self.assertEqual([[e["answer"] for e in json.loads(line)["examples"]] for line in lines], [["t0", "t1"], ["t2", "t0"]])


if __name__ == "__main__":
    unittest.main()
