#include <cstdio>

#include "compiler/compile.h"
#include "compiler/options.h"

int main(int argc, char** argv) {
  kcc::Options options;
  int status = 0;
  if (!kcc::parse_options(argc, argv, &options, &status)) return status;
  kcc::Diagnostics diagnostics;
  const bool good = kcc::compile(options, diagnostics);
  std::fputs(diagnostics.render(options.color).c_str(), stderr);
  return good && !diagnostics.has_errors() ? 0 : 1;
}
