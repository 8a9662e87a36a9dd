"""Times a training step of the same models in kcc and its peers, in turns in one run on the same cores.

    python peers.py --kcc build/release/kcc [--models mlp_small,...] [--threads 1,2] [--rounds 9] [--out DIR]

Writes table.md and results.json into DIR. Every framework is a process of its own, warmed up and waiting while the
others run; a round asks each in turn for as many steps as take about SECONDS. What counts is the median of rounds.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from models import MODELS

HERE = Path(__file__).resolve().parent
SECONDS = 0.7  # of one framework's turn


class Worker:
    def __init__(self, cores, *command):
        environment = dict(os.environ, OMP_NUM_THREADS=str(len(cores)), MKL_NUM_THREADS=str(len(cores)))
        self.process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), sys.executable, *map(str, command)], cwd=HERE, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        hello = self._answer()
        self.framework, self.version = hello["framework"], hello["version"]
        self.times, self.loss = [], None
        self.steps = 1
        while (seconds := self.ask(self.steps)) < SECONDS / 4:
            self.steps = max(2 * self.steps, int(self.steps * SECONDS / max(seconds, 1e-4) / 2))
        self.steps = max(1, round(self.steps * SECONDS / seconds))

    def _answer(self):
        while line := self.process.stdout.readline():
            if line.startswith("{"):
                return json.loads(line)
        raise SystemExit(f"a worker failed: {self.process.args}\n{self.process.stderr.read()[-3000:]}")

    def ask(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.loss = answer["loss"]
        return answer["seconds"]

    def turn(self):
        self.times.append(self.ask(self.steps) / self.steps)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compile_trainer(kcc, name, folder):
    model = folder / f"{name}.json"
    # TensorFlow talks while it is imported.
    subprocess.run([sys.executable, "keras_worker.py", name, "json", model], cwd=HERE, check=True,
                   stderr=subprocess.DEVNULL)
    subprocess.run([kcc, model, "-o", folder / name, "--batch-size", str(MODELS[name].batch)], check=True)
    return folder / name


def workers_for(name, cores, kcc, folder):
    commands = [["keras_worker.py", name, "nojit"], ["keras_worker.py", name, "jit"], ["jax_worker.py", name],
                ["torch_worker.py", name, "eager"], ["torch_worker.py", name, "compile"]]
    if kcc:
        commands.append(["kcc_worker.py", name, compile_trainer(kcc, name, folder)])
    return [Worker(cores, *command) for command in commands]


def measure(name, cores, kcc, folder, rounds):
    workers = workers_for(name, cores, kcc, folder)
    for _ in range(rounds):
        for worker in workers:
            worker.turn()
    for worker in workers:
        worker.close()
    return [{"model": name, "threads": len(cores), "framework": worker.framework, "version": worker.version,
             "milliseconds": 1000 * statistics.median(worker.times), "fastest": 1000 * min(worker.times),
             "slowest": 1000 * max(worker.times), "steps": worker.steps, "loss": worker.loss} for worker in workers]


def machine():
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": os.cpu_count(), "avx512": "avx512f" in info, "system": platform.platform(),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")}


def milliseconds(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def table(results, about):
    frameworks = list(dict.fromkeys(r["framework"] for r in results))
    peers = [framework for framework in frameworks if framework != "kcc"]
    lines = [f"Milliseconds for a training step (median), {about['cpu']}, {about['date']}.", "",
             "| model | threads | " + " | ".join(frameworks) + " | best peer / kcc |",
             "|---|---|" + "---|" * (len(frameworks) + 1)]
    for name, threads in dict.fromkeys((r["model"], r["threads"]) for r in results):
        row = {r["framework"]: r["milliseconds"] for r in results if (r["model"], r["threads"]) == (name, threads)}
        ratio = f"{min(row[p] for p in peers) / row['kcc']:.2f}" if "kcc" in row else ""
        cells = [milliseconds(row[framework]) for framework in frameworks]
        lines.append(f"| {MODELS[name].title} | {threads} | " + " | ".join(cells) + f" | {ratio} |")
    versions = dict.fromkeys(f"{r['framework']} {r['version']}" for r in results)
    return "\n".join([*lines, "", "Versions: " + "; ".join(versions) + "."]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kcc", type=Path, help="without it, the peers alone")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "build" / "bench")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cores = sorted(os.sched_getaffinity(0))
    results, about = [], machine()
    for name in options.models.split(","):
        for threads in map(int, options.threads.split(",")):
            print(f"peers: {MODELS[name].title}, {threads} thread(s)", flush=True)
            results += measure(name, cores[:threads], options.kcc and options.kcc.resolve(), options.out, options.rounds)
            (options.out / "results.json").write_text(json.dumps({"machine": about, "results": results}, indent=1))
            (options.out / "table.md").write_text(table(results, about))
    print(table(results, about), end="")


main()
