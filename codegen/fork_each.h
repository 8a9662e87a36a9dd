// Work in processes of its own, several at a time. Kernels are compiled this way: Halide numbers names from global
// counters, so only a fresh process gives the same bytes whatever else was compiled and on how many cores; and a
// crash inside LLVM becomes a message.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kcc {

struct ForkResult {
  std::string output;   // what `work` returned
  std::string failure;  // "" or why there is no output: "ended by signal 11 (Segmentation fault)"
};

// Calls work(i) for i in [0, count), each in a child of the calling process, `jobs` at a time (0: as many as the process
// may use cores); results in order.
// The caller must be single-threaded.
std::vector<ForkResult> fork_each(size_t count, int jobs, const std::function<std::string(size_t)>& work);

}  // namespace kcc
