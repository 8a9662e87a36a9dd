"""Programs for one and for several kinds of processors: what is in them, what they choose, what they refuse.

Older processors are those of qemu-x86_64 (Debian: qemu-user); where it is not there, those tests are skipped.
"""
import os
import re
import shutil
import struct

import tools
from tools import Case, compile_to, convnet, mlp, run

LEVELS = ("x86-64-v4", "x86-64-v3", "x86-64-v2")
MODELS = {"x86-64-v2": "Nehalem", "x86-64-v3": "Haswell"}  # qemu's names of processors; it has none with AVX-512


def cpu_level():
    """The highest level of this machine's processor, by Linux's own names."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        flags = next((set(line.split()) for line in file if line.startswith("flags")), set())
    if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
        return 4
    if {"avx2", "bmi1", "bmi2", "fma", "f16c", "abm", "movbe"} <= flags:
        return 3
    return 2


def here():
    """Of LEVELS those that this machine runs."""
    return [level for level in LEVELS if int(level[-1]) <= cpu_level()]


def instructions(program):
    """All of a program's mnemonics, and the names of the registers that they use."""
    text = run("objdump", "-d", "--no-show-raw-insn", program).stdout
    lines = [line.split("\t") for line in text.splitlines() if line.startswith(" ")]
    mnemonics = {parts[1].split()[0] for parts in lines if len(parts) > 1 and parts[1].split()}
    return mnemonics, set(re.findall(r"%([xyz]mm)", text))


def floats(path):
    data = path.read_bytes()
    body = data[10 + struct.unpack("<H", data[8:10])[0]:]
    return struct.unpack(f"<{len(body) // 4}f", body)


class Targets(Case):
    def setUp(self):
        super().setUp()
        tools.write_data(self.folder, samples=9, shape=(12, 12, 2))

    def compile(self, target, model=None):
        folder = self.folder / target
        folder.mkdir()
        return compile_to(folder, model or convnet(), f"--target={target}")

    def run_with(self, program, *arguments, target=None, cpu=None):
        """On this machine's processor, or on one of qemu's."""
        env = {**os.environ, **({"KCC_TARGET": target} if target else {})}
        start = ["qemu-x86_64", "-cpu", cpu] if cpu else []
        return run(*start, program, *arguments, cwd=self.folder, env=env)

    def weights(self, program):
        self.assert_works(self.run_with(program, "fit", "-x", "x.npy", "-y", "y.npy", "--seed", "1", "--save",
                                        "w.weights.h5"))

    def predict(self, program, **where):
        done = self.run_with(program, "predict", "-x", "x.npy", "--weights", "w.weights.h5", "-o", "p.npy", **where)
        self.assert_works(done)
        return floats(self.folder / "p.npy")


class One(Targets):
    def test_holds_its_own_instructions_alone(self):
        if not shutil.which("objdump"):
            self.skipTest("objdump is not installed (Debian: binutils)")
        for target, registers in (("x86-64-v2", {"xmm"}), ("x86-64-v3", {"xmm", "ymm"}),
                                  ("x86-64-v4", {"xmm", "ymm", "zmm"})):
            with self.subTest(target):
                mnemonics, used = instructions(self.compile(target))
                self.assertEqual(used, registers)
                avx = {name for name in mnemonics if name[0] == "v"} | mnemonics & {"shlx", "shrx", "andn", "rorx"}
                self.assertEqual(bool(avx), target != "x86-64-v2", avx)

    def test_runs_on_processors_of_its_level(self):
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-x86_64 is not installed (Debian: qemu-user)")
        for target in (level for level in here() if level in MODELS):
            with self.subTest(target):
                program = self.compile(target)
                self.weights(program)
                self.assertEqual(self.predict(program), self.predict(program, cpu=MODELS[target]))

    def test_refuses_processors_below_its_level(self):
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-x86_64 is not installed (Debian: qemu-user)")
        for target, says in (("x86-64-v3", "AVX2"), ("x86-64-v4", "AVX-512")):
            with self.subTest(target):
                program = self.compile(target, mlp())
                done = self.run_with(program, "predict", "-x", "x.npy", "-o", "p.npy", cpu="Nehalem")
                self.assert_refused(done, rf"error: this program needs a processor with {says} \({target}\), this one "
                                          rf"has SSE4.2 \(x86-64-v2\); compile it with --target={target},x86-64-v2")
                for harmless in (["--help"], ["--version", "-v"], ["summary"]):
                    self.assert_works(self.run_with(program, *harmless, cpu="Nehalem"))

    def test_host_says_what_it_is_for(self):
        program = compile_to(self.folder, mlp())
        self.assertRegex(run(program, "--version", "-v").stdout, r"\nkernels for host\nprocessor: x86-64")
        self.assertEqual(len(run(program, "--version").stdout.splitlines()), 1)


