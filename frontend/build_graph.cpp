#include "frontend/build_graph.h"

#include "compiler/ops/leaf.h"
#include "compiler/ops/random.h"
#include "compiler/support/check.h"
#include "frontend/names.h"

namespace kcc {
namespace {

// Streams below are numbered in the order of calls; those of layers with a seed of their own follow from it.
constexpr int64_t kFirstSeededStream = int64_t{1} << 30;

// The outermost model's scope: names lead to states.
class ModelScope : public CallScope {
 public:
  ModelScope(Builder& b, bool training, BoundModel& model, GraphContext& context)
      : CallScope(b, training), model_(model), context_(context) {}

  std::vector<ValueId> losses;

  bool trainable() const override { return model_.spec.trainable; }
  ValueId weight(const std::string& name) override { return context_.current(state_of(name)); }
  void update(const std::string& name, ValueId value) override { context_.update(state_of(name), value); }
  void add_loss(ValueId loss) override { losses.push_back(loss); }

  ValueId random(const Shape& shape, int64_t seed) override {
    const int64_t stream = seed < 0 ? context_.next_stream() : kFirstSeededStream + seed % kFirstSeededStream;
    return random_uniform(b, context_.random_key(), shape, stream);
  }

  int32_t origin_of(const std::string& layer, const std::string& class_name) override {
    return kcc::origin_of(model_, context_.module(), layer, class_name);
  }

 private:
  StateId state_of(const std::string& name) const {
    const auto at = model_.states.find(name);
    KCC_CHECK(at != model_.states.end(), "a layer asks for a weight that it did not declare");
    return at->second;
  }

  BoundModel& model_;
  GraphContext& context_;
};

}  // namespace

Forward build_forward(BoundModel& model, GraphContext& context, bool training) {
  Tensors inputs;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const std::string& name = model.spec.inputs[i].layer;
    Builder b{context.graph(), model.origins.at(name)};
    inputs.push_back({input(b, name, {model.input_dtypes[i], model.inputs[i]})});
  }
  Builder b{context.graph(), -1};
  ModelScope scope(b, training, model, context);
  Tensors outputs = call_model(*model.layers, scope, inputs);
  return {std::move(outputs), std::move(scope.losses)};
}

void build_predict(BoundModel& model, Module& module) {
  module.predict.name = "predict";
  GraphContext context(module, module.predict);
  const Tensors outputs = build_forward(model, context, false).outputs;
  NameCounter names;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string name = names.next(model.spec.outputs[i].layer);
    module.predict.outputs.push_back({name, outputs[i].value});
    module.outputs.push_back({name, module.predict[outputs[i].value].type});
  }
  module.inputs = module.predict.inputs;
  context.finish();
}

}  // namespace kcc
