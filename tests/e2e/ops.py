"""What `kcc ops` lists, and that docs/ops.md is that list."""
import os

import tools
from tools import Case, run, sequential


class Ops(Case):
    def test_the_page_is_what_the_compiler_says(self):
        page = run(tools.KCC, "ops", "--markdown")
        self.assert_works(page)
        if os.environ.get("KCC_UPDATE_GOLDEN"):
            (tools.ROOT / "docs" / "ops.md").write_text(page.stdout)
        self.assertEqual((tools.ROOT / "docs" / "ops.md").read_text(), page.stdout,
                         "docs/ops.md is old: kcc ops --markdown -o docs/ops.md")

    def test_the_text_has_every_kind_and_fits_a_terminal(self):
        done = run(tools.KCC, "ops")
        self.assert_works(done)
        for part in ("Layers (", "Dense\n    units, use_bias=True", "Losses (", "Optimizers (", "mean_squared_error, also",
                     "EarlyStopping\n    monitor='val_loss'", "lora_rank is not supported yet"):
            self.assertIn(part, done.stdout)
        self.assertLessEqual(max(len(line) for line in done.stdout.splitlines() if line.startswith("    ")), 110)

    def test_what_is_listed_is_taken_and_what_is_not_is_refused(self):
        model = sequential(("Dense", {"units": 2, "input_dim": 3, "use_bias": False}))
        self.assert_works(run(tools.KCC, "summary", self.write("m.json", model)))
        model["config"]["layers"][0]["config"]["no_such_option"] = 1
        self.assert_refused(run(tools.KCC, "summary", self.write("m.json", model)), "no_such_option")

    def test_it_needs_no_model(self):
        self.assert_refused(run(tools.KCC, "ops", "--inference"), "--inference", status=2)

