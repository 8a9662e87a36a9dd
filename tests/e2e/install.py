"""`cmake --install`: the folder works after it was moved."""
import os
import re
import shutil
import tempfile
from pathlib import Path

import tools
from tools import Case, run

DIGITS = tools.ROOT / "examples" / "digits"


def install(prefix):
    """All of kcc's build folder that installs, into prefix."""
    done = run("cmake", "--install", tools.KCC.parent, "--prefix", prefix)
    assert done.returncode == 0, done.stdout + done.stderr


class Install(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="kcc-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        install(cls.home / "here")
        (cls.home / "here").rename(cls.home / "moved away")  # with a space, which scripts like to trip over
        cls.prefix = cls.home / "moved away"

    def test_everything_is_there(self):
        for path in ("bin/kcc", "lib/kcc/libkcc_runtime.a", "lib/kcc/libHalide.so", "lib/kcc/include/HalideRuntime.h",
                     "lib/cmake/kcc/kccConfig.cmake", "lib/cmake/kcc/kccConfigVersion.cmake",
                     "lib/cmake/kcc/kcc_add_model.cmake", "lib/pkgconfig/kcc.pc", "share/man/man1/kcc.1",
                     "share/bash-completion/completions/kcc", "share/fish/vendor_completions.d/kcc.fish",
                     "share/zsh/vendor-completions/_kcc", "share/doc/kcc/README.md", "share/doc/kcc/docs/ops.md"):
            self.assertTrue((self.prefix / path).is_file(), path)

    def test_nothing_leads_back_to_the_build(self):
        build = str(tools.KCC.parent).encode()
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.suffix not in (".a", ".so"):  # archives carry names in debug builds
                self.assertNotIn(build, path.read_bytes(), path)
        self.assertNotIn(build, run("ldd", self.prefix / "bin" / "kcc").stdout.encode())

    def test_the_moved_compiler_makes_programs_that_run(self):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        kcc = self.prefix / "bin" / "kcc"
        self.assert_works(run(kcc, DIGITS / "model.json", "-o", self.folder / "digits", env=environment))
        done = run(self.folder / "digits", "fit", "-x", DIGITS / "x_train.npy", "-y", DIGITS / "y_train.npy", "--epochs",
                   "3", "--seed", "1", "--save", "w.weights.h5", cwd=self.folder, env=environment)
        self.assert_works(done)
        done = run(self.folder / "digits", "evaluate", "-x", DIGITS / "x_test.npy", "-y", DIGITS / "y_test.npy",
                   "--weights", "w.weights.h5", "--json", cwd=self.folder, env=environment)
        self.assert_works(done)
        self.assertGreater(float(re.search(r'"accuracy": \[?([\d.]+)', done.stdout)[1]), 0.8)

    def test_a_link_to_the_compiler_is_enough(self):
        (self.folder / "kcc").symlink_to(self.prefix / "bin" / "kcc")
        done = run(self.folder / "kcc", DIGITS / "model.json", "-o", self.folder / "digits")
        self.assert_works(done)

    def test_pkg_config_knows_the_place(self):
        if not shutil.which("pkg-config"):
            self.skipTest("pkg-config is not installed")
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "lib" / "pkgconfig")}
        done = run("pkg-config", "--variable=compiler", "kcc", env=environment)
        self.assertTrue(Path(done.stdout.strip().replace("\\ ", " ")).samefile(self.prefix / "bin" / "kcc"), done.stdout)
