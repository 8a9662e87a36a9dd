"""What the documents point at is there, and what they quote is what is printed."""
import os
import re
import unittest
from pathlib import Path

import tools
from tools import TrainerCase


class Docs(unittest.TestCase):
    def test_links_lead_somewhere(self):
        pages = [tools.ROOT / "README.md", tools.ROOT / "ARCHITECTURE.md", *(tools.ROOT / "docs").glob("*.md")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            text = re.sub(r"(?ms)^```.*?^```|^    .*?$", "", page.read_text())  # code has brackets of its own
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((page.parent / target).exists())

    def test_the_index_has_every_page(self):
        index = (tools.ROOT / "docs" / "README.md").read_text()
        for page in (tools.ROOT / "docs").glob("*.md"):
            if page.name != "README.md":
                self.assertIn(f"({page.name})", index)

    def test_the_map_names_files_that_are_there(self):
        for path in re.findall(r"`((?:compiler|frontend|codegen|runtime|tests|scripts|cmake)/[\w./]*)`",
                               (tools.ROOT / "ARCHITECTURE.md").read_text()):
            with self.subTest(path=path):
                self.assertTrue((tools.ROOT / Path(path)).exists())


class TrainerPage(TrainerCase):
    def test_the_trainers_options_are_its_help(self):
        page = tools.ROOT / "docs" / "trainer.md"
        lines = "".join(f"    {line}".rstrip() + "\n" for line in self.run_trainer("--help").stdout.splitlines())
        before, after = page.read_text().split("<!-- trainer --help -->\n")[::2]
        marked = f"<!-- trainer --help -->\n{lines}<!-- trainer --help -->\n"
        if os.environ.get("KCC_UPDATE_GOLDEN"):
            page.write_text(before + marked + after)
        self.assertEqual(page.read_text(), before + marked + after)
