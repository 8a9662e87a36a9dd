// Named files: "-x FILE" for one, "-x NAME=FILE" for several; which file is for which input or output, with wrong,
// double and missing names found. Used by bind_data and sample_weights.
#pragma once

#include <string>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/files/result.h"

namespace kcc::runtime {

// One file of the command line: for which input or target, and how messages call it.
struct Source {
  std::string name;   // "" where the file was given without one
  std::string spec;   // the file, and which member of it
  std::string label;  // "x 'train.npy'"
};

struct LoadedSource {
  Source source;
  Array array;
};

// What a set of files is for: the program's inputs or its targets.
struct Slots {
  const char* kind;    // "input", "output"
  std::string option;  // "-x", "--validation-y"
  std::string label;   // "x", "validation y"
  std::vector<std::string> names;
};

// "NAME=FILE" or "FILE". A file's name may hold an equals sign, too: what stands before it is a NAME if the program
// knows it or if it cannot be a path's beginning.
Source parse_source(const std::string& text, const Slots& slots);
Result<std::vector<LoadedSource>> load_all(const std::vector<std::string>& texts, const Slots& slots);
// Which source feeds each name; null for a name without one.
Result<std::vector<const LoadedSource*>> match_some(const Slots& slots, const std::vector<LoadedSource>& sources);
// The same where every name needs a file.
Result<std::vector<const LoadedSource*>> match(const Slots& slots, const std::vector<LoadedSource>& sources);

// "(n, 28, 28, 1)"
std::string batched_shape(const int64_t* extents, int32_t rank);

}  // namespace kcc::runtime
