"""Model files that people published (../shared/zoo/wild beside the repository): each compiles to a plan, or is refused
with a message that names the layer or the reason. docs/wild-models.md says which; what compiled must go on compiling.

KCC_UPDATE_GOLDEN=1 writes the table anew."""
import collections
import os
import re
import unittest

import tools
from tools import ROOT, run

ZOO = ROOT.parent / "shared" / "zoo" / "wild"
TABLE = ROOT / "docs" / "wild-models.md"

# Sizes that a file leaves open besides the batch.
OPEN = {}


def reason_of(path, done):
    """The first message, without the file's name and place."""
    line = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "no message"
    line = line.replace(str(path), "").removeprefix(":decoded")
    return re.sub(r"^(:\d+)*:? ?", "", line).replace("error: ", "").split("; ")[0]


def verdicts():
    """File -> "" or why not. Asserts that nothing crashes."""
    found = {}
    for path in sorted(ZOO.glob("*.json")):
        done = run(tools.KCC, "--emit=plan", path, *OPEN.get(path.name, []), timeout=120)
        if done.returncode not in (0, 1) or (done.returncode == 1 and "error:" not in done.stderr):
            raise AssertionError(f"{path.name}: exit {done.returncode}\n{done.stderr[-2000:]}")
        found[path.name] = "" if done.returncode == 0 else reason_of(path, done)
    return found


def table(found):
    compiled = sum(not reason for reason in found.values())
    kinds = collections.Counter(re.sub(r"^layer '.*?': ", "", reason) for reason in found.values() if reason)
    lines = ["# Models that people published", "",
             f"Of {len(found)} model files from public repositories (Keras 0.x to 3, some of TensorFlow.js), {compiled} "
             f"compile and {len(found) - compiled} are refused, each for a stated reason. Written by",
             "`KCC_UPDATE_GOLDEN=1 python3 tests/e2e/run.py --kcc build/release/kcc wild_files`; the test fails where a",
             "model that compiled no longer does.", "",
             "| refused for | files |", "|---|---|"]
    lines += [f"| {kind} | {count} |" for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))]
    lines += ["", "| file | result |", "|---|---|"]
    lines += [f"| {name} | {reason or 'compiles'} |" for name, reason in found.items()]
    return "\n".join(lines) + "\n"


@unittest.skipUnless(ZOO.is_dir(), f"no published models at {ZOO}")
class WildFiles(unittest.TestCase):
    def test_each_compiles_or_says_why_not(self):
        found = verdicts()
        text = table(found)
        if os.environ.get("KCC_UPDATE_GOLDEN"):
            TABLE.write_text(text)
        recorded = re.findall(r"^\| (\S+\.json) \| (.*) \|$", TABLE.read_text(), re.M)
        lost = {name: found.get(name) for name, result in recorded if result == "compiles" and found.get(name) != ""}
        self.assertEqual(lost, {})
        gained = [name for name, result in recorded if result != "compiles" and found.get(name) == ""]
        if gained:
            print(f"compile now: {', '.join(gained)}; write {TABLE.name} anew with KCC_UPDATE_GOLDEN=1")
