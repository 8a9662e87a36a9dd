#include "frontend/build_graph.h"

#include "compiler/ops/leaf.h"
#include "compiler/ops/random.h"
#include "compiler/support/check.h"
#include "frontend/names.h"

namespace kcc {
namespace {

// Streams below are numbered in the order of calls; those of layers with a seed of their own follow from it.
constexpr int64_t kFirstSeededStream = int64_t{1} << 30;

class LayerScope : public CallScope {
 public:
  LayerScope(Builder& b, bool training, const BoundLayer& layer, GraphContext& context)
      : CallScope(b, training), layer_(layer), context_(context) {}

  bool trainable() const override { return layer_.trainable; }
  ValueId weight(const std::string& name) override { return context_.current(state_of(name)); }
  void update(const std::string& name, ValueId value) override { context_.update(state_of(name), value); }

  ValueId random(const Shape& shape, int64_t seed) override {
    const int64_t stream = seed < 0 ? context_.next_stream() : kFirstSeededStream + seed % kFirstSeededStream;
    return random_uniform(b, context_.random_key(), shape, stream);
  }

 private:
  StateId state_of(const std::string& name) const {
    for (const BoundWeight& weight : layer_.weights)
      if (weight.name == name) return weight.state;
    check_failed("weight", __FILE__, __LINE__, "a layer asks for a weight that it did not declare");
  }

  const BoundLayer& layer_;
  GraphContext& context_;
};

}  // namespace

std::vector<ValueId> build_forward(const BoundModel& model, GraphContext& context, bool training) {
  std::map<CallId, ValueId> values;
  const auto id_of = [&](const TensorSpec& t) { return CallId{model.index.at(t.layer), static_cast<size_t>(t.call)}; };
  for (const TensorSpec& tensor : model.spec.inputs) {
    Builder b{context.graph(), model.layers[id_of(tensor).layer].origin};
    values[id_of(tensor)] = input(b, tensor.layer, {DType::kF32, model.shape(tensor)});
  }
  for (const CallId& id : model.order.calls) {
    const BoundLayer& layer = model.layers[id.layer];
    if (layer.body.max_inputs == 0) continue;
    const CallSpec& call = layer.spec->calls[id.call];
    std::vector<ValueId> inputs;
    for (const TensorSpec& tensor : call.inputs) inputs.push_back(values.at(id_of(tensor)));
    Builder b{context.graph(), layer.origin};
    LayerScope scope(b, training, layer, context);
    values[id] = layer.body.call(scope, inputs);
    KCC_CHECK(b.shape(values[id]) == layer.outputs[id.call], "a layer built another shape than it inferred");
  }
  std::vector<ValueId> outputs;
  for (const TensorSpec& tensor : model.spec.outputs) outputs.push_back(values.at(id_of(tensor)));
  return outputs;
}

void build_predict(const BoundModel& model, Module& module) {
  module.predict.name = "predict";
  GraphContext context(module, module.predict);
  const std::vector<ValueId> outputs = build_forward(model, context, false);
  NameCounter names;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string name = names.next(model.spec.outputs[i].layer);
    module.predict.outputs.push_back({name, outputs[i]});
    module.outputs.push_back({name, module.predict[outputs[i]].type});
  }
  module.inputs = module.predict.inputs;
  context.finish();
}

}  // namespace kcc
