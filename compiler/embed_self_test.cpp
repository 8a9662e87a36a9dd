#include "compiler/embed_self_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/data/convert.h"
#include "runtime/data/npz.h"
#include "runtime/files/zip_reader.h"
#include "runtime/format.h"

namespace kcc {
namespace {

using runtime::Array;

constexpr int64_t kLargest = int64_t{64} << 20;  // bytes of members: a check, not a data set
constexpr size_t kAlignment = 64;

bool is_floating(runtime::DType type) {
  return type == runtime::DType::kF16 || type == runtime::DType::kBF16 || type == runtime::DType::kF32 ||
         type == runtime::DType::kF64;
}

class Reader {
 public:
  Reader(const Module& module, const std::string& file, Diagnostics& diagnostics)
      : module_(module), file_(file), diagnostics_(diagnostics) {}

  std::optional<SelfTestData> read() {
    if (!check_members()) return std::nullopt;
    for (const NamedType& input : module_.inputs) add(input, "input", "takes", &data_.layout.inputs);
    for (const NamedType& output : module_.outputs) add(output, "output", "gives", &data_.layout.expected);
    if (failed_ || !check_batch()) return std::nullopt;
    return std::move(data_);
  }

 private:
  bool fail(std::string message, const std::string& hint = "") {
    // Readers begin their messages with "FILE: " or "FILE:MEMBER: "; a diagnostic says the file by itself.
    if (message.rfind(file_ + ":", 0) == 0) message.erase(0, file_.size() + (message[file_.size() + 1] == ' ' ? 2 : 1));
    diagnostics_.error({file_}, message, hint);
    failed_ = true;
    return false;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const NamedType& input : module_.inputs) all.push_back(input.name);
    for (const NamedType& output : module_.outputs) all.push_back(output.name);
    return all;
  }

  std::string list_names() const {
    const auto list = [](const std::vector<NamedType>& items) {
      std::string text;
      for (const NamedType& item : items) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", item.name);
      return text;
    };
    return fmt::format("input {} and output {}", list(module_.inputs), list(module_.outputs));
  }

  // Each name has its member, each member its name, and together they are no larger than a check should be.
  bool check_members() {
    runtime::Result<runtime::ZipReader> zip = runtime::ZipReader::open(file_);
    if (!zip) return fail(zip.error().message);
    const std::vector<std::string> wanted = names();
    std::vector<std::string> there;
    int64_t bytes = 0;
    for (const std::string& member : zip->members()) {
      there.push_back(member.ends_with(".npy") ? member.substr(0, member.size() - 4) : member);
      if (std::find(wanted.begin(), wanted.end(), there.back()) == wanted.end())
        return fail(fmt::format("member '{}' is neither an input nor an output of the model, which has {}",
                                there.back(), list_names()),
                    did_you_mean(there.back(), wanted));
      runtime::Result<int64_t> size = zip->open_member(member);
      if (!size) return fail(size.error().message);
      bytes += std::min(*size, std::numeric_limits<int64_t>::max() - bytes);
    }
    for (const std::string& name : wanted) {
      if (std::find(there.begin(), there.end(), name) == there.end())
        return fail(fmt::format("there is no member '{}': expected {}", name, list_names()));
    }
    if (bytes <= kLargest) return true;
    return fail(fmt::format("holds {}, at most {} can be stored in a program", runtime::memory_size(bytes),
                            runtime::memory_size(kLargest)),
                "a few rows are enough to verify with");
  }

  void add(const NamedType& item, const char* kind, const char* verb, std::vector<int64_t>* offsets) {
    if (failed_) return;
    const runtime::Result<Array> array = runtime::read_npz(file_, item.name);
    if (!array) return void(fail(array.error().message));
    if (!check_shape(item, kind, verb, *array) || !check_type(item, kind, verb, *array)) return;
    const runtime::ElementType type = static_cast<runtime::ElementType>(item.type.dtype);
    data_.bytes.resize((data_.bytes.size() + kAlignment - 1) / kAlignment * kAlignment);
    offsets->push_back(static_cast<int64_t>(data_.bytes.size()));
    data_.bytes.resize(data_.bytes.size() + static_cast<size_t>(array->elements() * runtime::size_of(type)));
    runtime::convert_array(*array, type, data_.bytes.data() + offsets->back());
  }

