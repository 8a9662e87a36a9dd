#include "runtime/weights/hdf5_names.h"

#include <algorithm>

namespace kcc::runtime {
namespace {

constexpr size_t kMostBytes = 64512;  // Keras's HDF5_OBJECT_HEADER_LIMIT

}  // namespace

std::vector<std::string> read_names(const Hdf5Object& object, const std::string& attribute) {
  const auto find = [&](const std::string& key) -> const std::vector<std::string>* {
    const auto found = object.attributes.find(key);
    return found == object.attributes.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
  };
  if (const auto* whole = find(attribute)) return *whole;
  std::vector<std::string> names;
  for (int part = 0; const auto* list = find(attribute + std::to_string(part)); ++part)
    names.insert(names.end(), list->begin(), list->end());
  return names;
}

void write_names(Hdf5Object& object, const std::string& attribute, std::vector<std::string> names) {
  size_t longest = 1;  // all take as much room
  for (const std::string& name : names) longest = std::max(longest, name.size());
  const size_t most = std::max<size_t>(1, kMostBytes / longest);
  const size_t parts = (names.size() + most - 1) / most;
  if (parts <= 1) {
    object.attributes[attribute] = std::move(names);
    return;
  }
  // numpy.array_split: the first ones have one more.
  auto at = names.begin();
  for (size_t part = 0; part < parts; ++part) {
    const auto end = at + static_cast<int64_t>(names.size() / parts + (part < names.size() % parts));
    object.attributes[attribute + std::to_string(part)] = std::vector<std::string>(at, end);
    at = end;
  }
}

}  // namespace kcc::runtime
