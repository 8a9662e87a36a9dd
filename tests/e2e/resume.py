"""Runs that are killed, interrupted or run out of disk, and go on: with BackupAndRestore they end with the bits of a run
left alone, and nothing that was saved before is ever half written."""
import os
import random
import re
import resource
import signal
import subprocess
import time

import tools
from tools import TrainerCase, run

# The learning rate falls after epochs 4, 6 and 8, and after epoch 9 the weights of epoch 2 come back: a callback that
# forgets anything over a kill ends elsewhere.
CALLBACKS = ["ReduceLROnPlateau(monitor='loss', factor=0.8, patience=1, min_delta=0.03, cooldown=2)",
             "LearningRateScheduler(lambda epoch, lr: lr * 0.99)",
             "CSVLogger('log.csv')",
             "EarlyStopping(monitor='val_loss', patience=7, min_delta=0.001, restore_best_weights=True)",
             "ModelCheckpoint('best.weights.h5', monitor='val_loss', save_best_only=True, save_weights_only=True)"]
RESULTS = ["end.weights.h5", "history.json", "log.csv", "best.weights.h5"]


def backup(**options):
    return "BackupAndRestore('backup'" + "".join(f", {name}={value!r}" for name, value in options.items()) + ")"


def with_callbacks(*calls):
    return [part for call in calls for part in ("--callback", call)]


