#include "compiler/passes/split_batch.h"

#include <fmt/format.h>

#include "compiler/ir/verify.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/op.h"
#include "compiler/ops/ranks.h"
#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/rewrite.h"
#include "compiler/passes/sample_order.h"

namespace kcc {
namespace {

class Splitter {
 public:
  explicit Splitter(Module& module) : module_(module), users_(module.train.nodes.size(), 0) {
    for (const Node& node : module.train.nodes)
      for (ValueId input : node.inputs) ++users_[static_cast<size_t>(input)];
  }

  void run() {
    find_obstacle();
    if (!module_.share_obstacle.empty()) return;
    ValueId old = 0;
    Graph split = rewrite(module_.train, [&](Builder& b, Node node) { return visit(b, std::move(node), old++); });
    split = eliminate_dead(split);
    verify(split, module_);
    split.name = "train_share";
    module_.train_share = std::move(split);
  }

 private:
  ValueId visit(Builder& b, Node node, ValueId old) {
    if (node.op == OpKind::kExtent && element_count(node.attrs.shape("shape")).batched)
      return whole_extent(b, element_count(node.attrs.shape("shape")).size);
    if (node.op == OpKind::kAdd && is_lone_sum(b.graph, node.inputs[0], old, 0) &&
        is_lone_sum(b.graph, node.inputs[1], old, 1))
      return rank_sum(b, add(b, b.graph[node.inputs[0]].inputs[0], b.graph[node.inputs[1]].inputs[0]));
    const bool partial = adds_up_samples(b.graph, node);
    const ValueId value = b.graph.add(std::move(node));
    return partial ? rank_sum(b, value) : value;
  }

  // Gradients of a shared weight are added before they are exchanged, so that they travel once.
  bool is_lone_sum(const Graph& graph, ValueId value, ValueId user, size_t operand) const {
    const ValueId old = module_.train[user].inputs[operand];
    return graph[value].op == OpKind::kRankSum && users_[static_cast<size_t>(old)] == 1;
  }

  ValueId whole_extent(Builder& b, int64_t per_sample) {
    if (samples_ < 0) {
      if (module_.whole_batch < 0) {
        module_.states.push_back({"whole_batch", "", StateRole::kStep, {DType::kF32, {}}, {}, -1});
        module_.whole_batch = static_cast<StateId>(module_.states.size()) - 1;
      }
      samples_ = state(b, module_.whole_batch, {DType::kF32, {}});
    }
    return per_sample == 1 ? samples_ : mul(b, samples_, static_cast<double>(per_sample));
  }

  void find_obstacle() {
    for (const State& state : module_.states)
      if (state.role == StateRole::kMemory)
        return object(state.origin, "its memory belongs to the samples of a whole batch");
    if (const Node* node = find_mixed_samples(module_.train))
      object(node->origin, fmt::format("{} needs the samples of a whole batch in one place", info(node->op).name));
  }

  void object(int32_t origin, const std::string& why) {
    const Origin nowhere{"the model", ""};
    const Origin& o = origin < 0 ? nowhere : module_.origins[static_cast<size_t>(origin)];
    module_.share_obstacle =
        fmt::format("{}{}: {}", o.layer, o.class_name.empty() ? "" : " (" + o.class_name + ")", why);
  }

  Module& module_;
  std::vector<int64_t> users_;  // of the values of module.train
  ValueId samples_ = -1;        // the read of module.whole_batch
};

}  // namespace

void split_batch(Module& module) {
  if (module.train.nodes.empty()) return;
  Splitter(module).run();
}

}  // namespace kcc
