"""Words of six languages as rows of letters' numbers, out of Debian's word lists:

    apt-get install wamerican wfrench wngerman witalian wportuguese wspanish
    python make_data.py FOLDER            # x_train.npy y_train.npy x_test.npy y_test.npy
    python make_data.py FOLDER WORD...    # words.npy: these words, to predict
    python make_data.py --show FILE.npy WORD...   # a prediction in words
"""
import sys
from pathlib import Path

import numpy as np

LISTS = {"English": "american-english", "French": "french", "German": "ngerman", "Italian": "italian",
         "Portuguese": "portuguese", "Spanish": "spanish"}
ALPHABET = "abcdefghijklmnopqrstuvwxyzßàáâãäåæçèéêëìíîïñòóôõöøùúûüœ"  # 0 is padding
LENGTH = 16
WORDS = 10000  # of each language
HELD_OUT = 6000


def is_word(text):
    return 4 <= len(text) <= LENGTH and set(text) <= set(ALPHABET)


def read_words(name):
    lines = (Path("/usr/share/dict") / name).read_text(encoding="utf-8").split("\n")
    return {line.lower() for line in lines if is_word(line.lower())}


def encode(words):
    rows = np.zeros((len(words), LENGTH), "int32")
    for row, word in zip(rows, words):
        row[: len(word)] = [1 + ALPHABET.index(letter) for letter in word]
    return rows


def make_data(folder):
    lists = [read_words(name) for name in LISTS.values()]
    random = np.random.default_rng(0)
    words, labels = [], []
    for label, own in enumerate(lists):
        foreign = set().union(*(other for other in lists if other is not own))
        words += list(random.choice(sorted(own - foreign), WORDS, replace=False))
        labels += [label] * WORDS
    order = random.permutation(len(words))
    x, y = encode(words)[order], np.array(labels, "int32")[order]
    for name, rows in (("train", slice(HELD_OUT, None)), ("test", slice(HELD_OUT))):
        np.save(folder / f"x_{name}.npy", x[rows])
        np.save(folder / f"y_{name}.npy", y[rows])


def show(predictions, words):
    for word, row in zip(words, predictions):
        best = np.argsort(-row)[:2]
        print(f"{word:16}", ", ".join(f"{list(LISTS)[i]} {row[i]:.0%}" for i in best))


if __name__ == "__main__":
    where, *arguments = sys.argv[1:] or [""]
    if where == "--show":
        show(np.load(arguments[0]), arguments[1:])
    elif not where or where.startswith("-"):
        sys.exit(__doc__)
    elif arguments:
        if strange := [word for word in arguments if not is_word(word)]:
            sys.exit(f"4 to {LENGTH} letters of {ALPHABET}, not {', '.join(strange)}")
        np.save(Path(where) / "words.npy", encode(arguments))
    else:
        Path(where).mkdir(parents=True, exist_ok=True)
        make_data(Path(where))
