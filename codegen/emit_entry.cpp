#include "codegen/emit_entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "codegen/names.h"

namespace kcc {
namespace {

bool is_batched(const Type& type) {
  for (const Dim& dim : type.shape) {
    if (dim.batched) return true;
  }
  return false;
}

std::string extent(const Dim& dim) {
  if (!dim.batched) return fmt::format("{}", dim.size);
  return dim.size == 1 ? "B" : fmt::format("{} * B", dim.size);
}

const char* element_view(DType dtype) {
  static constexpr const char* kNames[] = {"f32", "i32", "u32", "boolean"};
  return kNames[static_cast<int>(dtype)];
}

std::string address(const TensorRef& ref) {
  if (ref.space == Space::kInput) return fmt::format("step.inputs[{}]", ref.index);
  if (ref.space == Space::kOutput) return fmt::format("step.outputs[{}]", ref.index);
  std::string text = ref.space == Space::kState ? "state" : "arena";
  if (ref.fixed_offset != 0) text += fmt::format(" + {}", ref.fixed_offset);
  if (ref.space == Space::kArena && ref.batch_offset != 0)
    text += fmt::format(" + {}", extent({ref.batch_offset, true}));
  return text;
}

class EntryWriter {
 public:
  EntryWriter(const EntryPlan& entry, const std::vector<Kernel>& kernels) : entry_(entry), kernels_(kernels) {
    // What kernel_call.h and the function itself call something.
    for (const char* name : {"step", "B", "state", "arena", "context", "flush", "error", "f32", "i32", "u32", "boolean",
                             "extents", "set_work", "kcc", "predict", "evaluate", "train"}) {
      scope_.add(name);
    }
    for (const Kernel& kernel : kernels) scope_.add(kernel.name);
  }

  std::string text() {
    std::string calls;
    for (const KernelCall& call : entry_.calls) calls += call_text(call);
    std::string head = fmt::format("int {}(const Step& step) {{\n", entry_.name);
    if (largest_ > 0) head += fmt::format("  if (step.batch > {}) return kBatchTooLarge;\n", INT32_MAX / largest_);
    head += "  const FlushDenormals flush;\n";
    if (uses_batch_) head += "  const int64_t B = step.batch;\n";
    if (uses_[Space::kState]) head += "  char* const state = step.state;\n";
    if (uses_[Space::kArena]) head += "  char* const arena = step.arena;\n";
    if (!entry_.calls.empty()) head += "  Context* const context = step.context;\n";
    return head + calls + "  return 0;\n}\n";
  }

 private:
  // What the call does as a comment, the views that it is the first to need, the call.
  std::string call_text(const KernelCall& call) {
    std::string views, arguments = "context";
    bool batched = false;
    for (const std::vector<TensorRef>* refs : {&call.inputs, &call.outputs}) {
      for (const TensorRef& ref : *refs) {
        arguments += ", " + view(ref, views);
        batched = batched || is_batched(ref.type);
      }
    }
    const int64_t work = std::llround(std::ceil(call.flops + call.bytes));
    return fmt::format("\n  // {}\n{}  set_work(context, {});\n  if (int error = {}({})) return error;\n",
                       comment_text(call.comment), views, extent({work, batched}),
                       kernels_[static_cast<size_t>(call.kernel)].name, arguments);
  }

  // The name of the operand's view; its definition is appended to `views` if this is the first use.
  std::string view(const TensorRef& ref, std::string& views) {
    for (const auto& [seen, name] : views_) {
      if (seen == ref) return name;
    }
    const std::string name = scope_.add(ref.name);
    views_.emplace_back(ref, name);
    uses_[ref.space] = true;
    uses_batch_ = uses_batch_ || is_batched(ref.type) || ref.batch_offset != 0;
    note_size(ref.type);
    views += fmt::format("  View<{}> {}({}, {}", ref.type.rank(), name, address(ref), element_view(ref.type.dtype));
    for (const Dim& dim : ref.type.shape) views += ", " + extent(dim);
    views += ");\n";
    return name;
  }

  // Kernels index with 32 bits: the batch is limited by the largest value that grows with it.
  void note_size(const Type& type) {
    if (is_batched(type)) largest_ = std::max(largest_, element_count(type.shape).size * size_of(type.dtype));
  }

  const EntryPlan& entry_;
  const std::vector<Kernel>& kernels_;
  Scope scope_;
  std::vector<std::pair<TensorRef, std::string>> views_;
  std::map<Space, bool> uses_;
  bool uses_batch_ = false;
  int64_t largest_ = 0;  // bytes a sample
};

}  // namespace

std::string emit_entry(const EntryPlan& entry, const std::vector<Kernel>& kernels) {
  return EntryWriter(entry, kernels).text();
}

}  // namespace kcc
