#include "frontend/python/context.h"

namespace kcc::python {

namespace {
constexpr int kMostNesting = 16;
constexpr int64_t kMostLeaves = 100000;
// What comes after works on every node, so that a function may make fewer of them than it may take steps.
constexpr int64_t kNodeCost = 10;
}  // namespace

std::nullopt_t Context::fail(Mark mark, std::string message, std::string hint) {
  if (!failed) run.diagnostics.error({file, mark.line, mark.column, run.layer}, std::move(message), std::move(hint));
  failed = true;
  return std::nullopt;
}

bool Context::spend(Mark mark, int64_t cost) {
  budget -= cost + kNodeCost * (b.graph.size() - nodes);
  nodes = b.graph.size();
  if (budget >= 0) return true;
  fail(mark, "the function takes too many steps to build", "loops are unrolled: use functions over whole tensors");
  return false;
}

Result Context::sequence(Mark mark, std::vector<Value> values, bool is_list) {
  if (!spend(mark, static_cast<int64_t>(values.size()))) return std::nullopt;
  Value sequence = make_sequence(std::move(values), is_list);
  const Items& items = *sequence.get<Sequence>()->items;
  if (items.depth > kMostNesting || items.leaves > kMostLeaves) return fail(mark, "the list is too large");
  return sequence;
}

}  // namespace kcc::python
