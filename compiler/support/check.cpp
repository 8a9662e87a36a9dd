#include "compiler/support/check.h"

#include <cstdio>
#include <cstdlib>

namespace kcc {

void check_failed(const char* condition, const char* file, int line, const char* message) {
  std::fprintf(stderr, "kcc: internal error: %s (%s) at %s:%d\nthis is a mistake in kcc, not in your model\n", message,
               condition, file, line);
  std::abort();
}

}  // namespace kcc
