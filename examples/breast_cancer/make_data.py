"""Makes train.csv and test.csv of this folder out of scikit-learn's copy of the data: python make_data.py."""
import csv
import gzip
import random
from pathlib import Path

HELD_OUT = 114  # a fifth
MEASURES = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
            "symmetry", "fractal_dimension"]
COLUMNS = [f"{kind}_{measure}" for kind in ("mean", "error", "worst") for measure in MEASURES]

here = Path(__file__).parent
with gzip.open(here / "breast_cancer.csv.gz", "rt") as file:
    rows = list(csv.reader(file))[1:]
# The file says 0 for malignant; the other way round a detected cancer is a positive.
rows = [[*row[:-1], str(1 - int(row[-1]))] for row in rows]
random.Random(0).shuffle(rows)
for name, part in (("train", rows[:-HELD_OUT]), ("test", rows[-HELD_OUT:])):
    with open(here / f"{name}.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([[*COLUMNS, "malignant"], *part])
