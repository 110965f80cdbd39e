#!/usr/bin/env python3
"""Runs the program as a user does: every subcommand, its JSON, its errors, pipes and a terminal.

Needs UNMASK_PROGRAM, the program, and UNMASK_TINY_MODEL, the folder of a tiny model with 2 layers and 648 tokens.
"""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import unittest
from pathlib import Path

from program import MASK, MODEL, PROGRAM, PROMISED, SHORT, VOCABULARY, ProgramTest, generate, unmask


class Usage(ProgramTest):
    def test_version_and_help(self):
        self.assertRegex(self.succeed(unmask("--version")), r"^unmask \d+\.\d+\.\d+\n$")
        everything = self.succeed(unmask("--help"))
        for command in ("generate", "devices", "info", "tokenize", "logits", "bench", "convert", "eval", "compare",
                        "analyze"):
            self.assertIn(command, everything)
            self.assertIn("--help", self.succeed(unmask(command, "--help")))

    def test_help_comes_from_the_option_table(self):
        text = " ".join(self.succeed(unmask("generate", "--help")).split())
        for part in ("--top-k", "--cfg,--guidance", "low_confidence|random|margin|entropy", "--no-stop-at-end",
                     "Tokens to generate.", "Excludes: "):
            self.assertIn(part, text)
        for name in PROMISED:
            self.assertIn(name, text)

    def test_wrong_command_lines(self):
        self.fail_with(unmask(), 2, "subcommand")
        self.fail_with(unmask("no-such-command"), 2, "no-such-command")
        self.fail_with(unmask("generate"), 2, "--model")
        self.fail_with(generate("--no-such-option"), 2, "--no-such-option")
        self.fail_with(generate("--prompt", "a", "--prompt-file", "b"), 2, "--prompt")
        self.fail_with(generate("--prompt", "a", "--json", "--watch"), 2, "--watch")
        self.fail_with(generate("--prompt", "a", "--batch", "2"), 2, "--prompts")
        self.fail_with(generate("--prompt", "a", "--system", "b"), 2, "--chat")
        self.fail_with(generate("--prompt", "a", "--per-step"), 2, "--json")

    def test_values_out_of_range(self):
        self.fail_with(generate("--prompt", "a", "--length", "0"), 2, "'length' must be between 1 and")
        self.fail_with(generate("--prompt", "a", "--length", "many"), 2, "--length")
        self.fail_with(generate("--prompt", "a", "--top-p", "1.5"), 2, "'top_p' must be between 0 and 1")
        self.fail_with(generate("--prompt", "a", "--temperature", "nan"), 2, "temperature")
        self.fail_with(generate("--prompt", "a", "--remasking", "best"), 2, "low_confidence")
        self.fail_with(unmask("bench", "--synthetic", "colour=3"), 2, "colour=3")
        self.fail_with(unmask("bench", "--synthetic", "hidden=wide"), 2, "hidden")
        self.fail_with(unmask("logits", "-m", MODEL, "--tokens", "1 x", "--out", "f.npy"), 2, "'x'")

    def test_things_that_are_not_there(self):
        self.fail_with(unmask("generate", "--model", "/nowhere", "--prompt", "a"), 1, "/nowhere")
        self.fail_with(unmask("info", "/dev/null"), 1, "/dev/null")
        self.fail_with(generate("--prompt", "a", "--device", "no such device"), 1, "no such device")
        self.fail_with(generate("--prompt-file", "/nowhere"), 1, "/nowhere")
        self.fail_with(generate("--prompts", "/nowhere"), 1, "/nowhere")
        self.fail_with(generate("--prompt", "a", "--strategy", "magic"), 1, "magic")
        self.fail_with(generate("--prompt", "a", "--length", "300"), 1, "256")


