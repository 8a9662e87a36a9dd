// The text forms of plans.
#include <fmt/format.h>

#include <map>

#include "compiler/ir/print.h"
#include "compiler/passes/plan.h"
#include "compiler/passes/plan_calls.h"

namespace kcc {
namespace {

// " + 128*B*t", " + 128*B*((t + 1) % 2)"
std::string stride_text(const Stride& stride) {
  if (!stride.moves()) return "";
  const std::string slot = stride.ring == 0    ? "t"
                           : stride.shift == 0 ? fmt::format("(t % {})", stride.ring)
                                               : fmt::format("((t + {}) % {})", stride.shift, stride.ring);
  std::string text;
  if (stride.fixed != 0) text += fmt::format(" + {}*{}", stride.fixed, slot);
  if (stride.batch != 0) text += fmt::format(" + {}*B*{}", stride.batch, slot);
  return text;
}

std::string to_string(const TensorRef& r) {
  static constexpr const char* kSpaces[] = {"arena", "state", "input", "output"};
  std::string place = kSpaces[static_cast<int>(r.space)];
  if (r.space == Space::kArena)
    place += fmt::format("[{} + {}*B{}]", r.fixed_offset, r.batch_offset, stride_text(r.stride));
  else
    place += fmt::format("[{}{}]", r.index, stride_text(r.stride));
  return fmt::format("{} {} @ {}", r.name, to_string(r.type), place);
}

std::string to_string(const Plan& plan, const KernelCall& call, const std::string& indent) {
  const std::string& kernel = plan.kernels[static_cast<size_t>(call.kernel)].name;
  std::string text = fmt::format("{}{}  # {}\n", indent, kernel, call.comment);
  for (const TensorRef& r : call.inputs) text += fmt::format("{}  in  {}\n", indent, to_string(r));
  for (const TensorRef& r : call.outputs) text += fmt::format("{}  out {}\n", indent, to_string(r));
  return text;
}

std::string to_string(const Plan& plan, const Loop& loop) {
  std::string text =
      fmt::format("  for t in 0 ... {}{}  # {}\n", loop.steps - 1, loop.reverse ? ", backwards" : "", loop.comment);
  for (const KernelCall& call : loop.calls) text += to_string(plan, call, "    ");
  if (!loop.mask) return text;
  text += fmt::format("  idle where none of {}\n", to_string(*loop.mask));
  for (const KernelCall& call : loop.idle_calls) text += to_string(plan, call, "    ");
  return text;
}

std::string to_string(const Exchange& exchange) {
  std::string text = fmt::format("  sum bucket {} over the ranks\n", exchange.bucket);
  for (const Exchange::Sum& sum : exchange.sums) {
    text += fmt::format("    of {}\n", to_string(sum.source));
    if (!(sum.source == sum.target)) text += fmt::format("    to {}\n", to_string(sum.target));
  }
  return text;
}

}  // namespace

std::string to_string(const Plan& plan) {
  std::string text = fmt::format("plan: {} kernels, {} bytes of state\n", plan.kernels.size(), plan.state_bytes);
  for (const EntryPlan& entry : plan.entries) {
    text += fmt::format("\nentry {}: {} calls, arena {} + {}*B bytes\n", entry.name, calls_of(entry).size(),
                        entry.arena_fixed, entry.arena_batch);
    for (const PlanStep& step : entry.steps) {
      if (const auto* call = std::get_if<KernelCall>(&step))
        text += to_string(plan, *call, "  ");
      else if (const auto* loop = std::get_if<Loop>(&step))
        text += to_string(plan, *loop);
      else if (const auto* exchange = std::get_if<Exchange>(&step))
        text += to_string(*exchange);
      else
        text += fmt::format("  await bucket {}\n", std::get<Await>(step).bucket);
    }
  }
  for (const Kernel& kernel : plan.kernels)
    text += fmt::format("\nkernel {} ({})\n{}", kernel.name, name_of(kernel.family), to_string(kernel.body));
  return text;
}

std::string memory_report(const Plan& plan) {
  std::string text = fmt::format("states: {} bytes\n", plan.state_bytes);
  for (const EntryPlan& entry : plan.entries) {
    text += fmt::format("{}: arena {} + {} bytes a sample; alive at once {} + {}\n", entry.name, entry.arena_fixed,
                        entry.arena_batch, entry.bound_fixed, entry.bound_batch);
    std::map<std::pair<double, std::string>, std::string> largest;  // by size
    for (const KernelCall* call : calls_of(entry))
      for (const TensorRef& r : call->outputs)
        if (r.space == Space::kArena) largest[{-bytes_per_sample(r.type), r.name}] = to_string(r);
    int64_t shown = 0;
    for (const auto& [size, line] : largest)
      if (shown++ < 8) text += "  " + line + "\n";
  }
  return text;
}

}  // namespace kcc
