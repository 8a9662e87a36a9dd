// For tests/parity/weights_*.py: the runtime's readers and writers, driven from outside.
//
//   weights_tool copy TABLE IN OUT   loads IN into the states that TABLE describes and saves them as OUT. TABLE has a
//                                    line a state: type (f32, i32, u32), path in the file, name, extents
//   weights_tool array SPEC OUT.npy  loads an array as -x would, and writes it
//   weights_tool arrays OUT.npz SPEC...  the same for several, as members 0, 1, ...
//   weights_tool tree FILE           the paths, types and attributes of an HDF5 file
//   weights_tool rewrite IN OUT      an HDF5 file written again
//   weights_tool fuzz FILE ROUNDS    damages the file and reads it
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/data/load_array.h"
#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/weights_file.h"
#include "tests/runtime/weights/fuzz_hdf5.h"

namespace kcc::runtime {
namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return 1;
}

int finish(const Status& status) {
  return status ? 0 : fail(status.error());
}

// A hand-made program: only what weights need.
struct Table {
  std::deque<std::string> texts;
  std::deque<std::vector<int64_t>> shapes;
  std::vector<StateInfo> states;
  Program program{};

  explicit Table(const char* path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) add(line);
    program.states = states.data();
    program.state_count = static_cast<int32_t>(states.size());
  }

  void add(const std::string& line) {
    std::istringstream words(line);
    std::string type, place, name;
    words >> type >> place >> name;
    std::vector<int64_t>& shape =
        shapes.emplace_back(std::istream_iterator<int64_t>(words), std::istream_iterator<int64_t>());
    int64_t elements = 1;
    for (int64_t extent : shape) elements *= extent;
    const ElementType element = type == "f32"   ? ElementType::kF32
                                : type == "i32" ? ElementType::kI32
                                                : ElementType::kU32;
    const TensorInfo tensor{texts.emplace_back(name).c_str(), element, static_cast<int32_t>(shape.size()), shape.data(),
                            elements};
    states.push_back(
        {tensor, texts.emplace_back(place).c_str(), Role::kWeight, program.state_bytes, Fill::kConstant, 0, 0, -1});
    program.state_bytes += (elements * 4 + 63) / 64 * 64;
  }
};

int copy(const char* table_path, const char* in, const char* out) {
  const Table table(table_path);
  std::vector<char> state(static_cast<size_t>(table.program.state_bytes));
  const auto loaded = load_weights(table.program, in, true, state.data());
  if (!loaded) return fail(loaded.error());
  std::printf("optimizer %s %s\n", loaded->optimizer_restored ? "restored" : "left", loaded->optimizer_note.c_str());
  return finish(save_weights(table.program, out, state.data()));
}

int arrays(const char* out, char** specs, int count) {
  std::vector<std::pair<std::string, Array>> members;
  for (int i = 0; i < count; ++i) {
    auto array = load_array(specs[i]);
    if (!array) return fail(array.error());
    members.emplace_back(std::to_string(i), *array);
  }
  return finish(write_npz(out, members));
}

int array(const char* spec, const char* out) {
  auto loaded = load_array(spec);
  return loaded ? finish(write_npy(out, *loaded)) : fail(loaded.error());
}

int print_tree(const char* path) {
  const auto tree = read_hdf5(path);
  if (!tree) return fail(tree.error());
  for (const auto& [name, object] : *tree) {
    std::printf("/%s", name.c_str());
    if (object.dataset)
      std::printf(" %s %s", name_of(object.dataset->type), print_shape(object.dataset->shape).c_str());
    for (const auto& [key, attribute] : object.attributes) {
      const std::string* text = std::get_if<std::string>(&attribute);
      std::printf(" %s=%s", key.c_str(), text ? text->c_str() : "...");
    }
    std::printf("\n");
  }
  return 0;
}

int rewrite(const char* in, const char* out) {
  const auto tree = read_hdf5(in);
  return tree ? finish(write_hdf5(out, *tree)) : fail(tree.error());
}

int fuzz(const char* path, const char* rounds) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const FuzzCounts counts = fuzz_hdf5(bytes, std::atoll(rounds));
  std::printf("%lld read, %lld refused\n", static_cast<long long>(counts.read), static_cast<long long>(counts.refused));
  return 0;
}

int run(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "copy" && argc == 5) return copy(argv[2], argv[3], argv[4]);
  if (verb == "array" && argc == 4) return array(argv[2], argv[3]);
  if (verb == "arrays" && argc > 3) return arrays(argv[2], argv + 3, argc - 3);
  if (verb == "tree" && argc == 3) return print_tree(argv[2]);
  if (verb == "rewrite" && argc == 4) return rewrite(argv[2], argv[3]);
  if (verb == "fuzz" && argc == 4) return fuzz(argv[2], argv[3]);
  std::fprintf(stderr, "usage: see the file's head\n");
  return 2;
}

}  // namespace
}  // namespace kcc::runtime

int main(int argc, char** argv) {
  return kcc::runtime::run(argc, argv);
}
