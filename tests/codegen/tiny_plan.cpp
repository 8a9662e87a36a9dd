#include "tests/codegen/tiny_plan.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"

namespace kcc {
namespace {

constexpr int64_t kUnits = 4;

Kernel dense_relu() {
  Kernel kernel;
  kernel.family = Family::kMatMul;
  kernel.name = "tiny_dense_matmul_0";
  Graph& body = kernel.body;
  Builder b{body};
  const ValueId x = input(b, "x", {DType::kF32, batched_shape({kUnits})});
  const ValueId w = input(b, "w", {DType::kF32, fixed_shape({kUnits, kUnits})});
  const ValueId bias = input(b, "b", {DType::kF32, fixed_shape({kUnits})});
  kernel.anchor = matmul(b, x, w);
  body.outputs = {{"y", relu(b, add(b, add(b, kernel.anchor, bias), 0.0))}};
  return kernel;
}

State weight(const std::string& name, const std::string& path, const Shape& shape) {
  State state;
  state.name = name;
  state.file_path = path;
  state.type = {DType::kF32, shape};
  state.initializer = {Initializer::Kind::kUniform, -0.5, 0.5, -1};
  return state;
}

TensorRef state_ref(int32_t index, int64_t offset, const State& state) {
  return {Space::kState, index, offset, 0, state.type, state.name};
}

}  // namespace

TinyPlan tiny_plan() {
  TinyPlan tiny;
  Module& module = tiny.module;
  Plan& plan = tiny.plan;
  const Type rows{DType::kF32, batched_shape({kUnits})};
  module.name = "tiny";
  module.keras_version = "3.15.1";
  module.is_sequential = true;
  module.inputs = {{"x", rows}};
  module.outputs = {{"dense_1", rows}};
  module.layers = {{"dense", "Dense", "(None, 4)", 20, {"x"}}, {"dense_1", "Dense", "(None, 4)", 20, {"dense"}}};
  module.trainable_parameters = 40;
  for (const char* layer : {"dense", "dense_1"}) {
    const std::string name = layer;
    module.states.push_back(weight(name + "/kernel", "layers/" + name + "/vars/0", fixed_shape({kUnits, kUnits})));
    module.states.push_back(weight(name + "/bias", "layers/" + name + "/vars/1", fixed_shape({kUnits})));
  }
  plan.state_offsets = {0, 64, 128, 192};
  plan.state_bytes = 256;
  plan.kernels = {dense_relu()};

  EntryPlan predict;
  predict.name = "predict";
  predict.inputs = module.inputs;
  predict.outputs = module.outputs;
  predict.arena_fixed = 64;
  predict.arena_batch = 128;
  const TensorRef x{Space::kInput, 0, 0, 0, rows, "x"};
  const TensorRef hidden{Space::kArena, 0, 64, 64, rows, "dense_relu"};
  const TensorRef y{Space::kOutput, 0, 0, 0, rows, "dense_1_relu"};
  for (int32_t layer = 0; layer < 2; ++layer) {
    KernelCall call;
    call.kernel = 0;
    call.inputs = {layer == 0 ? x : hidden};
    for (int32_t s = 2 * layer; s < 2 * layer + 2; ++s) {
      const size_t i = static_cast<size_t>(s);
      call.inputs.push_back(state_ref(s, plan.state_offsets[i], module.states[i]));
    }
    call.outputs = {layer == 0 ? hidden : y};
    call.comment = layer == 0 ? "dense (Dense): matmul + bias + relu" : "dense_1 (Dense): matmul + bias + relu";
    call.flops = 2 * kUnits * kUnits;
    call.bytes = 4 * (2 * kUnits + kUnits * kUnits + kUnits);
    predict.steps.push_back(call);
  }
  plan.entries = {predict};
  return tiny;
}

MachineTarget target_for_tests() {
  MachineTarget target;
  target.halide = Halide::Target("x86-64-linux-no_asserts-no_bounds_query-no_runtime-user_context-sse41");
  target.lanes = 4;
  target.name = "x86-64-v2";
  return target;
}

}  // namespace kcc
