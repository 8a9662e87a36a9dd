"""Peak memory of training: kcc's trainer beside Keras on TensorFlow, each in a process of its own.

    python memory.py --zoo DIR --kcc KCC --python PYTHON [--scale full] [NAME ...]

DIR holds seed_models.py; PYTHON has Keras and TensorFlow. Prints a Markdown row a model: MiB of resident memory at the
peak of one epoch over the model's data.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

KERAS = """
import sys
sys.path.insert(0, {zoo!r})
import seed_models, zoo
case = seed_models.SEEDS[{name!r}]
model = zoo.build(case, {scale!r})
data = zoo.make_data(case, model, {scale!r})
if {prepare}:
    zoo.save_model(model, {folder!r})
    zoo.save_data(model, data, {folder!r})
    print(data.batch, case.sample_weight)
    open({folder!r} + "/define.py", "w").write(case.define)
else:
    zoo.fit(model, data, 1)
"""


def peak(command, **options):
    """(MiB at the peak, standard output)"""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=subprocess.DEVNULL, **options)
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        return (usage.ru_maxrss / 1024 if status == 0 else None), out.read()


def inputs_of(folder, letter):
    files = sorted(folder.glob(f"{letter}-*.npy"))
    if len(files) == 1:
        return [f"-{letter}", files[0]]
    return [part for file in files for part in (f"-{letter}", f"{file.stem[2:]}={file}")]


def measure(name, options, folder):
    def keras(prepare):
        code = KERAS.format(zoo=str(options.zoo), name=name, scale=options.scale, folder=str(folder), prepare=prepare)
        return peak([options.python, "-c", code], env={**os.environ, "KERAS_BACKEND": "tensorflow"})

    _, text = keras(True)
    batch, *weights = text.split()
    flags = ["--sample-weight-mode", "temporal"] if weights == ["temporal"] else []
    if (folder / "define.py").stat().st_size:
        flags += ["--define", folder / "define.py"]
    subprocess.run([options.kcc, folder / "model.json", "-o", folder / "trainer", "--batch-size", batch, *flags],
                   check=True, stdout=subprocess.DEVNULL)
    ours, _ = peak([folder / "trainer", "fit", *inputs_of(folder, "x"), *inputs_of(folder, "y"), "--batch-size", batch,
                    "--no-save"])
    theirs, _ = keras(False)
    return ours, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoo", type=Path, required=True)
    parser.add_argument("--kcc", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--scale", choices=("small", "full"), default="full")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = options.names
    if not names:
        text = subprocess.run([options.python, options.zoo / "seed_models.py", "--list"], capture_output=True, text=True)
        names = [line.split()[0] for line in text.stdout.splitlines()]
    print("| model | kcc, MiB | Keras on TensorFlow, MiB | share |\n|---|---|---|---|", flush=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = measure(name, options, Path(folder))
        share = f"{ours / theirs:.2f}" if ours and theirs else ""
        text = lambda value: f"{value:.0f}" if value else "failed"
        print(f"| {name} | {text(ours)} | {text(theirs)} | {share} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
