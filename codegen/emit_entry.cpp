#include "codegen/emit_entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

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

// "t", "(t + 1) % 2"
std::string slot(const Stride& stride) {
  if (stride.ring == 0) return "t";
  return stride.shift == 0 ? fmt::format("t % {}", stride.ring)
                           : fmt::format("(t + {}) % {}", stride.shift, stride.ring);
}

std::string address(const TensorRef& ref) {
  const bool table = ref.space == Space::kInput || ref.space == Space::kOutput;
  std::string text = ref.space == Space::kState ? "state" : "arena";
  if (table) text = fmt::format("step.{}[{}]", ref.space == Space::kInput ? "inputs" : "outputs", ref.index);
  if (table && !ref.stride.moves()) return text;
  if (table) text = fmt::format("static_cast<const char*>({})", text);
  if (!table && ref.fixed_offset != 0) text += fmt::format(" + {}", ref.fixed_offset);
  if (ref.space == Space::kArena && ref.batch_offset != 0)
    text += fmt::format(" + {}", extent({ref.batch_offset, true}));
  const Stride& stride = ref.stride;
  const std::string times = stride.ring == 0 ? slot(stride) : fmt::format("({})", slot(stride));
  if (stride.fixed != 0) text += fmt::format(" + {} * {}", stride.fixed, times);
  if (stride.batch != 0) text += fmt::format(" + {} * {}", extent({stride.batch, true}), times);
  return text;
}

class EntryWriter {
 public:
  // `functions`: the kernels as C++; null: they are objects.
  EntryWriter(const EntryPlan& entry, const std::vector<Kernel>& kernels,
              const std::vector<cpp::KernelFunction>* functions, int64_t first_timed)
      : entry_(entry), kernels_(kernels), functions_(functions) {
    for (const KernelCall* call : calls_of(entry))
      if (first_timed >= 0) timed_[call] = first_timed++;
    // What kernel_call.h and the function itself call something.
    for (const char* name : {"step",     "B",     "state",       "arena",   "context",  "flush",  "error",   "f32",
                             "i32",      "u32",   "boolean",     "extents", "set_work", "kcc",    "predict", "at",
                             "evaluate", "train", "train_share", "report",  "t",        "any_of", "Summand", "scratch"}) {
      scope_.add(name);
    }
    for (const Kernel& kernel : kernels) scope_.add(kernel.name);
  }

  std::string text() {
    std::string steps;
    for (const PlanStep& step : entry_.steps) {
      if (const auto* call = std::get_if<KernelCall>(&step))
        steps += call_text(*call);
      else if (const auto* loop = std::get_if<Loop>(&step))
        steps += loop_text(*loop);
      else if (const auto* exchange = std::get_if<Exchange>(&step))
        steps += exchange_text(*exchange);
      else
        exchanges_ = true, steps += fmt::format("\n  context->await_sums({});\n", std::get<Await>(step).bucket);
    }
    const std::string scratch = uses_scratch_ ? end_of_arena() : "";
    std::string head = fmt::format("int {}(const Step& step) {{\n", entry_.name);
    if (functions_ == nullptr && largest_ > 0)
      head += fmt::format("  if (step.batch > {}) return kBatchTooLarge;\n", INT32_MAX / largest_);
    head += "  const FlushDenormals flush;\n";
    if (uses_batch_) head += "  const int64_t B = step.batch;\n";
    if (uses_[Space::kState]) head += "  char* const state = step.state;\n";
    if (uses_[Space::kArena] || uses_scratch_) head += "  char* const arena = step.arena;\n";
    const bool needs_context = functions_ == nullptr ? !entry_.steps.empty() : exchanges_;
    if (needs_context) head += "  Context* const context = step.context;\n";
    if (uses_scratch_) head += fmt::format("  float* const scratch = at<float>({});\n", scratch);
    return head + steps + "  return 0;\n}\n";
  }