class Generate(ProgramTest):
    def test_json_has_the_promised_names(self):
        result = json.loads(self.succeed(generate(*SHORT, "--prompt", "Tom has 3 apples.", "--json", "--seed", "-7")))
        self.assertEqual([name for name in PROMISED if name not in result], [])
        self.assertEqual(len(result["tokens"]), 6)
        self.assertNotIn(MASK, result["tokens"])
        self.assertEqual(result["prompt_tokens"], 6)
        self.assertEqual(result["seed"], -7)
        self.assertLessEqual(result["forward_passes"], 6)
        self.assertEqual(result["rows"], 12 * result["forward_passes"])
        self.assertLessEqual(result["head_rows"], 2 * (3 + 2 + 1))
        self.assertGreater(result["flops"], 0)
        self.assertLessEqual(result["largest_read_back"], 4096)
        self.assertGreater(result["seconds"], 0)
        self.assertGreater(result["tokens_per_second"], 0)
        self.assertTrue(result["device"] and result["driver"])
        self.assertIs(result["finished"], True)

    def test_steps_add_up_to_the_whole(self):
        result = json.loads(self.succeed(generate(*SHORT, "--prompt", "Tom has 3 apples.", "--json", "--per-step", "--cache", "dual",
                                                  "--no-stop-at-end")))
        self.assertEqual(len(result["steps"]), result["forward_passes"])
        for name in ("rows", "head_rows", "flops", "bytes_read_back"):
            self.assertEqual(sum(step[name] for step in result["steps"]), result[name], name)
        self.assertEqual(result["steps"][-1]["masks_left"], 0)
        self.assertGreater(result["steps"][0]["rows"], result["steps"][1]["rows"])
        self.assertTrue(all(step["bytes_moved"] > 0 for step in result["steps"]))

    def test_tokens_may_be_edited(self):
        plain, edited = (json.loads(self.succeed(generate(*SHORT, "--prompt", "Tom", "--json", "--edit-threshold", limit,
                                                          "--max-post-steps", "3")))
                         for limit in ("1", "0"))
        self.assertEqual(plain["revisions"], 0)
        self.assertGreater(edited["revisions"], 0)
        self.assertGreater(edited["forward_passes"], plain["forward_passes"])

    def test_gaps_are_filled_and_the_rest_stays(self):
        result = json.loads(self.succeed(generate("--prompt", "Tom has 3", "--json", "--infill", " apples{3} and {1} more")))
        pieces = [len(json.loads(self.succeed(unmask("tokenize", "--model", MODEL, "--json", text)))["tokens"])
                  for text in (" apples", " and ", " more")]
        self.assertEqual(len(result["tokens"]), sum(pieces) + 3 + 1 + 1)  # gaps, and the end token
        self.assertNotIn(MASK, result["tokens"])
        self.assertTrue(result["text"].startswith(" apples"), result["text"])
        self.assertEqual(result["forward_passes"], 4)
        for bad in ("no gap", "{0}", "{99999999}"):
            self.fail_with(generate("--prompt", "Tom", "--infill", bad), 1, "gap")

    def test_prompts_come_from_anywhere(self):
        expected = self.succeed(generate(*SHORT, "--prompt", "Tom has 3"))
        self.assertEqual(self.succeed(generate(*SHORT, stdin="Tom has 3\n")), expected)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompt.txt")
            path.write_text("Tom has 3\n")
            self.assertEqual(self.succeed(generate(*SHORT, "--prompt-file", str(path))), expected)

    def test_chat_adds_the_layout(self):
        plain, chat = (json.loads(self.succeed(generate(*SHORT, "--prompt", "Tom", "--json", *more)))
                       for more in ([], ["--chat"]))
        self.assertEqual(chat["prompt_tokens"], plain["prompt_tokens"] + 3)

    def test_conversations_are_prompts(self):
        turns = [{"role": "user", "content": "1 + 1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "Tom"}]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompts.jsonl")
            path.write_text("".join(json.dumps({"messages": turns[at:]}) + "\n" for at in (2, 0)))
            lines = [json.loads(line) for line in self.succeed(generate(*SHORT, "--prompts", str(path), "--json")).splitlines()]
            chat = json.loads(self.succeed(generate(*SHORT, "--chat", "--prompt", "Tom", "--json")))
            self.assertEqual(lines[0]["tokens"], chat["tokens"])
            counts = [len(json.loads(self.succeed(unmask("tokenize", "-m", MODEL, "--json", t["content"])))["tokens"]) for t in turns]
            self.assertEqual(lines[1]["prompt_tokens"], sum(counts) + 7)  # a role and an end each, and the last role
            path.write_text(json.dumps({"messages": [{"role": "nobody", "content": "a"}]}))
            self.fail_with(generate(*SHORT, "--prompts", str(path)), 1, "system, user or assistant")

    def test_a_system_message_needs_a_layout_that_has_one(self):
        self.fail_with(generate(*SHORT, "--chat", "--system", "Be brief.", "--prompt", "Tom"), 1, "<|system|>")

    def test_seeds_decide_the_text(self):
        sample = [*SHORT, "--prompt", "Tom", "--json", "--temperature", "1", "--remasking", "random",
                  "--suppress-end"]
        tokens = [json.loads(self.succeed(generate(*sample, "--seed", seed)))["tokens"] for seed in "112"]
        self.assertEqual(tokens[0], tokens[1])
        self.assertNotEqual(tokens[0], tokens[2])

    def test_batches_equal_one_by_one(self):
        prompts = ["Tom has 3 apples and buys 4 more.", "Mia", "A book has 52 pages. Leo reads 8 pages a day."]
        sample = [*SHORT, "--temperature", "0.7", "--seed", "3", "--json"]
        alone = [json.loads(self.succeed(generate(*sample, "--prompt", p))) for p in prompts]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompts.jsonl")
            path.write_text("".join(json.dumps({"prompt": p, "id": i}) + "\n" for i, p in enumerate(prompts)) + "\n")
            for batch in "123":
                lines = self.succeed(generate(*sample, "--prompts", str(path), "--batch", batch)).splitlines()
                together = [json.loads(line) for line in lines]
                for name in ("text", "tokens", "prompt_tokens", "forward_passes", "rows", "head_rows", "flops"):
                    self.assertEqual([t[name] for t in together], [a[name] for a in alone], (batch, name))
            texts = self.succeed(generate(*sample[:-1], "--prompts", str(path), "--batch", "2"))
            self.assertEqual(texts, "".join(a["text"] + "\n" for a in alone))

    def test_a_bad_line_of_prompts_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "prompts.jsonl")
            for line in ("{", "[]", '{"prompt": 3}', '{"text": "a"}', '"a"', '{"prompt": "a\\u0000b"}', '{"messages": []}',
                         '{"messages": {}}', '{"messages": ["a"]}', '{"messages": [{"role": "user"}]}',
                         '{"messages": [{"role": 1, "content": "a"}]}'):
                path.write_text('{"prompt": "Tom"}\n' + line + "\n")
                result = generate(*SHORT, "--prompts", str(path), "--batch", "2")
                self.fail_with(result, 1, "NUL" if "u0000" in line else "line 2")


