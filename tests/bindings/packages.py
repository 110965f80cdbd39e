"""The packages as others have them, in a folder outside the repository: installs one and runs the examples there.

    packages.py python BUILD_FOLDER WORK_FOLDER     a wheel made against the installed library, in a virtual environment
                                                    of its own; also runs the README's first Python program
    packages.py java BUILD_FOLDER WORK_FOLDER       a Maven project that depends on the jar in the local repository
    packages.py csharp BUILD_FOLDER WORK_FOLDER     a folder with the assembly and runtimes/<rid>/native
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
MODEL = EXAMPLES / "models/word-problems/verifier"
DRAFTER = EXAMPLES / "models/word-problems/drafter"
QUESTION = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?"
ANSWER = "The answer is 7."

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>example</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.unmask</groupId>
      <artifactId>unmask</artifactId>
      <version>0.1.0</version>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.11.0</version>
      </plugin>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-resources-plugin</artifactId>
        <version>3.3.1</version>
      </plugin>
    </plugins>
  </build>
</project>
"""


def run(*command, **more):
    subprocess.run([str(part) for part in command], check=True, **more)


def expect_answer(*command, **more):
    output = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **more).stdout
    print(output)
    assert ANSWER in output, command


def readme_program() -> str:
    """The first Python program of the README."""
    return re.search(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]


def test_python(build: Path, work: Path, elsewhere: Path):
    run("cmake", "--install", build, "--prefix", work / "installed", stdout=subprocess.DEVNULL)
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", work, REPOSITORY / "bindings/python",
        "-C", "cmake.define.UNMASK_INSTALLED=ON", "-C", f"cmake.define.CMAKE_PREFIX_PATH={work / 'installed'}")
    wheel = next(work.glob("unmask-*.whl"))
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")

    run(sys.executable, "-m", "venv", elsewhere / "venv")
    python = elsewhere / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", wheel)
    os.symlink(EXAMPLES, elsewhere / "examples")
    expect_answer(python, "-c", readme_program(), cwd=elsewhere)
    for example in ("generate", "stream", "compare_strategies"):
        expect_answer(python, EXAMPLES / f"python/{example}.py", MODEL, QUESTION, cwd=elsewhere)
    expect_answer(python, EXAMPLES / "python/draft_and_verify.py", MODEL, DRAFTER, QUESTION, cwd=elsewhere)
    expect_answer(python, EXAMPLES / "python/infill.py", MODEL, QUESTION, "3 + {} The answer is 7.", cwd=elsewhere)


def test_java(build: Path, work: Path, elsewhere: Path):
    maven = ["mvn", "--batch-mode", "--quiet"]
    run(*maven, "-f", REPOSITORY / "bindings/java/pom.xml", f"-Dnative.folder={build / 'bindings/java'}", "-DskipTests",
        "install")
    (elsewhere / "pom.xml").write_text(POM, encoding="utf-8")
    shutil.copytree(EXAMPLES / "java", elsewhere / "src/main/java")
    run(*maven, "compile", cwd=elsewhere)
    jar = Path.home() / ".m2/repository/org/unmask/unmask/0.1.0/unmask-0.1.0.jar"
    for example in ("Generate", "Stream"):
        expect_answer("java", "-cp", f"{elsewhere / 'target/classes'}:{jar}", example, MODEL, QUESTION, cwd=elsewhere)


def test_csharp(build: Path, work: Path, elsewhere: Path):
    shutil.copytree(build / "bindings/csharp/package", elsewhere, dirs_exist_ok=True)
    for example in ("Generate", "Stream"):
        run("mcs", f"-out:{elsewhere / example}.exe", f"-r:{elsewhere / 'Unmask.dll'}", EXAMPLES / f"csharp/{example}.cs")
        expect_answer("mono", elsewhere / f"{example}.exe", MODEL, QUESTION, cwd=elsewhere)


def main(language: str, build: str, work: str):
    shutil.rmtree(work, ignore_errors=True)
    Path(work).mkdir(parents=True)
    os.environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory() as elsewhere:
        test = {"python": test_python, "java": test_java, "csharp": test_csharp}[language]
        test(Path(build).resolve(), Path(work).resolve(), Path(elsewhere))


if __name__ == "__main__":
    main(*sys.argv[1:])
