"""Worker processes that wait their turn: started, warmed up, then asked in rounds for as many steps as fill a turn."""
import concurrent.futures
import json
import os
import queue
import selectors
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONG_STEP, LONG_TURN = 2, 5  # seconds: a step that is measured one at a time; the most that a turn is made to last
HEAVY_MIB = 1500  # a model whose trainer needs more is measured one peer after another: together they fill the memory


class Failure(Exception):
    """A peer that gave no answer; the text goes into the table."""


class Worker:
    """One peer at work on one model, with `threads` cores."""

    def __init__(self, key, command, cores, patience):
        self.key, self.cores = key, cores
        self.times, self.startup, self.peak_mib, self.version, self.loss = [], None, None, "", None
        self.status, self.steps, self.patience = "", 1, patience
        self.command, self.process = command, None

    def start(self, cores):
        """Starts the process on some cores and waits for its first finished step."""
        count = str(len(cores))
        environment = dict(os.environ, OMP_NUM_THREADS=count, MKL_NUM_THREADS=count, PYTHONWARNINGS="ignore")
        self.stderr = tempfile.TemporaryFile("w+")
        began = time.perf_counter()
        self.process = subprocess.Popen(["taskset", "-c", ",".join(map(str, cores)), *self.command], cwd=HERE,
                                        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr, start_new_session=True)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.buffer = b""
        answer = self.answer(self.patience)
        if "startup" in answer:  # the worker starts what is measured itself
            self.startup = answer["startup"]
            answer = self.answer(self.patience)
        else:
            self.startup = time.perf_counter() - began
        if "unsupported" in answer:
            raise Failure(f"n/a: {answer['unsupported']}")
        self.version = answer["version"]

    def answer(self, patience):
        """The next line of JSON; frameworks may print other lines."""
        end = time.perf_counter() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while True:
                line, found, rest = self.buffer.partition(b"\n")
                if found:
                    self.buffer = rest
                    if line.startswith(b"{"):
                        return json.loads(line)
                    continue
                left = end - time.perf_counter()
                if left <= 0 or not selector.select(left):
                    raise Failure(f"> {patience:.0f} s")
                read = self.process.stdout.read()
                if read == b"":
                    raise Failure(self.why_it_ended())
                self.buffer += read or b""

    def why_it_ended(self):
        status = self.process.wait()
        self.stderr.seek(0)
        lines = [line.strip() for line in self.stderr.read().splitlines() if line.strip()]
        return f"failed: {lines[-1][:200]}" if status >= 0 and lines else f"failed with status {status}"

    def ask(self, request, patience=None):
        self.process.stdin.write(f"{request}\n".encode())
        self.process.stdin.flush()
        return self.answer(patience or self.patience)

    def move(self, cores):
        """All threads of the process onto these cores."""
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                os.sched_setaffinity(int(thread), cores)
            except ProcessLookupError:
                pass

    def warm_up(self, seconds):
        """Finds how many steps fill a turn and make what a request costs by itself (a call of fit) a tenth of it."""
        steps, spent = 1, self.seconds_of(1)
        if spent > LONG_STEP:
            self.times.append(spent)
            return
        while True:
            more, before = 4 * steps, spent
            spent = self.seconds_of(more)
            step = max((spent - before) / (more - steps), spent / more / 100)
            if spent > LONG_STEP or (spent > seconds / 4 and step * more > spent / 4):
                break
            steps = more
        request = max(0.0, spent - more * step)
        self.steps = max(1, round(min(max(seconds, 10 * request), LONG_TURN) / step))

    def seconds_of(self, steps):
        answer = self.ask(steps)
        self.loss = answer["loss"]
        return answer["seconds"]

    def turn(self):
        self.times.append(self.seconds_of(self.steps) / self.steps)

    def close(self):
        if self.process is None:
            return
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, 9)  # what it started itself, torch.compile's helpers for one
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.stderr.close()

    def result(self):
        done = {"peer": self.key, "version": self.version, "status": self.status, "steps": self.steps,
                "startup_seconds": self.startup, "peak_mib": self.peak_mib, "loss": self.loss}
        if self.times and not self.status:
            done |= {"milliseconds": 1000 * statistics.median(self.times), "fastest": 1000 * min(self.times),
                     "slowest": 1000 * max(self.times), "rounds": len(self.times)}
        return done


def attempt(worker, what):
    """Runs `what` unless the worker has failed; a failure ends the worker alone."""
    if worker.status:
        return
    try:
        what()
    except Failure as failure:
        worker.status = str(failure)
    except (BrokenPipeError, ValueError) as error:
        worker.status = f"failed: {error}"
    if worker.status:
        worker.close()


def start_all(workers, lanes):
    """Starts the workers, as many at a time as there are lanes (disjoint sets of cores)."""
    free = queue.SimpleQueue()
    for lane in lanes:
        free.put(lane)

    def start(worker):
        lane = free.get()
        attempt(worker, lambda: worker.start(lane))
        free.put(lane)

    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(start, workers))


def lanes_of(cores, threads):
    return [cores[i:i + threads] for i in range(0, len(cores) - threads + 1, threads)]


def measure(workers, cores, threads, rounds, seconds, longest):
    """Every worker's results, in turns; the first is kcc's where it is asked. `longest`: seconds after which a worker gets no further turn."""
    lanes = lanes_of(cores, threads)
    own = lanes[0]
    start_all(workers[:1], lanes)
    attempt(workers[0], lambda: setattr(workers[0], "peak_mib", workers[0].ask("memory")["peak_mib"]))
    heavy = (workers[0].peak_mib or 0) > HEAVY_MIB
    groups = [[worker] for worker in workers] if heavy else [workers]
    for group in groups:
        start_all([worker for worker in group if worker.process is None], lanes)
        for worker in group:
            attempt(worker, lambda: worker.move(own))
            attempt(worker, lambda: worker.warm_up(seconds))
        spent = dict.fromkeys(group, 0.0)
        for _ in range(rounds):
            for worker in group:
                if spent[worker] < longest and not (worker.times and worker.times[-1] > longest):
                    began = time.perf_counter()
                    attempt(worker, worker.turn)
                    spent[worker] += time.perf_counter() - began
        for worker in group:
            attempt(worker, lambda: setattr(worker, "peak_mib", worker.ask("memory")["peak_mib"]))
            if not worker.status:
                worker.close()
    return [worker.result() | {"in_turns": not heavy} for worker in workers]
