"""Times the same models in kcc and its peers, in turns in one run on the same cores.

    python peers.py --kcc build/release/kcc [--zoo DIR] [--kind train,predict] [--models NAME,...] [--threads 1,2] ...

Writes peers.md and peers.json into DIR after every model; --resume goes on where an earlier run stopped. Every peer is
a process of its own, warmed up and waiting while the others run. README.md beside this file says what is counted.
"""
import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cases import DEFAULT_ZOO, builtin_cases, names_in
from report import report
from turns import HERE, Worker, measure

ROOT = HERE.parents[1]
TRAINING = {  # key -> (heading, command; {} is the case's folder)
    "kcc": ("kcc", ["kcc_worker.py", "{}", "{}/trainer"]),
    "tf": ("Keras fit, TensorFlow", ["keras_worker.py", "{}", "tensorflow"]),
    "tf-jit": ("Keras fit, TensorFlow XLA", ["keras_worker.py", "{}", "tensorflow", "jit"]),
    "keras-jax": ("Keras fit, JAX", ["keras_worker.py", "{}", "jax"]),
    "keras-torch": ("Keras fit, PyTorch", ["keras_worker.py", "{}", "torch"]),
    "jax": ("JAX, jitted step", ["jax_worker.py", "{}"]),
    "torch": ("PyTorch eager", ["torch_worker.py", "{}", "eager"]),
    "torch-compile": ("torch.compile", ["torch_worker.py", "{}", "compile"]),
}
PEERS = {"train": TRAINING}
USUAL = {"train": ["kcc", "tf", "tf-jit", "jax", "torch", "torch-compile"]}
SMALL = ["builtin_mlp_small", "builtin_mlp_large", "functional_784", "merge_add"]
SMALL_BATCHES = (1, 8, 32, 128)
HOPELESS = 2.5  # a peer this many times slower than the best on one thread cannot be the best on two


def prepare(name, zoo, folder):
    """The case's folder, made once."""
    done = folder / ".prepared"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, HERE / "prepare.py", name, folder, zoo])
        done.touch()
    return json.loads((folder / "case.json").read_text())


def run(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=HERE)
    if done.returncode:
        raise SystemExit(f"peers: error: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")