 private:
  // What the call does as a comment, the views that it is the first to need, the call.
  std::string call_text(const KernelCall& call) {
    std::string views;
    const std::string text = invocation(call, "  ", [&](const TensorRef& ref) { return view(ref, views); });
    return fmt::format("\n  // {}\n{}{}", comment_text(call.comment), views, text);
  }

  template <typename NameOf>
  std::string invocation(const KernelCall& call, const std::string& indent, NameOf name_of) {
    std::vector<std::string> operands;
    bool batched = false;
    for (const std::vector<TensorRef>* refs : {&call.inputs, &call.outputs}) {
      for (const TensorRef& ref : *refs) {
        operands.push_back(name_of(ref));
        batched = batched || is_batched(ref.type);
      }
    }
    if (functions_ != nullptr) return plain_call(call, indent, std::move(operands));
    const std::string arguments = fmt::format("context, {}", fmt::join(operands, ", "));
    const int64_t work = std::llround(std::ceil(call.flops + call.bytes));
    const std::string name = kernels_[static_cast<size_t>(call.kernel)].name;
    std::string text = fmt::format("{0}if (int error = {1}({2})) return error;\n", indent, name, arguments);
    if (const auto timed = timed_.find(&call); timed != timed_.end())
      text = fmt::format("{0}context->begin_call({1});\n{2}{0}context->end_call({1});\n", indent, timed->second, text);
    return fmt::format("{}set_work(context, {});\n{}", indent, extent({work, batched}), text);
  }

  std::string plain_call(const KernelCall& call, const std::string& indent, std::vector<std::string> arguments) {
    const cpp::KernelFunction& function = (*functions_)[static_cast<size_t>(call.kernel)];
    if (function.scratch > 0) arguments.push_back("scratch");
    if (function.takes_batch) arguments.push_back("B");
    uses_scratch_ = uses_scratch_ || function.scratch > 0;
    uses_batch_ = uses_batch_ || function.takes_batch;
    return fmt::format("{}{}({});\n", indent, kernels_[static_cast<size_t>(call.kernel)].name,
                       fmt::join(arguments, ", "));
  }

  std::string end_of_arena() {
    uses_batch_ = uses_batch_ || entry_.arena_batch != 0;
    std::string text = "arena";
    if (entry_.arena_fixed != 0) text += fmt::format(" + {}", entry_.arena_fixed);
    if (entry_.arena_batch != 0) text += " + " + extent({entry_.arena_batch, true});
    return text;
  }

  std::string exchange_text(const Exchange& exchange) {
    exchanges_ = true;
    std::string rows;
    for (const Exchange::Sum& sum : exchange.sums) {
      note_use(sum.source);
      note_use(sum.target);
      rows += fmt::format("      {{{}, {}, {}}},  // {}\n", address(sum.source), address(sum.target),
                          element_count(sum.target.type.shape).size, comment_text(sum.source.name));
    }
    const std::string name = scope_.add(fmt::format("bucket_{}", exchange.bucket));
    return fmt::format(
        "\n  // added up over the ranks while the calls go on\n"
        "  const Summand {0}[] = {{\n{1}  }};\n  context->sum_over_ranks({2}, {0}, {3});\n",
        name, rows, exchange.bucket, exchange.sums.size());
  }

  // Views are made before the loop; inside it those that move are moved.
  std::string loop_text(const Loop& loop) {
    std::string views;
    std::string head =
        fmt::format("\n  // {}{} steps{}\n", loop.comment.empty() ? "" : comment_text(loop.comment) + ": ", loop.steps,
                    loop.reverse ? ", backwards" : "");
    std::string body;
    if (loop.mask) {
      note_use(*loop.mask);
      body += fmt::format("    if (any_of({}, {})) {{\n{}    }} else {{  // nobody takes part in this step\n{}    }}\n",
                          address(*loop.mask), extent(loop.mask->type.shape[0]),
                          calls_text(loop.calls, "      ", views), calls_text(loop.idle_calls, "      ", views));
    } else {
      body = calls_text(loop.calls, "    ", views);
    }
    const std::string range = loop.reverse ? fmt::format("int64_t t = {}; t >= 0; --t", loop.steps - 1)
                                           : fmt::format("int64_t t = 0; t < {}; ++t", loop.steps);
    return head + views + fmt::format("  for ({}) {{\n{}  }}\n", range, body);
  }

