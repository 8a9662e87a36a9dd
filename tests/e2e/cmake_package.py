"""find_package(kcc) and kcc_add_model(), as a project uses them."""
import os
import shutil
import tempfile
from pathlib import Path

import install
import tools
from tools import Case, convnet, mlp, run

PROJECT = """cmake_minimum_required(VERSION 3.23)
project(app C CXX)
find_package(kcc REQUIRED)
kcc_add_model(alpha MODEL alpha.json LOSS mse METRIC mae OPTIMIZER "SGD(learning_rate=0.1, momentum=0.5)")
add_subdirectory(nested)
add_executable(app main.c)
target_link_libraries(app PRIVATE alpha beta)
add_executable(app_cpp main.cpp)
target_link_libraries(app_cpp PRIVATE alpha beta)
"""
NESTED = "kcc_add_model(beta MODEL ../beta.json NAME beta_net INFERENCE BATCH 1 OPTIONS -O1)\n"
MAIN_C = """#include <stdio.h>
#include "alpha.h"
#include "beta_net.h"
int main(void) { return printf("%s; %s\\n", alpha_version(), beta_net_version()) < 0; }
"""
MAIN_CPP = """#include <cstdio>
#include "alpha.hpp"
#include "beta_net.hpp"
int main() { return std::printf("%s; %s\\n", alpha_version(), beta_net_version()) < 0; }
"""


class CMakePackage(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="kcc-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        install.install(cls.home / "prefix")

    def setUp(self):
        super().setUp()
        self.write("CMakeLists.txt", PROJECT)
        (self.folder / "nested").mkdir()
        self.write("nested/CMakeLists.txt", NESTED)
        self.write("main.c", MAIN_C)
        self.write("main.cpp", MAIN_CPP)
        self.write("alpha.json", mlp())
        self.write("beta.json", convnet())

    def configure(self, *options, place="prefix"):
        return run("cmake", "-S", self.folder, "-B", self.folder / "build", f"-DCMAKE_PREFIX_PATH={self.home / place}",
                   *options)

    def build(self, *options):
        done = run("cmake", "--build", self.folder / "build", *options)
        self.assert_works(done)
        return done.stdout

    def libraries(self):
        return [self.folder / "build" / path for path in
                ("kcc/alpha/libalpha.a", "nested/kcc/beta/libbeta_net.a")]

    def check_project(self, *options):
        self.assert_works(self.configure(*options))
        self.build()
        for program in ("app", "app_cpp"):
            done = run(self.folder / "build" / program)
            self.assert_works(done)
            self.assertRegex(done.stdout, r"alpha.*; beta_net")
        self.assertNotIn("Compiling the model", self.build(), "nothing changed")
        alpha, beta = self.libraries()
        before = alpha.stat().st_mtime_ns, beta.stat().st_mtime_ns
        os.utime(self.folder / "alpha.json")
        self.assertIn("Compiling the model alpha.json", self.build())
        self.assertGreater(alpha.stat().st_mtime_ns, before[0])
        self.assertEqual(beta.stat().st_mtime_ns, before[1])
        # Other options, other library.
        self.write("nested/CMakeLists.txt", NESTED.replace("-O1", "-O2"))
        text = self.build()
        self.assertIn("Compiling the model beta.json", text)
        self.assertNotIn("Compiling the model alpha.json", text)

    def test_a_project_of_two_models_with_ninja(self):
        self.check_project("-GNinja", "-DCMAKE_BUILD_TYPE=Release")

    def test_a_project_of_two_models_with_make(self):
        self.check_project("-GUnix Makefiles", "-DCMAKE_BUILD_TYPE=Debug")

    def test_a_project_of_c_alone_in_several_configurations(self):
        self.write("CMakeLists.txt", PROJECT.replace(" CXX", "").split("add_executable(app_cpp")[0])
        self.assert_works(self.configure("-GNinja Multi-Config"))
        for configuration in ("Debug", "Release"):
            self.build("--config", configuration)
            self.assert_works(run(self.folder / "build" / configuration / "app"))

    def test_a_build_folder_serves_as_well(self):
        self.write("CMakeLists.txt", PROJECT.split("add_subdirectory")[0])
        self.assert_works(run("cmake", "-S", self.folder, "-B", self.folder / "build",
                              f"-Dkcc_DIR={tools.KCC.parent / 'package'}"))
        self.build("--target", "alpha-model")

    def refuse(self, call, *patterns):
        self.write("CMakeLists.txt", PROJECT.split("kcc_add_model")[0] + call)
        done = self.configure()
        self.assertNotEqual(done.returncode, 0)
        message = " ".join(done.stderr.split())
        for pattern in patterns:
            self.assertRegex(message, pattern)

    def test_mistakes_are_told_when_the_project_is_configured(self):
        self.refuse("kcc_add_model(a MODEL alpha.json INFERENC)", "unknown argument 'INFERENC'", "expected MODEL")
        self.refuse("kcc_add_model(a alpha.json)", "unknown argument 'alpha.json'")
        self.refuse("kcc_add_model(a)", "no model, expected MODEL FILE")
        self.refuse("kcc_add_model(a MODEL none.json)", "MODEL '.*none.json' is not there")
        self.refuse("kcc_add_model(a MODEL alpha.json WEIGHTS none.h5)", "WEIGHTS '.*none.h5' is not there")
        self.refuse("kcc_add_model(a MODEL alpha.json BATCH)", "nothing after BATCH")
        self.refuse("set(KCC_EXECUTABLE /none)\nkcc_add_model(a MODEL alpha.json)", "there is no kcc at '/none'")

    def test_what_the_compiler_refuses_stops_the_build(self):
        self.write("alpha.json", '{"class_name": "Sequential"}')
        self.assert_works(self.configure())
        done = run("cmake", "--build", self.folder / "build")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("alpha.json", done.stdout + done.stderr)
        self.assertFalse(self.libraries()[0].exists())

    def test_a_model_may_be_made_by_the_project(self):
        self.write("CMakeLists.txt", PROJECT.split("kcc_add_model")[0] + """
add_custom_command(OUTPUT made.json COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/alpha.json made.json)
kcc_add_model(made MODEL ${CMAKE_BINARY_DIR}/made.json)
""")
        self.assert_works(self.configure())
        self.build("--target", "made-model")
        self.assertTrue((self.folder / "build/kcc/made/libmade.a").exists())