def on_a_terminal(arguments, react=None, columns=40):
    """Runs the program with a terminal as stdin, stdout and stderr. `react` gets the process when output appears."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 10, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *arguments], stdin=child, stdout=child, stderr=child, close_fds=True)
    os.close(child)
    output = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # what Linux says when the program's end is closed
            break
        if not part:
            break
        output += part
        if react and "░".encode() in output:
            react(process)
            react = None
    os.close(parent)
    return process.wait(), output.decode()


class Watch(ProgramTest):
    def test_a_terminal_shows_the_canvas(self):
        text = json.loads(self.succeed(generate(*SHORT, "--prompt", "Tom", "--json")))["text"]
        code, output = on_a_terminal(["generate", "-m", MODEL, *SHORT, "--prompt", "Tom", "--watch"])
        self.assertEqual(code, 0, output)
        self.assertIn("\x1b[?25l", output)
        self.assertIn("░░", output)
        self.assertIn("step 1, 5 of 6 masks left", output)
        self.assertRegex(output, r"\d+ passes, ")
        self.assertTrue(output.endswith("\x1b[?25h"), output[-40:])
        last_frame = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n", "", re.split(r"\x1b\[\d+A", output)[-1])
        self.assertTrue(last_frame.startswith(re.sub(r"[\x00-\x1f\x7f\ufffd]", "", text)[:20]), (last_frame, text))

    def test_lines_fit_the_terminal(self):
        code, output = on_a_terminal(
            ["generate", "-m", MODEL, "--length", "40", "--steps", "4", "--prompt", "Tom", "--watch"], columns=20)
        self.assertEqual(code, 0, output)
        first_frame = re.split(r"\x1b\[\d+A", output)[1]
        for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", first_frame).split("\r\n"):
            self.assertLessEqual(len(line.strip("\r")), 20, line)

    def test_drafts_have_colours(self):
        arguments = ["generate", "-m", MODEL, "--length", "12", "--prompt", "Tom", "--watch", "--strategy", "exact",
                     "--drafter", MODEL]
        accepted, rejected = "\x1b[1;32m", "\x1b[31m"
        code, output = on_a_terminal(arguments)
        self.assertEqual(code, 0, output)
        self.assertIn(accepted, output)
        self.assertNotIn(rejected, output)
        code, output = on_a_terminal([*arguments, "--drafter-option", "temperature=1000"])
        self.assertEqual(code, 0, output)
        self.assertIn(rejected, output)

    def test_ctrl_c_ends_it_with_the_cursor_shown(self):
        code, output = on_a_terminal(
            ["generate", "-m", MODEL, "--length", "250", "--prompt", "Tom", "--watch"],
            react=lambda process: process.send_signal(signal.SIGINT))
        self.assertEqual(code, 130, output[-200:])
        self.assertIn("unmask: Interrupted.", output)
        self.assertGreater(output.rfind("\x1b[?25h"), output.rfind("\x1b[?25l"))

    def test_elsewhere_it_prints_lines(self):
        result = generate(*SHORT, "--prompt", "Tom", "--watch")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, r"^[\d.]+ MiB of device memory .*\nstep 1, 5 of 6 masks left, [\d.]+ s\n")
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        self.assertNotEqual(result.stdout, "")


class MaskDiffusionLanguageModel(ProgramTest):
    """MDLM, whose mask is one past its tokenizer's vocabulary and whose texts need no prompt."""

    def setUp(self):
        shared = Path(__file__).parent.parent / "shared"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("config.json", "model.safetensors"):
            shutil.copyfile(shared / "golden" / "mdlm_odd" / name, Path(self.folder, name))
        tokenizer = json.loads((shared / "tokenizers" / "gpt2" / "tokenizer.json").read_text())
        tokenizer["added_tokens"] = []
        vocabulary = tokenizer["model"]["vocab"]
        tokenizer["model"] |= {"vocab": {t: i for t, i in vocabulary.items() if i < 130}, "merges": []}
        Path(self.folder, "tokenizer.json").write_text(json.dumps(tokenizer))

    def generate(self, *arguments):
        return json.loads(self.succeed(unmask("generate", "-m", self.folder, "--json", *arguments)))

    def test_texts_without_a_prompt(self):
        for strategy in ("ancestral", "first_hitting"):
            result = self.generate("--strategy", strategy, "--prompt", "", "--length", "20", "--steps", "8")
            self.assertEqual((result["prompt_tokens"], len(result["tokens"]), result["head_rows"]), (0, 20, 20))
            self.assertNotIn(130, result["tokens"])
            self.assertLessEqual(result["forward_passes"], 9)

    def test_texts_longer_than_the_positions(self):
        result = self.generate("--strategy", "ancestral", "--prompt", "ab", "--length", "70", "--stride", "12")
        self.assertEqual((result["prompt_tokens"], len(result["tokens"])), (2, 70))
        self.assertEqual(result["rows"], 37 * result["forward_passes"])

    def test_the_published_noise(self):
        result = self.generate("--strategy", "ancestral", "--prompt", "", "--length", "9", "--steps", "7",
                               "--compat-fp32-gumbel")
        self.assertEqual(len(result["tokens"]), 9)
        self.assertGreater(result["head_rows"], 9)

    def test_a_mask_has_no_text(self):
        self.assertEqual(self.succeed(unmask("tokenize", "-m", self.folder, "--decode", "64 130 65")),
                         self.succeed(unmask("tokenize", "-m", self.folder, "--decode", "64 65")))
        self.assertIn("mask 130, end none", self.succeed(unmask("info", self.folder)))
        lines = unmask("generate", "-m", self.folder, "--prompt", "", "--length", "5", "--watch").stderr
        self.assertIn("masks left", lines)