def compile_trainer(kcc, case, folder):
    command = [kcc, folder / "model.json", "-o", folder / "trainer", "--batch-size", case["batch"]]
    if case["define"]:
        command += ["--define", folder / "define.py"]
    if case["sample_weight"] == "temporal":
        command += ["--sample-weight-mode", "temporal"]
    began = time.perf_counter()
    run(command)
    return time.perf_counter() - began


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "avx512": "avx512f" in info,
            "system": platform.platform(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")}


def models_of(options):
    """The names asked for: of models, `zoo`, `small` or `builtin` for all of a kind, NAME@BATCH for another batch."""
    names = []
    for name in options.models.split(","):
        names += {"zoo": lambda: names_in(options.zoo), "builtin": lambda: list(builtin_cases()),
                  "small": lambda: [f"{one}@{batch}" for one in SMALL for batch in SMALL_BATCHES]
                  }.get(name, lambda: [name])()
    left_out = options.skip.split(",")
    return [name for name in dict.fromkeys(names) if name not in left_out]


def promising(entries, kind, name, keys, threads, everyone):
    """The peers that may be the best with more threads, from what they did on one."""
    if everyone or threads == 1:
        return keys
    one = next((e["results"] for e in entries if (e["kind"], e["model"], e["threads"]) == (kind, name, 1)), {})
    times = {key: one[key]["milliseconds"] for key in keys if "milliseconds" in one.get(key, {}) and key != "kcc"}
    if not times:
        return keys
    return [key for key in keys if key == "kcc" or key not in one or times.get(key, 1e99) <= HOPELESS * min(times.values())]


class Run:
    """One invocation: its options and everything that was measured so far, on disk after each model."""

    def __init__(self, options):
        self.options, self.cores = options, sorted(os.sched_getaffinity(0))
        self.about, self.entries, self.file = machine(), [], options.out / "peers.json"
        self.titles = {kind: {key: title for key, (title, _) in peers.items()} for kind, peers in PEERS.items()}
        if options.resume and self.file.exists():
            self.entries = json.loads(self.file.read_text())["entries"]

    def has(self, kind, name, threads):
        return any((e["kind"], e["model"], e["threads"]) == (kind, name, threads) for e in self.entries)

    def one(self, kind, name, threads):
        options, folder = self.options, self.options.out / "cases" / name
        case = prepare(name, options.zoo, folder)
        asked = [key for key in (options.peers.split(",") if options.peers else USUAL[kind]) if key in PEERS[kind]]
        if options.kcc:
            compiled = compile_trainer(options.kcc, case, folder)
        else:
            compiled, asked = None, [key for key in asked if key != "kcc"]
        keys = promising(self.entries, kind, name, asked, threads, options.everyone)
        workers = [Worker(key, [part.replace("{}", str(folder)) for part in PEERS[kind][key][1]], self.cores[:threads],
                          options.patience) for key in keys]
        results = {r["peer"]: r for r in measure(workers, self.cores, threads, options.rounds, options.seconds,
                                                 options.longest)}
        for key in asked:
            results.setdefault(key, {"peer": key, "status": "left out", "version": ""})
        self.entries.append({"kind": kind, "model": name, "batch": case["batch"], "threads": threads,
                             "compile_seconds": compiled, "results": results})
        self.write()
        return results

    def write(self):
        unfinished = self.file.with_suffix(".part")
        unfinished.write_text(json.dumps({"machine": self.about, "entries": self.entries}, indent=1))
        unfinished.rename(self.file)
        (self.options.out / "peers.md").write_text(report(self.about, self.entries, self.titles))


def line_of(results):
    return ", ".join(f"{key} {r['milliseconds']:.3g} ms" if "milliseconds" in r else f"{key} {r['status'][:60]}"
                     for key, r in results.items())


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kcc", type=Path, help="the compiler; without it the peers alone")
    parser.add_argument("--zoo", type=Path, default=DEFAULT_ZOO, help="folder of seed_models.py (%(default)s)")
    parser.add_argument("--models", default="zoo,small",
                        help="zoo, builtin, small, names, NAME@BATCH; with commas between them (%(default)s)")
    parser.add_argument("--skip", default="", help="models to leave out")
    parser.add_argument("--kind", default="train", help="train, predict or both with a comma (%(default)s)")
    parser.add_argument("--threads", default="1,2", help="(%(default)s)")
    parser.add_argument("--peers", default="", help=f"of {', '.join(TRAINING)} (usually {', '.join(USUAL['train'])})")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each peer (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.4, help="a turn (%(default)s)")
    parser.add_argument("--longest", type=float, default=10, help="seconds after which a peer has no further turn (%(default)s)")
    parser.add_argument("--patience", type=float, default=180, help="seconds to wait for a start or a turn (%(default)s)")
    parser.add_argument("--everyone", action="store_true", help="with more threads ask also who was far behind on one")
    parser.add_argument("--resume", action="store_true", help="go on with what is in the output folder")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder of the results")
    options = parser.parse_args()
    options.zoo, options.out = options.zoo.resolve(), options.out.resolve()
    options.kcc = options.kcc and options.kcc.resolve()
    return options


def main():
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    whole = Run(options)
    for name in models_of(options):
        for kind in options.kind.split(","):
            for threads in map(int, options.threads.split(",")):
                if threads <= len(whole.cores) and not whole.has(kind, name, threads):
                    began = time.perf_counter()
                    results = whole.one(kind, name, threads)
                    print(f"{name}, {kind}, {threads} thread(s): {line_of(results)} "
                          f"[{time.perf_counter() - began:.0f} s]", flush=True)
    print(f"\n{options.out / 'peers.md'}")


main()