class Resume(TrainerCase):
    data = {"samples": 60}
    COMMON = ["--epochs", "30", "--batch-size", "8", "--seed", "5", "--learning-rate", "0.05", "--verbose", "0",
              "--threads", "1", "--validation-split", "0.2", "--save", "end.weights.h5", "--history", "history.json"]

    def command(self, *options):
        return [str(self.trainer), "fit", "-x", "x.npy", "-y", "y.npy", *self.COMMON, *options]

    def expected(self, *options):
        """What a run left alone writes; it removes its own traces."""
        self.assert_works(run(*self.command(*options), cwd=self.folder))
        results = {name: (self.folder / name).read_bytes() for name in RESULTS}
        for name in RESULTS:
            (self.folder / name).unlink()
        return results

    def assert_same_results(self, results):
        for name, content in results.items():
            self.assertEqual((self.folder / name).read_bytes(), content, name)

    def temporaries(self):
        return [path.name for path in self.folder.rglob("*.tmp")]

    def run_until_done(self, command, rng, longest):
        """Kills it after random times and starts it again until it ends by itself; how many kills there were, and how
        many of them hit a run that had begun to keep checkpoints."""
        late = 0
        for kills in range(1000):
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.wait(timeout=rng.uniform(0, longest))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            error = process.stderr.read().decode()
            process.stderr.close()
            if process.returncode != -signal.SIGKILL:
                self.assertEqual(process.returncode, 0, error)
                return kills, late
            late += any((self.folder / "backup").glob("latest*"))
            self.assertNotIn("error:", error)
        raise TimeoutError

    def test_killed_at_any_moment_it_ends_with_the_same_bits(self):
        """Hundreds of kills, at moments that also hit the saving of checkpoints and of the results."""
        kinds = [{}, {"save_freq": 1}, {"save_freq": 4, "double_checkpoint": True}, {"delete_checkpoint": False}]
        alone = self.expected(*with_callbacks(*CALLBACKS))
        rng, began = random.Random(1), time.time()
        runs, kills, late, longest = 0, 0, 0, 0.05
        while kills < 400 and time.time() - began < 40:
            options = rng.choice(kinds)
            command = self.command(*with_callbacks(*CALLBACKS, backup(**options)))
            try:
                counts = self.run_until_done(command, rng, longest)
            except TimeoutError:  # this machine needs longer from one checkpoint to the next
                longest *= 2
                continue
            runs, kills, late = runs + 1, kills + counts[0], late + counts[1]
            self.assert_same_results(alone)
            self.assertEqual((self.folder / "backup").exists(), "delete_checkpoint" in options)
            self.assertLessEqual(len(self.temporaries()), 4)  # one at most for each file that is written
            tools.shutil.rmtree(self.folder / "backup", ignore_errors=True)
            for name in RESULTS:
                (self.folder / name).unlink()
        print(f"{kills} kills in {runs} runs, {late} of them after the first checkpoint; {time.time() - began:.0f} s")
        self.assertGreaterEqual(late, 20)

    def test_ctrl_c_ends_after_the_batch_and_the_same_command_goes_on(self):
        calls = with_callbacks(*CALLBACKS, backup(save_freq=False))
        alone = self.expected(*with_callbacks(*CALLBACKS))
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            # A named pipe as standard output stops the run in its first line until it is read.
            os.mkfifo(self.folder / "pipe")
            process = subprocess.Popen(self.command(*calls, "--verbose", "2"), cwd=self.folder,
                                       stdout=os.open(self.folder / "pipe", os.O_RDWR), stderr=subprocess.PIPE)
            with open(self.folder / "pipe", "rb", buffering=0) as pipe:
                self.assertEqual(pipe.read(5), b"Epoch")
                process.send_signal(number)
                error = process.communicate(timeout=60)[1].decode()
            (self.folder / "pipe").unlink()
            if process.returncode == 0:
                continue  # it was quicker than the signal
            self.assertEqual(process.returncode, status, error)
            self.assertIn("interrupted", error)
            self.assertTrue((self.folder / "end.weights.h5").exists())
            self.assertTrue((self.folder / "backup" / "latest.weights.h5").exists())
            self.assert_works(run(*self.command(*calls), cwd=self.folder))
            self.assert_same_results(alone)
            self.assertFalse((self.folder / "backup").exists())

    def test_a_signal_within_the_validation_goes_on_with_the_metrics_of_the_epoch(self):
        """Nearly all of the run is validation, so that is where the signals come."""
        tools.write_data(self.folder, samples=4000)
        for name in ("x", "y"):
            (self.folder / f"{name}.npy").rename(self.folder / f"v{name}.npy")
        tools.write_data(self.folder, samples=16)
        command = [str(self.trainer), "fit", "-x", "x.npy", "-y", "y.npy", "--validation-x", "vx.npy", "--validation-y",
                   "vy.npy", "--batch-size", "1", "--epochs", "120", "--seed", "5", "--threads", "1", "--verbose", "0",
                   "--save", "end.weights.h5", "--history", "history.json",
                   *with_callbacks(backup(save_freq=False), "CSVLogger('log.csv')")]
        names = ["end.weights.h5", "history.json", "log.csv"]
        self.assert_works(run(*command, cwd=self.folder))
        alone = {name: (self.folder / name).read_bytes() for name in names}
        rng, interrupted = random.Random(2), 0
        for _ in range(100):
            process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE)
            try:
                process.wait(timeout=rng.uniform(0.01, 0.1))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
            error = process.communicate()[1].decode()
            if process.returncode == 0:
                break
            # Before the run catches signals it ends as any program does.
            self.assertIn(process.returncode, (143, -signal.SIGTERM), error)
            interrupted += process.returncode == 143
        else:
            self.assert_works(run(*command, cwd=self.folder))
        self.assert_same_results(alone)
        print(f"{interrupted} signals")

    def test_goes_on_with_more_epochs(self):
        calls = with_callbacks(backup(delete_checkpoint=False))
        self.assert_works(run(*self.command(*calls, "--epochs", "9"), cwd=self.folder))
        whole = {name: (self.folder / name).read_bytes() for name in RESULTS[:2]}
        tools.shutil.rmtree(self.folder / "backup")
        self.assert_works(run(*self.command(*calls, "--epochs", "4"), cwd=self.folder))
        done = run(*self.command(*calls, "--epochs", "9"), cwd=self.folder)
        self.assert_works(done)
        self.assertIn("going on from backup/latest.weights.h5, epoch 5", done.stderr)
        self.assert_same_results(whole)

    def test_without_a_seed_the_run_keeps_its_own(self):
        calls = with_callbacks(backup(delete_checkpoint=False))
        command = [part for part in self.command(*calls) if part not in ("--seed", "5")]
        self.assert_works(run(*command, "--epochs", "3", cwd=self.folder))
        tools.shutil.copytree(self.folder / "backup", self.folder / "copy")
        weights = []
        for _ in range(2):
            tools.shutil.rmtree(self.folder / "backup")
            tools.shutil.copytree(self.folder / "copy", self.folder / "backup")
            self.assert_works(run(*command, cwd=self.folder))
            weights.append((self.folder / "end.weights.h5").read_bytes())
        self.assertEqual(*weights)

    def test_refuses_to_go_on_with_another_run(self):
        calls = with_callbacks(backup(delete_checkpoint=False))
        self.assert_works(run(*self.command(*calls, "--epochs", "2"), cwd=self.folder))
        kept = (self.folder / "backup" / "latest.weights.h5").read_bytes()
        refuse = lambda pattern, *options: self.assert_refused(
            run(*self.command(*calls, *options), cwd=self.folder), "backup/latest.weights.h5: cannot go on", pattern,
            "remove it to begin anew")
        refuse("had --batch-size 8, this one has 16", "--batch-size", "16")
        refuse("had --seed 5, this one has 6", "--seed", "6")
        refuse("had --shuffle true, this one has batch", "--shuffle", "batch")
        refuse("had --learning-rate 0.05, this one has 0.5", "--learning-rate", "0.5")
        refuse("had the callbacks BackupAndRestore, .* has BackupAndRestore, TerminateOnNaN",
               "--callback", "TerminateOnNaN()")
        refuse("had the training data 48 samples .* has 54 samples", "--validation-split", "0.1")
        self.write("x.npy", tools.npy((60, 4), tools.numbers(240, seed=2)))
        refuse("had the training data 48 samples with checksum")
        other = tools.compile_to(self.folder, tools.sequential(
            ("Dense", {"units": 3, "activation": "softmax", "input_dim": 4}),
            loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"]))
        self.assert_refused(run(other, *self.command(*calls)[1:], cwd=self.folder), "the run in it had the model")
        self.assertEqual((self.folder / "backup" / "latest.weights.h5").read_bytes(), kept)

    def test_a_damaged_checkpoint_is_refused_or_the_one_before_serves(self):
        double = with_callbacks(*CALLBACKS, backup(double_checkpoint=True, delete_checkpoint=False))
        alone = self.expected(*with_callbacks(*CALLBACKS))
        self.assert_works(run(*self.command(*double, "--epochs", "5"), cwd=self.folder))
        latest = self.folder / "backup" / "latest.weights.h5"
        previous = self.folder / "backup" / "latest.weights.h5.bkp"
        whole, before = latest.read_bytes(), previous.read_bytes()
        rng = random.Random(3)
        for _ in range(60):
            broken = bytearray(whole)
            if rng.random() < 0.5:
                broken = broken[:rng.randrange(len(broken))]
            else:
                at = rng.randrange(len(broken))
                broken[at] ^= 1 << rng.randrange(8)
            latest.write_bytes(broken)
            previous.unlink(missing_ok=True)
            log = (self.folder / "log.csv").read_bytes()
            done = run(*self.command(*double, "--epochs", "5"), cwd=self.folder)
            (self.folder / "log.csv").write_bytes(log)
            # A bit that nobody reads (a gap, a time) may change; the values may not.
            self.assertIn(done.returncode, (0, 1))
            if done.returncode == 1:
                self.assert_refused(done, "latest.weights.h5")
        latest.write_bytes(whole[:len(whole) // 2])
        previous.write_bytes(before)
        done = run(*self.command(*double), cwd=self.folder)
        self.assert_works(done)
        self.assertIn("trying the one before", done.stderr)
        self.assert_same_results(alone)

    def test_weights_without_a_run_are_no_checkpoint(self):
        self.assert_works(self.fit("--save", "w.weights.h5"))
        (self.folder / "backup").mkdir()
        (self.folder / "w.weights.h5").rename(self.folder / "backup" / "latest.weights.h5")
        self.assert_refused(run(*self.command(*with_callbacks(backup())), cwd=self.folder),
                            "it has weights alone, no run to go on with")

    def test_a_checkpoint_serves_as_weights(self):
        self.assert_works(self.fit("--save", "w.weights.h5", *with_callbacks(backup(delete_checkpoint=False))))
        scores = [self.run_trainer("evaluate", "-x", "x.npy", "-y", "y.npy", "--json", "--weights", name).stdout
                  for name in ("w.weights.h5", "backup/latest.weights.h5")]
        self.assertIn("loss", scores[0])
        self.assertEqual(*scores)


class Faults(TrainerCase):
    """What the machine does to a run: a message with path and reason, and what was saved before stays whole."""

    def limited(self, bytes):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))

    def test_a_full_disk_ends_the_run_and_leaves_the_last_checkpoint(self):
        save = "ModelCheckpoint('ck/{epoch}.weights.h5', save_weights_only=True)"
        self.assert_works(self.fit("--no-save", *with_callbacks(save, backup(delete_checkpoint=False))))
        kept = {path: path.read_bytes() for path in self.folder.rglob("*.h5")}
        self.assertEqual(len(kept), 2)
        size = (self.folder / "ck" / "1.weights.h5").stat().st_size
        for calls, pattern in (([save], "ck/1.weights.h5: cannot write: File too large"),
                               ([backup(delete_checkpoint=False)], "backup/latest.weights.h5: cannot write: File too")):
            done = self.fit("--no-save", "--epochs", "3", *with_callbacks(*calls),
                            preexec_fn=self.limited(size // 2))
            if calls[0] != save:  # the callbacks differ from those of the run in the checkpoint
                self.assert_refused(done, "cannot go on from this checkpoint")
                for name in ("latest.weights.h5",):
                    (self.folder / "backup" / name).unlink()
                kept = {path: content for path, content in kept.items() if "backup" not in str(path)}
                done = self.fit("--no-save", "--epochs", "3", *with_callbacks(*calls),
                                preexec_fn=self.limited(size // 2))
            self.assert_refused(done, pattern)
            for path, content in kept.items():
                self.assertEqual(path.read_bytes(), content)
            self.assertEqual(list(self.folder.rglob("*.tmp")), [])

    def test_a_full_disk_leaves_whole_rows_in_the_log(self):
        done = self.fit("--no-save", "--epochs", "1000", "--verbose", "0", *with_callbacks("CSVLogger('log.csv')"),
                        preexec_fn=self.limited(2000))
        self.assert_refused(done, "CSVLogger: log.csv: cannot write: File too large")
        text = (self.folder / "log.csv").read_text()
        self.assertTrue(text.endswith("\n"))
        self.assertEqual({line.count(",") for line in text.splitlines()}, {4})

    def test_folders_that_cannot_be_written(self):
        self.write("file", "x")
        for call, pattern in (("ModelCheckpoint('file/{epoch}.weights.h5', save_weights_only=True)", "file/?: "),
                              ("BackupAndRestore('file')", "file: cannot make the folder: a file is in its place"),
                              ("BackupAndRestore('file/sub')", "file/sub: cannot make the folder: Not a directory"),
                              ("CSVLogger('none/log.csv')", "none/log.csv: cannot open: No such file")):
            self.assert_refused(self.fit("--no-save", "--callback", call), pattern)
        if os.geteuid() != 0:
            (self.folder / "sealed").mkdir(mode=0o500)
            for call in ("ModelCheckpoint('sealed/w.weights.h5', save_weights_only=True)",
                         "BackupAndRestore('sealed')", "CSVLogger('sealed/log.csv')"):
                self.assert_refused(self.fit("--no-save", "--callback", call), "sealed", "Permission denied")

    def test_data_that_changes_or_shrinks_under_the_run(self):
        for change, pattern in ((lambda path: os.utime(path), "x.npy: the file was changed while it was being read"),
                                (lambda path: os.truncate(path, 200), "x.npy: the file was (cut off|changed)")):
            # Large enough to leave pages that can be cut off.
            tools.write_data(self.folder, samples=70000)
            process = subprocess.Popen([str(self.trainer), "fit", "-x", "x.npy", "-y", "y.npy", "--epochs", "100000",
                                        "--batch-size", "512", "--no-save", "--callback",
                                        "BackupAndRestore('backup')"], cwd=self.folder,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.readline()
            process.stdout.readline()
            change(self.folder / "x.npy")
            _, error = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 1, error)
            self.assertRegex(error.decode(), pattern)
            tools.shutil.rmtree(self.folder / "backup", ignore_errors=True)

    def test_a_loss_that_is_no_number(self):
        values = tools.numbers(96)
        values[20] = float("nan")
        self.write("x.npy", tools.npy((24, 4), values))
        done = self.fit("--shuffle", "false", "--batch-size", "4", "--epochs", "3", "--history", "h.json", "--no-save",
                        "--callback", "TerminateOnNaN()")
        self.assert_works(done)
        self.assertIn("Batch 1: Invalid loss, terminating training\n", done.stdout)
        self.assertRegex((self.folder / "h.json").read_text(), re.escape('"loss": [NaN]'))
        done = self.fit("--shuffle", "false", "--batch-size", "4", "--no-save", "--callback", "TerminateOnNaN(True)")
        self.assert_refused(done, r"NaN or Inf loss encountered at batch 1. Loss value: nan. Terminating training "
                                  r"immediately\.")
