"""Times the same models in kcc and its peers, in turns in one run on the same cores.

    python peers.py --kcc build/release/kcc [--zoo DIR] [--kind train,predict] [--models NAME,...] [--threads 1,2] ...

Writes peers.md and peers.json into the output folder after every model; --resume goes on where an earlier run stopped.
Every peer is a process of its own, warmed up and waiting while the others run. README.md in bench/ says what is counted.
"""
import argparse
import datetime
import json
import os
import platform
import time
from pathlib import Path

from building import HERE, compile_library, compile_trainer, convert, prepare, timed
from cases import DEFAULT_ZOO, builtin_cases, names_in, recurrent_cases
from registry import OURS, PEERS, command_of
from report import report
from turns import Worker, measure

SMALL = ["builtin_mlp_small", "builtin_mlp_large", "functional_784", "merge_add"]
SMALL_BATCHES = (1, 8, 32, 128)
HOPELESS = 2.5  # a peer this many times slower than the best on one thread cannot be the best on two


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "avx512": "avx512f" in info,
            "system": platform.platform(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")}


def models_of(options):
    """The names asked for: of models, of groups of them, or NAME@BATCH for another batch."""
    groups = {"zoo": lambda: names_in(options.zoo), "builtin": lambda: list(builtin_cases()),
              "recurrent": lambda: list(recurrent_cases()),
              "small": lambda: [f"{name}@{batch}" for name in SMALL for batch in SMALL_BATCHES]}
    names = [name for word in options.models.split(",") for name in groups.get(word, lambda: [word])()]
    left_out = options.skip.split(",")
    return [name for name in dict.fromkeys(names) if name not in left_out]


def left_out(key, text=""):
    return {"peer": key, "status": text or "left out", "version": ""}


class Run:
    """One invocation: its options and everything that was measured so far, on disk after each model."""

    def __init__(self, options):
        self.options, self.cores = options, sorted(os.sched_getaffinity(0))
        self.about, self.entries, self.file = machine(), [], options.out / "peers.json"
        if options.resume and self.file.exists():
            self.entries = json.loads(self.file.read_text())["entries"]

    def entry(self, kind, name, threads):
        return next((e for e in self.entries if (e["kind"], e["model"], e["threads"]) == (kind, name, threads)), None)

    def asked(self, kind):
        """kcc's keys first: they tell how much memory the model takes."""
        wanted = self.options.peers.split(",") if self.options.peers else None
        return [key for key, peer in PEERS[kind].items()
                if (key in wanted if wanted else peer.usual) and (self.options.kcc or not peer.ours)]

    def hopeless(self, kind, name, threads):
        """The peers that cannot be the best with more threads, from what they did on one."""
        one = self.entry(kind, name, 1)
        if self.options.everyone or threads == 1 or not one:
            return []
        times = {key: r["milliseconds"] for key, r in one["results"].items() if key not in OURS and "milliseconds" in r}
        return [key for key, time in times.items() if time > HOPELESS * min(times.values())]

    def one(self, kind, name, threads):
        options, folder = self.options, self.options.out / "cases" / name
        case = prepare(name, options.zoo, folder)
        results = {key: left_out(key) for key in self.asked(kind)}
        compiled, workers = None, []
        for key in results:
            peer = PEERS[kind][key]
            if key in self.hopeless(kind, name, threads):
                continue
            try:
                if peer.ours and compiled is None:
                    compiled = timed(compile_trainer if kind == "train" else compile_library, options.kcc, case, folder)
                if peer.form:
                    convert(folder, peer.form)
                workers.append(Worker(key, command_of(peer, case, folder, threads), self.cores[:threads],
                                      options.patience))
            except RuntimeError as error:
                results[key] = left_out(key, f"n/a: {error}")
        done = measure(workers, self.cores, threads, options.rounds, options.seconds, options.longest)
        results |= {result["peer"]: result for result in done}
        self.entries.append({"kind": kind, "model": name, "threads": threads, "compile_seconds": compiled,
                             "batch": case["batch"] if kind == "train" else case["rows"], "results": results})
        self.write()
        return results

    def write(self):
        unfinished = self.file.with_suffix(".part")
        unfinished.write_text(json.dumps({"machine": self.about, "entries": self.entries}, indent=1))
        unfinished.rename(self.file)
        (self.options.out / "peers.md").write_text(report(self.about, self.entries))


def line_of(results):
    return ", ".join(f"{key} {r['milliseconds']:.3g} ms" if "milliseconds" in r else f"{key} {r['status'][:60]}"
                     for key, r in results.items())


def parse():
    keys = {kind: ", ".join(key if peer.usual else f"({key})" for key, peer in PEERS[kind].items()) for kind in PEERS}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kcc", type=Path, help="the compiler; without it the peers alone")
    parser.add_argument("--zoo", type=Path, default=DEFAULT_ZOO, help="folder of seed_models.py (%(default)s)")
    parser.add_argument("--models", default="zoo,small",
                        help="names, NAME@BATCH, or zoo, small (at several batch sizes), recurrent, builtin; with commas "
                        "between them (%(default)s)")
    parser.add_argument("--skip", default="", help="models to leave out")
    parser.add_argument("--kind", default="train", help="train, predict or both with a comma (%(default)s)")
    parser.add_argument("--threads", default="1,2", help="(%(default)s)")
    parser.add_argument("--peers", default="", help=f"for train: {keys['train']}; for predict: {keys['predict']}; "
                        "those in brackets only when they are named")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each peer (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.4, help="a turn (%(default)s)")
    parser.add_argument("--longest", type=float, default=10,
                        help="seconds of turns after which a peer has no further one (%(default)s)")
    parser.add_argument("--patience", type=float, default=180, help="seconds to wait for a start or a turn (%(default)s)")
    parser.add_argument("--everyone", action="store_true", help="with more threads ask also who was far behind on one")
    parser.add_argument("--resume", action="store_true", help="go on with what is in the output folder")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "build" / "bench", help="folder of the results")
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
                if threads > len(whole.cores) or whole.entry(kind, name, threads):
                    continue
                began = time.perf_counter()
                results = whole.one(kind, name, threads)
                print(f"{name}, {kind}, {threads} thread(s): {line_of(results)} "
                      f"[{time.perf_counter() - began:.0f} s]", flush=True)
    print(f"\n{options.out / 'peers.md'}")


main()