  std::string calls_text(const std::vector<KernelCall>& calls, const std::string& indent, std::string& views) {
    std::string text;
    std::set<std::string> moved;
    for (const KernelCall& call : calls) {
      std::string moves;
      const auto name_of = [&](const TensorRef& ref) {
        const std::string name = view(ref, views);
        if (ref.stride.moves() && moved.insert(name).second)
          moves += functions_ == nullptr ? fmt::format("{}{}.move_to({});\n", indent, name, address(ref))
                                         : indent + pointer(ref, name);
        return name;
      };
      const std::string invoked = invocation(call, indent, name_of);
      text += fmt::format("{}// {}\n{}{}", indent, comment_text(call.comment), moves, invoked);
    }
    return text;
  }

  // The name of the operand's view; its definition is appended to `views` if this is the first use.
  std::string view(const TensorRef& ref, std::string& views) {
    for (const auto& [seen, name] : views_) {
      if (seen == ref) return name;
    }
    const std::string name = scope_.add(ref.name);
    views_.emplace_back(ref, name);
    note_use(ref);
    note_size(ref.type);
    if (functions_ != nullptr) {
      if (!ref.stride.moves()) views += "  " + pointer(ref, name);
      return name;
    }
    const std::string start = ref.stride.moves() ? "nullptr" : address(ref);
    views += fmt::format("  View<{}> {}({}, {}", ref.type.rank(), name, start, element_view(ref.type.dtype));
    for (const Dim& dim : ref.type.shape) views += ", " + extent(dim);
    views += ");\n";
    return name;
  }

  // "float* const dense = at<float>(arena + 1024);"
  static std::string pointer(const TensorRef& ref, const std::string& name) {
    const char* constness = ref.space == Space::kInput ? "const " : "";
    const char* type = cpp::element_type(ref.type.dtype);
    return fmt::format("{0}{1}* const {2} = at<{0}{1}>({3});\n", constness, type, name, address(ref));
  }

  void note_use(const TensorRef& ref) {
    uses_[ref.space] = true;
    uses_batch_ = uses_batch_ || is_batched(ref.type) || ref.batch_offset != 0 || ref.stride.batch != 0;
  }

  // Kernels index with 32 bits: the batch is limited by the largest value that grows with it.
  void note_size(const Type& type) {
    if (is_batched(type)) largest_ = std::max(largest_, element_count(type.shape).size * size_of(type.dtype));
  }

  const EntryPlan& entry_;
  const std::vector<Kernel>& kernels_;
  const std::vector<cpp::KernelFunction>* const functions_;
  Scope scope_;
  std::vector<std::pair<TensorRef, std::string>> views_;
  std::map<Space, bool> uses_;
  std::map<const KernelCall*, int64_t> timed_;  // their numbers
  bool uses_batch_ = false, uses_scratch_ = false, exchanges_ = false;
  int64_t largest_ = 0;  // bytes a sample
};

}  // namespace

std::string emit_entry(const EntryPlan& entry, const std::vector<Kernel>& kernels, int64_t first_timed) {
  return EntryWriter(entry, kernels, nullptr, first_timed).text();
}

std::string emit_entry(const EntryPlan& entry, const std::vector<Kernel>& kernels,
                       const std::vector<cpp::KernelFunction>& functions) {
  return EntryWriter(entry, kernels, &functions, -1).text();
}

int64_t scratch_of(const EntryPlan& entry, const std::vector<cpp::KernelFunction>& functions) {
  int64_t bytes = 0;
  for (const KernelCall* call : calls_of(entry))
    bytes = std::max(bytes, functions[static_cast<size_t>(call->kernel)].scratch);
  return bytes;
}

}  // namespace kcc
