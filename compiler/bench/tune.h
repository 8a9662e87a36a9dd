// tune: searches the numbers that schedules leave open (codegen/kernels/family.h, Choice) by measuring.
#pragma once

#include <vector>

#include "compiler/bench/timed_program.h"

namespace kcc {

// For `seconds` about: changes one number of each kernel that takes time, all kernels in one program, and runs it in
// turns with the program of the families' own numbers. What is then more than 3 % faster in a last comparison goes to
// the cache (codegen/tunings.h) and is what is returned: a tuning for each of the plan's kernels. Says on standard
// error how it goes. Empty after an error.
std::vector<Tuning> tune(const BenchSubject& subject, double seconds, int threads, Diagnostics& diagnostics);

}  // namespace kcc
