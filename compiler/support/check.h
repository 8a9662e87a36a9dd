// KCC_CHECK: our own mistakes, never the user's. Prints the condition and place and aborts, so that a wrong
// graph never becomes a wrong program. A user's mistake is a Diagnostic (diagnostics.h).
#pragma once

namespace kcc {
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* message);
}

#define KCC_CHECK(condition, message) \
  ((condition) ? void(0) : ::kcc::check_failed(#condition, __FILE__, __LINE__, message))
