// Who may include whom (docs: ARCHITECTURE). The folders are kept apart by this test, not by good intentions.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace kcc {
namespace {

namespace fs = std::filesystem;

struct Rule {
  const char* folder;                    // files below it
  std::vector<std::string> may_include;  // prefixes of project headers
};

// The driver (compiler/*.cpp itself) sees everything and has no rule.
const std::vector<Rule> kRules = {
    {"compiler/support", {"compiler/support/"}},
    {"compiler/ir",
     {"compiler/support/", "compiler/ir/", "compiler/ops/op.h"}},  // verify and print ask for rules and names
    {"compiler/ops", {"compiler/support/", "compiler/ir/", "compiler/ops/"}},
    {"compiler/passes", {"compiler/support/", "compiler/ir/", "compiler/ops/", "compiler/passes/"}},
    {"compiler/pages", {"compiler/pages/"}},
    {"compiler/bench", {"compiler/", "codegen/", "frontend/json.h", "runtime/cores.h"}},
    {"compiler/plot", {"compiler/ir/diagram.h", "compiler/plot/"}},
    {"frontend",
     {"compiler/support/", "compiler/ir/", "compiler/ops/", "compiler/passes/differentiate.h", "frontend/"}},
    {"codegen", {"compiler/support/", "compiler/ir/", "compiler/ops/", "codegen/"}},
    {"runtime", {"runtime/"}},
};

std::vector<std::string> project_includes(const fs::path& file) {
  std::vector<std::string> found;
  std::ifstream in(file);
  const std::regex include("^#include \"((compiler|frontend|codegen|runtime|tests)/[^\"]+)\"");
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (std::regex_search(line, match, include)) found.push_back(match[1]);
  }
  return found;
}

bool is_source(const fs::path& file) {
  return file.extension() == ".cpp" || file.extension() == ".h";
}

bool allowed(const std::string& header, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& p) { return header.rfind(p, 0) == 0; });
}

TEST(Includes, FlowOneWay) {
  const fs::path root = KCC_SOURCE_DIR;
  size_t files = 0;
  for (const Rule& rule : kRules) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / rule.folder)) {
      if (!is_source(entry.path())) continue;
      ++files;
      for (const std::string& header : project_includes(entry.path()))
        EXPECT_TRUE(allowed(header, rule.may_include)) << entry.path() << " includes " << header;
    }
  }
  EXPECT_GT(files, 50u);
}

TEST(Includes, OnlyCodegenKnowsHalide) {
  const fs::path root = KCC_SOURCE_DIR;
  for (const char* folder : {"compiler", "frontend", "runtime"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!is_source(entry.path())) continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);)
        EXPECT_TRUE(line.rfind("#include", 0) != 0 || line.find("Halide.h") == std::string::npos) << entry.path();
    }
  }
}

}  // namespace
}  // namespace kcc
