"""The program under test: UNMASK_PROGRAM, with UNMASK_TINY_MODEL, the folder of a tiny model with 2 layers and 648 tokens."""

import os
import subprocess
import unittest

PROGRAM, MODEL = os.environ["UNMASK_PROGRAM"], os.environ["UNMASK_TINY_MODEL"]
MASK, VOCABULARY = 638, 648
PROMISED = ["text", "tokens", "prompt_tokens", "forward_passes", "rows", "head_rows", "flops", "bytes_read_back",
            "seconds", "tokens_per_second", "device", "driver", "seed"]
SHORT = ["--length", "6", "--block", "3"]


def unmask(*arguments, stdin=""):
    return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, text=True, timeout=300)


def generate(*arguments, **more):
    return unmask("generate", "--model", MODEL, *arguments, **more)


class ProgramTest(unittest.TestCase):
    def succeed(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        return result.stdout

    def fail_with(self, result, code, pattern):
        """One sentence on stderr, nothing on stdout."""
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, pattern)
        self.assertTrue(result.stderr.startswith("unmask: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