  bool check_shape(const NamedType& item, const char* kind, const char* verb, const Array& array) {
    std::vector<int64_t> sample;
    std::string expected = "(n";
    for (size_t i = 1; i < item.type.shape.size(); ++i) {
      sample.push_back(item.type.shape[i].size);
      expected += fmt::format(", {}", sample.back());
    }
    expected += sample.empty() ? ",)" : ")";
    if (array.shape.empty() || !std::equal(array.shape.begin() + 1, array.shape.end(), sample.begin(), sample.end()))
      return fail(fmt::format("member '{0}' has shape {1}, but {2} '{0}' {3} {4}", item.name,
                              runtime::print_shape(array.shape), kind, verb, expected));
    if (array.rows() == 0) return fail(fmt::format("member '{}' has no rows", item.name));
    if (first_name_.empty()) first_name_ = item.name, data_.layout.rows = array.rows();
    if (array.rows() == data_.layout.rows) return true;
    return fail(fmt::format("member '{}' has {} rows, but '{}' has {}", item.name, array.rows(), first_name_,
                            data_.layout.rows));
  }

  // Inputs are read as predict reads them. What is expected must be what the output can be.
  bool check_type(const NamedType& item, const char* kind, const char* verb, const Array& array) {
    const runtime::ElementType type = static_cast<runtime::ElementType>(item.type.dtype);
    const bool is_output = data_.layout.inputs.size() == module_.inputs.size();
    const bool floats = is_floating(array.type), bools = array.type == runtime::DType::kBool;
    if (is_output && (floats != (type == runtime::ElementType::kF32) || bools != (type == runtime::ElementType::kBool)))
      return fail(fmt::format("member '{0}' is {1}, but {2} '{0}' {3} {4}", item.name, runtime::name_of(array.type),
                              kind, verb, runtime::name_of(type)));
    if (type != runtime::ElementType::kI32 && type != runtime::ElementType::kU32 && item.index_limit == 0) return true;
    const bool is_signed = type == runtime::ElementType::kI32;
    const int64_t lowest = is_signed && item.index_limit == 0 ? std::numeric_limits<int32_t>::min() : 0;
    const int64_t highest = item.index_limit > 0 ? item.index_limit - 1
                            : is_signed          ? std::numeric_limits<int32_t>::max()
                                                 : std::numeric_limits<uint32_t>::max();
    const runtime::Status status = runtime::check_integral(fmt::format("member '{}'", item.name), array, array.data, 0,
                                                           array.elements(), lowest, highest);
    return status ? true
                  : fail(fmt::format("{}; {} '{}' {} integers from {} to {}", status.error().message, kind, item.name,
                                     verb, lowest, highest));
  }

  // A model with memory runs batches of one size alone.
  bool check_batch() {
    const bool has_memory = std::any_of(module_.states.begin(), module_.states.end(),
                                        [](const State& state) { return state.role == StateRole::kMemory; });
    if (!has_memory || module_.fixed_batch == 0 || data_.layout.rows % module_.fixed_batch == 0) return true;
    return fail(fmt::format("has {} rows, but the model is stateful and runs batches of {} alone", data_.layout.rows,
                            module_.fixed_batch));
  }

  const Module& module_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  SelfTestData data_;
  std::string first_name_;
  bool failed_ = false;
};

}  // namespace

std::optional<SelfTestData> embed_self_test(const Module& module, const std::string& file, Diagnostics& diagnostics) {
  return Reader(module, file, diagnostics).read();
}

}  // namespace kcc