class OtherCommands(ProgramTest):
    def test_devices(self):
        devices = json.loads(self.succeed(unmask("devices", "--json")))["devices"]
        self.assertEqual([d["index"] for d in devices], list(range(len(devices))))
        self.assertRegex(devices[0]["uuid"], r"^[0-9a-f]{32}$")
        for feature in devices[0]["features"]:
            self.assertIsInstance(feature["used"], bool)
            self.assertTrue(feature["name"] and feature["reason"])
        text = self.succeed(unmask("devices"))
        for part in (devices[0]["name"], devices[0]["uuid"], devices[0]["driver"], "GiB"):
            self.assertIn(part, text)

    def test_info(self):
        info = json.loads(self.succeed(unmask("info", MODEL, "--json")))
        self.assertEqual((info["architecture"], info["layers"], info["vocabulary"]), ("llada", 2, VOCABULARY))
        self.assertEqual((info["mask_token"], info["end_token"]), (MASK, 637))
        self.assertEqual(info["parameters"], 2 * 648 * 32 + 32 + 2 * (2 * 32 + 4 * 32 * 32 + 3 * 32 * 48))
        self.assertTrue(info["tokenizer"] and info["chat"])
        self.assertIn("llada", self.succeed(unmask("info", MODEL)))

    def test_tokens_there_and_back(self):
        text = "Tom has 34 apples;  \u00e9\u4e2d\U0001f600"
        result = json.loads(self.succeed(unmask("tokenize", "-m", MODEL, text, "--json")))
        self.assertEqual(len(result["pieces"]), len(result["tokens"]))
        ids = self.succeed(unmask("tokenize", "-m", MODEL, "--ids", stdin=text))
        self.assertEqual(ids, " ".join(map(str, result["tokens"])) + "\n")
        self.assertEqual(self.succeed(unmask("tokenize", "-m", MODEL, "--decode", ids)), text + "\n")
        lines = self.succeed(unmask("tokenize", "-m", MODEL, "Tom has")).splitlines()
        self.assertEqual([json.loads(line.split(None, 1)[1]) for line in lines], ["Tom", " has"])

    def test_logits_are_a_numpy_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "logits.npy")
            self.succeed(unmask("logits", "-m", MODEL, "--tokens", f"1, 2 {MASK}", "--out", str(path)))
            self.assertEqual(os.listdir(folder), ["logits.npy"])
            data = path.read_bytes()
            self.assertEqual(data[:8], b"\x93NUMPY\x01\x00")
            length = struct.unpack("<H", data[8:10])[0]
            self.assertEqual((10 + length) % 64, 0)
            self.assertEqual(eval(data[10:10 + length]),
                             {"descr": "<f4", "fortran_order": False, "shape": (3, VOCABULARY)})
            logits = struct.unpack(f"<{3 * VOCABULARY}f", data[10 + length:])
            self.assertTrue(all(abs(x) < 1e3 for x in logits) and len(set(logits)) > VOCABULARY)

    def test_logits_leave_nothing_behind_on_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "logits.npy")
            self.fail_with(unmask("logits", "-m", MODEL, "--tokens", "99999", "--out", str(path)), 1, "99999")
            self.assertEqual(os.listdir(folder), [])
        self.fail_with(unmask("logits", "-m", MODEL, "--tokens", "1", "--out", "/nowhere/f.npy"), 1, "/nowhere/f.npy")

    def test_convert(self):
        with tempfile.TemporaryDirectory() as folder:
            for kind, smaller_than in ("f32", 1), ("f16", 0.6), ("q8_0", 0.5):
                path = str(Path(folder, f"tiny.{kind}.gguf"))
                output = self.succeed(unmask("convert", MODEL, path, "--type", kind))
                # The rows of 48 inputs are no whole number of blocks of 32.
                self.assertEqual("ffn_down.weight is f16" in output, kind == "q8_0", output)
                self.assertEqual([f for f in os.listdir(folder) if f.endswith(".part")], [])
                before, after = (json.loads(self.succeed(unmask("info", m, "--json"))) for m in (MODEL, path))
                self.assertLessEqual(after.pop("weight_bytes"), smaller_than * before.pop("weight_bytes"))
                self.assertEqual(after, before)
                texts = [self.succeed(unmask("generate", "-m", m, "--chat", "--prompt", "Tom has 3", *SHORT))
                         for m in (MODEL, path)]
                if kind == "f32":
                    self.assertEqual(texts[0], texts[1])

    def test_convert_refuses(self):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "tiny.gguf"))
            self.fail_with(unmask("convert", MODEL), 2, "DST")
            self.fail_with(unmask("convert", MODEL, path, "--type", "q3_k"), 1, "'q3_k' is not a data type")
            self.fail_with(unmask("convert", "/nowhere", path), 1, "/nowhere")
            self.fail_with(unmask("convert", MODEL, "/nowhere/tiny.gguf"), 1, "/nowhere/tiny.gguf")
            Path(path).write_bytes(b"GGUF")
            self.fail_with(unmask("info", path), 1, "truncated or damaged")
            self.assertEqual(os.listdir(folder), ["tiny.gguf"])

    def test_bench(self):
        small = "hidden=64,layers=1,heads=2,ffn=48,vocab=640,dtype=f16"
        result = json.loads(self.succeed(unmask("bench", "--synthetic", small, "--rows", "40", "--steps", "18",
                                                "--json")))
        self.assertEqual((result["rows"], result["steps"]), (40, 18))
        self.assertGreaterEqual(result["ms_median"], result["ms_min"])
        self.assertGreater(result["gflops"], 0)
        self.assertAlmostEqual(sum(k["share"] for k in result["kernels"]), 1, places=6)
        self.assertTrue(all(k["dispatches"] > 0 for k in result["kernels"]))
        self.assertEqual([m["dtype"] for m in result["matmul"]], ["f32", "f16"])
        self.assertTrue(all(m["gflops"] > 0 and m["textbook_gflops"] > 0 for m in result["matmul"]))
        text = self.succeed(unmask("bench", "--model", MODEL, "--rows", "40", "--steps", "2"))
        for part in ("ms at best", "host overhead", "GFLOP/s", "GB/s", "textbook", result["driver"]):
            self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main()
