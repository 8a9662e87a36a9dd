// A trainer whose entries are written by hand: linear regression y = x W + b with three inputs and two outputs, mean
// squared error, mean absolute error and plain SGD. It is what the generated code of
//   Sequential([Input((3,)), Dense(2)]) compiled with SGD(0.01), "mse", ["mae"]
// does, so that the runtime can be tested alone and against Keras.
#include <unistd.h>

#include <cmath>

#include "runtime/program.h"

namespace {

using namespace kcc::runtime;

constexpr int64_t kIn = 3, kOut = 2;
constexpr int64_t kInExtents[] = {kIn}, kOutExtents[] = {kOut}, kKernelExtents[] = {kIn, kOut}, kKeyExtents[] = {4};

enum StateIndex { kKernel, kBias, kIterations, kRate, kLossTotal, kLossCount, kMaeTotal, kMaeCount, kKey, kStates };

constexpr StateInfo scalar(const char* name, ElementType type, const char* path, Role role, int64_t index,
                           double value) {
  return {{name, type, 0, nullptr, 1}, path, role, index * 64, Fill::kConstant, value, 0, -1};
}

constexpr StateInfo kStateInfos[kStates] = {
    {{"dense/kernel", ElementType::kF32, 2, kKernelExtents, kIn* kOut},
     "layers/dense/vars/0",
     Role::kWeight,
     kKernel * 64,
     Fill::kUniform,
     -1.0954451150103321,
     1.0954451150103321,
     -1},
    {{"dense/bias", ElementType::kF32, 1, kOutExtents, kOut},
     "layers/dense/vars/1",
     Role::kWeight,
     kBias * 64,
     Fill::kConstant,
     0,
     0,
     -1},
    scalar("SGD/iteration", ElementType::kI32, "optimizer/vars/0", Role::kOptimizer, kIterations, 0),
    scalar("SGD/learning_rate", ElementType::kF32, "optimizer/vars/1", Role::kOptimizer, kRate, 0.01),
    scalar("loss/total", ElementType::kF32, "", Role::kMetric, kLossTotal, 0),
    scalar("loss/count", ElementType::kF32, "", Role::kMetric, kLossCount, 0),
    scalar("mae/total", ElementType::kF32, "", Role::kMetric, kMaeTotal, 0),
    scalar("mae/count", ElementType::kF32, "", Role::kMetric, kMaeCount, 0),
    {{"random_key", ElementType::kU32, 1, kKeyExtents, 4}, "", Role::kRandom, kKey * 64, Fill::kConstant, 0, 0, -1},
};

template <typename T>
T* state(const Step& step, StateIndex index) {
  return reinterpret_cast<T*>(step.state + kStateInfos[index].offset);
}

void forward(const Step& step, int64_t sample, float (&y)[kOut]) {
  const float* x = static_cast<const float*>(step.inputs[0]) + sample * kIn;
  for (int64_t o = 0; o < kOut; ++o) {
    y[o] = state<float>(step, kBias)[o];
    for (int64_t i = 0; i < kIn; ++i) y[o] += x[i] * state<float>(step, kKernel)[i * kOut + o];
  }
}

int predict(const Step& step) {
  for (int64_t n = 0; n < step.batch; ++n) {
    float y[kOut];
    forward(step, n, y);
    for (int64_t o = 0; o < kOut; ++o) static_cast<float*>(step.outputs[0])[n * kOut + o] = y[o];
  }
  return 0;
}

// Adds to the metrics; `gradient` of kIn + 1 rows is of the mean loss, or null.
void run(const Step& step, float* gradient) {
  const float scale = 1.0f / static_cast<float>(step.batch * kOut);
  float squared = 0, absolute = 0;
  for (int64_t n = 0; n < step.batch; ++n) {
    const float weight = static_cast<const float*>(step.inputs[2])[n];
    float y[kOut];
    forward(step, n, y);
    for (int64_t o = 0; o < kOut; ++o) {
      const float error = y[o] - static_cast<const float*>(step.inputs[1])[n * kOut + o];
      squared += weight * error * error;
      absolute += weight * std::fabs(error);
      if (gradient == nullptr) continue;
      for (int64_t i = 0; i <= kIn; ++i) {
        const float x = i == kIn ? 1.0f : static_cast<const float*>(step.inputs[0])[n * kIn + i];
        gradient[i * kOut + o] += 2 * scale * weight * error * x;
      }
    }
  }
  *state<float>(step, kLossTotal) += squared / kOut;
  *state<float>(step, kLossCount) += static_cast<float>(step.batch);
  *state<float>(step, kMaeTotal) += absolute / kOut;
  *state<float>(step, kMaeCount) += static_cast<float>(step.batch);
}

int evaluate(const Step& step) {
  run(step, nullptr);
  return 0;
}

int train(const Step& step) {
  if (step.batch == 17) return -22;     // what a failing kernel looks like
  if (step.batch == 11) usleep(20000);  // time to be interrupted in
  if (state<uint32_t>(step, kKey)[2] != *state<uint32_t>(step, kIterations)) return -22;
  float gradient[(kIn + 1) * kOut] = {};
  run(step, gradient);
  const float rate = *state<float>(step, kRate);
  for (int64_t i = 0; i < kIn * kOut; ++i) state<float>(step, kKernel)[i] -= rate * gradient[i];
  for (int64_t o = 0; o < kOut; ++o) state<float>(step, kBias)[o] -= rate * gradient[kIn * kOut + o];
  ++*state<int32_t>(step, kIterations);
  return 0;
}

int report(const Step& step) {
  constexpr StateIndex kMeans[][2] = {{kLossTotal, kLossCount}, {kMaeTotal, kMaeCount}};
  for (int64_t i = 0; i < 2; ++i) {
    const float total = *state<float>(step, kMeans[i][0]), count = *state<float>(step, kMeans[i][1]);
    *static_cast<float*>(step.outputs[i]) = count == 0 ? 0.0f : total / count;
  }
  return 0;
}

constexpr TensorInfo kInput = {"input_layer", ElementType::kF32, 1, kInExtents, kIn};
constexpr TensorInfo kOutput = {"dense", ElementType::kF32, 1, kOutExtents, kOut};
constexpr TensorInfo kSampleWeight = {"dense", ElementType::kF32, 0, nullptr, 1};
constexpr TargetInfo kTarget = {kOutput, false, false, kSampleWeight};
constexpr MetricInfo kMetrics[] = {{"loss"}, {"mae"}};
constexpr LayerInfo kLayers[] = {{"dense", "Dense", "(None, 2)", 8, "input_layer[0][0]"}};

constexpr Program kProgram = {
    .name = "linear",
    .model_name = "sequential",
    .keras_version = "3.15.1",
    .is_sequential = true,
    .input_count = 1,
    .output_count = 1,
    .target_count = 1,
    .state_count = kStates,
    .metric_count = 2,
    .layer_count = 1,
    .inputs = &kInput,
    .outputs = &kOutput,
    .targets = &kTarget,
    .states = kStateInfos,
    .metrics = kMetrics,
    .layers = kLayers,
    .state_bytes = kStates * 64,
    .trainable_parameters = 8,
    .other_parameters = 0,
    .iterations = kIterations,
    .learning_rate = kRate,
    .random_key = kKey,
    .default_batch = 32,
    .predict = {predict, 0, 64, 0},
    .evaluate = {evaluate, 0, 64, 0},
    .train = {train, 64, 64, 0},
    .report = {report, 0, 0, 0},
    .saved = {"{\"class_name\":\"Sequential\"}", "{\"class_name\":\"SGD\"}", "\"loss\":\"mse\"", ""},
    .initial_weights = nullptr,
};

}  // namespace

int main(int argc, char** argv) {
  return kcc::runtime::trainer_main(kProgram, argc, argv);
}
