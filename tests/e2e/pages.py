"""The manual page and the shells' completions: made from the options, so that they cannot be old."""
import re
import shutil
import subprocess
import unittest

import tools
from tools import Case, mlp, run


def page(name):
    done = run(tools.KCC, "generate", name)
    assert done.returncode == 0, done.stderr
    return done.stdout


def long_options(*command):
    return set(re.findall(r"(?<![\w-])--[a-z][\w-]+", run(tools.KCC, *command, "--help").stdout))


class Pages(Case):
    def test_all_options_are_on_the_manual_page(self):
        text = page("man").replace("\\-", "-")
        for command in ((), ("summary",), ("plot",), ("ops",)):
            for option in long_options(*command):
                self.assertIn(option, text)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_the_manual_page_has_no_mistakes(self):
        path = self.write("kcc.1", page("man"))
        done = run("groff", "-man", "-Tutf8", "-ww", "-z", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def complete(self, *words):
        """What bash offers for the last word of a line, split as bash splits it."""
        script = self.write("kcc.bash", page("bash"))
        line = " ".join(f"'{word}'" for word in words)
        done = subprocess.run(["bash", "-c", f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _kcc; "
                                             'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True,
                              cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split())

    def test_bash_completes_options_and_values(self):
        self.assertEqual(self.complete("kcc", "m.json", "--inf"), {"--inference"})
        self.assertEqual(self.complete("kcc", "m.json", "--color", "a"), {"auto", "always"})
        self.assertEqual(self.complete("kcc", "m.json", "--color", "=", "n"), {"never"})
        self.assertEqual(self.complete("kcc", "m.json", "--explain", "=", ""), {"fusion", "memory", "schedule"})
        self.assertLessEqual({"trainer", "plan", "c++"}, self.complete("kcc", "m.json", "--emit", "=", ""))
        self.assertEqual(self.complete("kcc", "plot", "m.json", "--rank"), {"--rankdir"})
        self.write("model.json", "{}")
        self.assertEqual(self.complete("kcc", "mod"), {"model.json"})
        self.assertEqual(self.complete("kcc", "summ"), {"summary"})
        self.assertEqual(self.complete("kcc", "gen"), set())  # for the build alone

    def test_all_options_are_completed(self):
        for shell in ("bash", "zsh", "fish"):
            text = page(shell)
            for option in long_options() | long_options("plot"):
                self.assertIn(option if shell != "fish" else f"-l {option[2:]} ", text + " ", shell)

    def test_every_value_that_is_offered_is_taken(self):
        model = self.write("m.json", mlp())
        for option, form in (("--target", "--emit=stmt"), ("--explain", "--emit=plan"), ("--color", "--emit=plan")):
            for value in self.complete("kcc", "m.json", option, ""):
                self.assert_works(run(tools.KCC, model, option, value, form))
        for value in self.complete("kcc", "m.json", "--emit", "") - {"trainer", "library", "shared"}:
            self.assert_works(run(tools.KCC, model, f"--emit={value}", "-o", self.folder / value))

    def test_flags_take_no_value(self):
        self.assertIn("\\-\\-inference\\fR\n", page("man"))
        self.assertIn("'--inference[leave out what only training needs]'", page("zsh"))
        self.assertIn("-l inference -d", page("fish"))
        self.assertIn("-l weights -r -d", page("fish"))

    def test_other_shells_read_theirs(self):
        for shell in ("zsh", "fish"):
            if shutil.which(shell):
                self.assert_works(run(shell, "-n", self.write("page", page(shell))))
