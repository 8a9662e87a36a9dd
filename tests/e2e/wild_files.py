"""Model files that people published (../shared/zoo/wild beside the repository): each compiles to a plan, or is refused
with a message that names the layer or the reason. docs/wild-models.md says which; what compiled must go on compiling.

KCC_UPDATE_GOLDEN=1 writes the table anew."""
import collections
import os
import re
import unittest

import tools
from tools import Case, ROOT, run

ZOO = ROOT.parent / "shared" / "zoo" / "wild"
TABLE = ROOT / "docs" / "wild-models.md"

# Sizes that a file leaves open besides the batch: given, as a user would.
OPEN = {
    "020_2.3.1_Sequential.json": "60",
    "027_2.0.6_Sequential.json": "60",
    "049_2.1.6_Model.json": "input_2=20,8002",
    "053_2.4.0_Model.json": "input_2=20",
}


def reason_of(path, done):
    """The first message, without the file's name and place."""
    line = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "no message"
    line = line.replace(str(path), "").removeprefix(":decoded")
    return re.sub(r"^(:\d+)*:? ?", "", line).replace("error: ", "").split("; ")[0]


def verdicts():
    """File -> "" or why not. Asserts that nothing crashes."""
    found = {}
    for path in sorted(ZOO.glob("*.json")):
        shape = [f"--input-shape={OPEN[path.name]}"] if path.name in OPEN else []
        done = run(tools.KCC, "--emit=plan", path, *shape, timeout=120)
        if done.returncode not in (0, 1) or (done.returncode == 1 and "error:" not in done.stderr):
            raise AssertionError(f"{path.name}: exit {done.returncode}\n{done.stderr[-2000:]}")
        found[path.name] = "" if done.returncode == 0 else reason_of(path, done)
    return found


def given(name):
    return f" with --input-shape={OPEN[name]}" if name in OPEN else ""


def table(found):
    compiled = sum(not reason for reason in found.values())
    kinds = collections.Counter(re.sub(r"^layer '.*?': ", "", reason) for reason in found.values() if reason)
    lines = ["# Models that people published", "",
             f"Of {len(found)} model files from public repositories (Keras 0.x to 3, some of TensorFlow.js), {compiled} "
             f"compile and",
             f"{len(found) - compiled} are refused, each for a stated reason. Written by",
             "`KCC_UPDATE_GOLDEN=1 python3 tests/e2e/run.py --kcc build/release/kcc wild_files`; the test fails where a",
             "model that compiled no longer does. `tests/parity/suites/published.py` compares predictions on random",
             "weights with real Keras 3, where that loads the file.", "",
             "| refused for | files |", "|---|---|"]
    lines += [f"| {kind} | {count} |" for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))]
    lines += ["", "| file | result |", "|---|---|"]
    lines += [f"| {name} | {reason or 'compiles' + given(name)} |" for name, reason in found.items()]
    return "\n".join(lines) + "\n"


@unittest.skipUnless(ZOO.is_dir(), f"no published models at {ZOO}")
class WildFiles(Case):
    def test_the_advice_about_bytecode_helps(self):
        path = ZOO / "002_1.x_Sequential.json"
        self.assert_refused(run(tools.KCC, "--emit=plan", path), r"Python bytecode", r"def lambda_1\(x\)")
        define = self.write("define.py", "def lambda_1(x):\n    return x / 127.5 - 1.0\n")
        self.assert_works(run(tools.KCC, "--emit=plan", path, "--define", define))

    def test_each_compiles_or_says_why_not(self):
        found = verdicts()
        text = table(found)
        if os.environ.get("KCC_UPDATE_GOLDEN"):
            TABLE.write_text(text)
        recorded = re.findall(r"^\| (\S+\.json) \| (.*) \|$", TABLE.read_text(), re.M)
        lost = {name: found.get(name) for name, result in recorded if result.startswith("compiles") and found.get(name) != ""}
        self.assertEqual(lost, {})
        gained = [name for name, result in recorded if not result.startswith("compiles") and found.get(name) == ""]
        if gained:
            print(f"compile now: {', '.join(gained)}; write {TABLE.name} anew with KCC_UPDATE_GOLDEN=1")
