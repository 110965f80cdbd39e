"""Builds the wheel against the installed library, installs it in a new virtual environment outside the repository, and
runs there the program that the README begins with. Prints the wheel's size.

    python wheel.py BUILD_FOLDER WORK_FOLDER
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def run(*command, **more):
    subprocess.run([str(part) for part in command], check=True, **more)


def build_wheel(build: Path, work: Path) -> Path:
    run("cmake", "--install", build, "--prefix", work / "installed", stdout=subprocess.DEVNULL)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", work, REPOSITORY / "bindings/python",
        "-C", "cmake.define.UNMASK_INSTALLED=ON", "-C", f"cmake.define.CMAKE_PREFIX_PATH={work / 'installed'}")
    return next(work.glob("unmask-*.whl"))


def readme_program() -> str:
    """The first Python program of the README."""
    return re.search(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]


def main(build: Path, work: Path):
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    wheel = build_wheel(build, work)
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as elsewhere:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        run(sys.executable, "-m", "venv", Path(elsewhere, "venv"))
        python = Path(elsewhere, "venv/bin/python")
        run(python, "-m", "pip", "install", "--quiet", wheel, env=environment)
        os.symlink(REPOSITORY / "examples", Path(elsewhere, "examples"))
        output = subprocess.run([python, "-c", readme_program()], check=True, capture_output=True, text=True,
                                cwd=elsewhere, env=environment).stdout
        print(output)
        assert "The answer is 7." in output


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
