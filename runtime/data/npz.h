// NumPy's .npz: a zip file of .npy members.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/data/array.h"

namespace kcc::runtime {

// `member` is the array's name as np.load shows it, without ".npy".
Result<Array> read_npz(const std::string& path, const std::string& member);

// Members stored uncompressed, as np.savez does, in the order given; atomic; the same arrays give the same bytes.
Status write_npz(const std::string& path, const std::vector<std::pair<std::string, Array>>& members);

}  // namespace kcc::runtime
