"""kcc plot: the graph of layers as a picture. tests/cases/plot holds what Keras's own model_to_dot makes of the same
models (record_plots.py)."""
import re
import shutil
import unittest
import xml.etree.ElementTree as xml

import tools
from tools import ROOT, Case, mlp, run

CASES = ROOT / "tests" / "cases" / "plot"
ALL = ["--show-shapes", "--show-dtype", "--show-layer-names", "--show-layer-activations", "--show-trainable",
       "--expand-nested"]
OPTIONS = {
    "plain": ["--no-show-shapes"],
    "shapes": [],
    "all": [*ALL, "--rankdir", "LR", "--dpi", "96"],
}
SVG = "{http://www.w3.org/2000/svg}"


def graph_of(dot):
    """What a .dot says, whatever its nodes are called and in which order they come."""
    settings, labels, places, edges, clusters = [], {}, [], [], []
    for line in dot.splitlines():
        if node := re.fullmatch(r"(\w+) \[label=(<.*>), fontname=Helvetica, border=0, margin=0\];", line):
            labels[node[1]] = node[2]
            places.append((node[2], tuple(clusters)))
        elif edge := re.fullmatch(r"(\w+) -> (\w+) \[penwidth=2\];", line):
            edges.append((edge[1], edge[2]))
        elif cluster := re.fullmatch(r'subgraph "?cluster_(\w+)"? \{', line):
            clusters.append(cluster[1])
        elif line == "}":
            clusters and clusters.pop()
        else:
            settings.append(line.replace('"', ""))
    return sorted(settings), sorted(places), sorted((labels[a], labels[b]) for a, b in edges)


class Plot(Case):
    def plot(self, model, name, *options, **more):
        return run(tools.KCC, "plot", model, "-o", self.folder / name, *options, **more)

    def test_dot_is_what_keras_makes(self):
        models = sorted(CASES.glob("*.json"))
        self.assertGreaterEqual(len(models), 4)
        for model in models:
            for name, options in OPTIONS.items():
                with self.subTest(model=model.stem, options=name):
                    self.assert_works(self.plot(model, "out.dot", *options))
                    seen = graph_of((self.folder / "out.dot").read_text())
                    expected = graph_of((CASES / f"{model.stem}.{name}.dot").read_text())
                    for what, a, b in zip(("settings", "nodes", "edges"), seen, expected):
                        self.assertEqual(a, b, what)

    def test_svg_shows_every_layer_without_overlap(self):
        for model in sorted(CASES.glob("*.json")):
            for direction in ("TB", "LR"):
                with self.subTest(model=model.stem, direction=direction):
                    self.assert_works(self.plot(model, "out.svg", *ALL, "--rankdir", direction))
                    picture = xml.parse(self.folder / "out.svg").getroot()
                    dot = graph_of((CASES / f"{model.stem}.all.dot").read_text())
                    outlines = [r for r in picture.iter(f"{SVG}rect") if r.get("fill") == "none"]
                    self.assertEqual(len(outlines), len(dot[1]))
                    boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in outlines]
                    for i, (x, y, w, h) in enumerate(boxes):
                        self.assertLessEqual(x + w, float(picture.get("width")))
                        self.assertLessEqual(y + h, float(picture.get("height")))
                        for x2, y2, w2, h2 in boxes[:i]:
                            apart = x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
                            self.assertTrue(apart, (boxes[i], (x2, y2, w2, h2)))

    def test_png_needs_graphviz(self):
        model = self.write("m.json", mlp())
        done = self.plot(model, "out.png", env={"PATH": str(self.folder)})
        self.assert_refused(done, "needs Graphviz, whose command 'dot' is not there", r"install it .* or write a \.svg")
        self.assertFalse((self.folder / "out.png").exists())
        fake = self.write("dot", "#!/bin/sh\n/bin/cat graph.dot > graph.png\n")
        fake.chmod(0o755)
        self.assert_works(self.plot(model, "out.png", env={"PATH": str(self.folder)}))
        self.assertIn("digraph", (self.folder / "out.png").read_text())
        fake.write_text("#!/bin/sh\necho no memory\nexit 3\n")
        shutil.copy(model, self.folder / "kept.png")
        done = self.plot(model, "kept.png", env={"PATH": str(self.folder)})
        self.assert_refused(done, r"'dot' failed \(exit status 3\)", "no memory")
        self.assertEqual((self.folder / "kept.png").read_bytes(), model.read_bytes())

    def test_wrong_usage_and_bad_models(self):
        model = self.write("m.json", mlp())
        self.assertEqual(self.plot(model, "out.gif").returncode, 2)
        self.assertRegex(self.plot(model, "out.gif").stderr, r"expected FILE\.svg, FILE\.dot or FILE\.png")
        self.assertEqual(self.plot(model, "out.svg", "--rankdir", "XX").returncode, 2)
        self.assert_refused(self.plot(model, "missing/out.svg"), "missing")
        self.assert_refused(self.plot(self.write("bad.json", "{"), "out.svg"), r"bad\.json")
        self.assert_works(run(tools.KCC, "plot", model, cwd=self.folder))
        self.assertTrue((self.folder / "model.svg").exists())


if __name__ == "__main__":
    unittest.main()