class Several(Targets):
    def test_choose_the_best_that_runs(self):
        program = self.compile(",".join(reversed(LEVELS)))
        self.weights(program)
        results = {None: self.predict(program)}
        for level in here():
            results[level] = self.predict(program, target=level)
            version = self.run_with(program, "--version", "-v", target=level).stdout
            self.assertIn(f"\nkernels for {level}\n", version)
            others = ", ".join(other for other in LEVELS if other != level)
            self.assertIn(f"\nnot used here: kernels for {others}\n", version)
        self.assertEqual(results[None], results[here()[0]])
        for values in results.values():  # not the same bits: other sums, in another order
            self.assertEqual(len(values), 27)
            self.assertLess(max(abs(a - b) for a, b in zip(values, results[None])), 1e-5)
        if shutil.which("qemu-x86_64"):
            for level in (level for level in here() if level in MODELS):
                self.assertEqual(results[level], self.predict(program, cpu=MODELS[level]))

    def test_compute_as_programs_for_one(self):
        several = self.compile("x86-64-v3,x86-64-v2")
        self.weights(several)
        for level in (level for level in here() if level != "x86-64-v4"):
            self.assertEqual(self.predict(several, target=level), self.predict(self.compile(level)))

    def test_choice_may_be_lowered_but_not_invented(self):
        program = self.compile("x86-64-v2,x86-64-v3", mlp())
        for target, message in (("x86-64-v4", "but this program was compiled for x86-64-v3, x86-64-v2"),
                                ("nonsense", "KCC_TARGET is 'nonsense', but this program was compiled for ")):
            done = self.run_with(program, "predict", "-x", "x.npy", "-o", "p.npy", target=target)
            self.assert_refused(done, message)
        if shutil.which("qemu-x86_64"):
            done = self.run_with(program, "predict", "-x", "x.npy", "-o", "p.npy", target="x86-64-v3", cpu="Nehalem")
            self.assert_refused(done, "KCC_TARGET is 'x86-64-v3', which needs a processor with AVX2")

    def test_share_the_cache_with_single_ones(self):
        model = self.write("model.json", mlp())
        compiled = lambda target: run(tools.KCC, model, "-o", self.folder / "t", "--cache", self.folder / "cache",
                                      f"--target={target}", "--explain=schedule").stdout.splitlines()
        first = compiled("x86-64-v2")
        self.assertFalse([line for line in first if "(cache)" in line])
        both = compiled("x86-64-v2,x86-64-v3")
        self.assertEqual(len(both), 2 * len(first))
        for line in both:
            self.assertEqual("(cache)" in line, "_x86_64_v2 " in line, line)

    def test_same_input_same_bytes(self):
        model = self.write("model.json", mlp())
        programs = []
        for jobs, target in (("1", "x86-64-v2,x86-64-v3"), ("3", "x86-64-v3,x86-64-v2")):
            self.assert_works(run(tools.KCC, model, "-o", self.folder / "t", "--no-cache", "-j", jobs,
                                  f"--target={target}"))
            programs.append((self.folder / "t").read_bytes())
        self.assertEqual(*programs)


class Refusals(Case):
    def test_lists_are_refused(self):
        model = self.write("model.json", mlp())
        for target, message in (("x86-64-v5", "unknown target 'x86-64-v5', expected one of 'host', .*did you mean"),
                                ("x86-64-v2,", "unknown target ''"),
                                ("host,host", "target 'host' is named twice"),
                                ("arm-64-linux,host", "'arm-64-linux' and 'host' are of different kinds"),
                                ("arm-64-linux", "a program for arm-64-linux cannot be linked on this machine")):
            with self.subTest(target):
                self.assert_refused(run(tools.KCC, model, "-o", self.folder / "t", f"--target={target}"), message)
                self.assertFalse((self.folder / "t").exists())


class Text(Case):
    def test_assembly_of_arm_is_shown(self):
        model = self.write("model.json", convnet())
        text = run(tools.KCC, model, "--emit=asm", "--target=arm-64-linux").stdout
        self.assertRegex(text, r"\tfmla\tv\d+\.4s, v\d+\.4s")
        self.assertNotRegex(text, r"%[xyz]mm")

    def test_assembly_is_shown_for_each(self):
        model = self.write("model.json", mlp())
        text = run(tools.KCC, model, "--emit=asm", "--target=x86-64-v2,x86-64-v4").stdout
        heads = re.findall(r"^# ---- \w+?(_x86_64_v\d): ", text, re.MULTILINE)
        self.assertEqual(heads[:2], ["_x86_64_v4", "_x86_64_v2"])
        self.assertEqual(heads.count("_x86_64_v4"), heads.count("_x86_64_v2"))


class Libraries(Case):
    PROGRAM = """
#include <stdio.h>
#include "net.h"
int main(void) {
  net_model* model;
  const float x[4] = {1, 2, 3, 4};
  float y[3] = {0, 0, 0};
  int status = net_create(&model, NULL);
  if (status == 0) status = net_predict(model, 1, x, y);
  printf("%.4f %.4f %.4f\\n", y[0], y[1], y[2]);
  return status;
}
"""

    def build(self, target):
        folder = self.folder / target
        self.assert_works(run(tools.KCC, self.write("model.json", mlp()), "--emit=library", "--name", "net", "-o", folder,
                              f"--target={target}"))
        source = self.write("main.c", self.PROGRAM)
        self.assert_works(run("cc", f"-I{folder}", source, folder / "libnet.a", "-lm", "-pthread", "-o", folder / "main"))
        return folder / "main"

    def test_choose_or_refuse(self):
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-x86_64 is not installed (Debian: qemu-user)")
        nehalem = lambda program: run("qemu-x86_64", "-cpu", "Nehalem", program)
        one, several = self.build("x86-64-v3"), self.build("x86-64-v3,x86-64-v2")
        self.assertEqual(nehalem(one).returncode, 5)  # NET_UNSUPPORTED
        self.assertEqual(nehalem(several).returncode, 0)
        self.assertEqual(nehalem(several).stdout, run(several).stdout)
