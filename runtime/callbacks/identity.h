// Identity: what must be the same when a run goes on from a checkpoint, as pairs of a name and a text. Between a
// Training and checkpoint.h.
#pragma once

#include "runtime/files/result.h"
#include "runtime/training.h"

namespace kcc::runtime {

struct Identity {
  std::vector<std::string> names, values;

  void exchange(Record& record);
};

// Data is told by its shape and a checksum of its bytes: all of them where they are few, else blocks spread evenly, so
// that 40 GB are not read.
Identity identify(const Training& training);

// The first difference, as a sentence.
Status compare(const Identity& saved, const Identity& now);

}  // namespace kcc::runtime
