// A model that learns while it works: it predicts the next value of a signal from the last 16, is told the value, and
// takes a training step on the last eight of them. After half of the time the signal changes, and a copy of the model
// stops learning: what it costs is printed beside.
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "online.hpp"

namespace {

constexpr int kSteps = 40'000, kPast = online::input::past::size, kBatch = 8;

// A sum of two waves, and after half of the time of two others.
float signal(int t) {
  const double x = 0.05 * t;
  return static_cast<float>(t < kSteps / 2 ? std::sin(x) + 0.5 * std::sin(2.3 * x) : 2 * std::sin(5.1 * x) * std::cos(0.4 * x));
}

// The last steps, as training takes them: rows of the past, and of what came next.
class Recent {
 public:
  void add(const float* past, float next) {
    for (int i = 0; i < kPast; ++i) past_[at_ * kPast + i] = past[i];
    next_[at_] = next;
    at_ = (at_ + 1) % kBatch;
  }
  online::Model::Data batch() const { return {past_, next_}; }

 private:
  std::array<float, kBatch * kPast> past_{};
  std::array<float, kBatch> next_{};
  int at_ = 0;
};

float predict_next(online::Model& model, const float* past) {
  float next = std::nanf("");
  (void)model.predict({past, kPast}, {&next, 1});  // lengths that always fit
  return next;
}

void copy_weights(const online::Model& from, online::Model& to) {
  for (int i = 0; i < ONLINE_WEIGHTS; ++i) {
    const online_tensor& weight = *online_weight(i);
    std::vector<float> values(static_cast<std::size_t>(weight.size));
    if (from.get_weight(weight.name, values) != online::Status::kOk) std::puts(from.error());
    if (to.set_weight(weight.name, values) != online::Status::kOk) std::puts(to.error());
  }
}

}  // namespace

int main() {
  online::Model model({.seed = 1});
  std::vector<float> values(kSteps + 1);
  for (int t = 0; t <= kSteps; ++t) values[t] = signal(t);
  Recent recent;
  online::Model stopped;
  double error = 0, error_of_stopped = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int t = kPast; t < kSteps; ++t) {
    const float guess = predict_next(model, &values[t - kPast]);
    error += std::abs(guess - values[t]);
    if (t == kSteps / 2) copy_weights(model, stopped);
    if (t >= kSteps / 2) error_of_stopped += std::abs(predict_next(stopped, &values[t - kPast]) - values[t]);
    recent.add(&values[t - kPast], values[t]);
    if (model.train_on_batch(recent.batch()) != online::Status::kOk) return 1;
    if ((t + 1) % 5000 == 0) {
      std::printf("steps %5d to %5d: off by %.4f on average", t + 1 - 5000, t + 1, error / 5000);
      if (t > kSteps / 2) std::printf(", without learning %.4f", error_of_stopped / 5000);
      std::puts("");
      error = error_of_stopped = 0;
    }
  }
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
  std::printf("%.1f microseconds a step, prediction and training\n", time.count() / (kSteps - kPast));
}
