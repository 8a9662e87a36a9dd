#include "runtime/report.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "runtime/format.h"
#include "runtime/metric_logs.h"
#include "runtime/terminal.h"

namespace kcc::runtime {
namespace {

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

BarStyle bar_style(ProgressStyle style) {
  if (style == ProgressStyle::kPlain) return BarStyle::kPlain;
  return style == ProgressStyle::kKeras2 ? BarStyle::kKeras2 : BarStyle::kKeras3;
}

}  // namespace

Report::Report(const Program& program, int verbose, ProgressStyle style)
    : program_(program), verbose_(verbose), style_(style) {
  if (style_ == ProgressStyle::kNone) verbose_ = 0;
  if (verbose_ == kVerboseAuto) verbose_ = isatty(STDOUT_FILENO) ? 1 : 2;
  if (style_ == ProgressStyle::kAuto) style_ = utf8_locale() ? ProgressStyle::kKeras3 : ProgressStyle::kPlain;
}

void Report::begin_epoch(int64_t epoch, int64_t epochs, int64_t steps) {
  epoch_ = format("\"epoch\": %ld, \"epochs\": %ld, ", epoch + 1, epochs);
  if (verbose_ > 0 && epochs > 1 && style_ != ProgressStyle::kJson) print(format("Epoch %ld/%ld\n", epoch + 1, epochs));
  begin(steps);
}

void Report::begin(int64_t steps) {
  steps_ = steps;
  start_ = now();
  samples_ = 0;
  training_ = 0;
  bar_.emplace(steps, verbose_, bar_style(style_), start_);
  bar_open_ = false;
}

// Metrics are looked at only where the bar will show them: a step may take microseconds.
Status Report::step(int64_t done, Executor* executor) {
  if (verbose_ != 1 || style_ == ProgressStyle::kJson) return {};
  const double time = now();
  const bool due = bar_->is_due(time);
  const Result<Logs> logs = due && executor != nullptr ? metric_logs(*executor) : Logs();
  if (!logs) return logs.error();
  const std::string text = bar_->update(done, arranged(*logs), false, time, due ? terminal_columns() : 0);
  if (text.empty()) return {};
  bar_open_ = true;
  print(text);
  return {};
}

void Report::trained(int64_t samples) {
  samples_ = samples;
  training_ = now() - start_;
  all_samples_ += samples_;
  all_training_ += training_;
}

void Report::finish(const Logs& logs) {
  if (verbose_ == 0) return;
  if (style_ == ProgressStyle::kJson) return finish_json(logs);
  print(bar_->update(steps_, arranged(logs), true, now()));
  bar_open_ = false;
}

void Report::finish_json(const Logs& logs) {
  std::string line = "{" + epoch_ + format("\"steps\": %ld, \"seconds\": %.6f", steps_, now() - start_);
  if (samples_ > 0) line += ", \"samples_per_second\": " + json_number(static_cast<double>(samples_) / training_);
  for (const auto& [name, value] : logs) line += ", " + json_string(name) + ": " + json_number(value);
  print(line + "}\n");
}

void Report::message(const std::string& text) {
  if (style_ != ProgressStyle::kJson) return print(text + "\n");
  std::fprintf(stderr, "%s\n", text.c_str());
}

std::string Report::speed() const {
  if (verbose_ == 0 || style_ == ProgressStyle::kJson || all_samples_ == 0) return "";
  const double rate = static_cast<double>(all_samples_) / all_training_;
  const std::string shown = rate < 100 ? format("%.3g", rate) : with_thousands(std::llround(rate));
  return format("trained on %s samples in %.1f s, %s samples/s", with_thousands(all_samples_).c_str(), all_training_,
                shown.c_str());
}

// Keras 3 sorts names. Keras 2 keeps the order in which they came: as the model was compiled, then those of the
// validation, then what callbacks add.
Logs Report::arranged(const Logs& logs) const {
  if (style_ != ProgressStyle::kKeras2) return logs;
  const auto place = [&](const std::string& name) {
    const bool validation = name.starts_with("val_");
    const std::string known = validation ? name.substr(4) : name;
    const MetricInfo* end = program_.metrics + program_.metric_count;
    const auto same = [&](const MetricInfo& metric) { return known == metric.name; };
    const MetricInfo* metric = std::find_if(program_.metrics, end, same);
    return std::pair(metric == end ? 2 : validation ? 1 : 0, metric - program_.metrics);
  };
  Logs out = logs;
  std::stable_sort(out.begin(), out.end(), [&](auto& a, auto& b) { return place(a.first) < place(b.first); });
  return out;
}

void Report::break_off() {
  if (bar_open_) print("\n");
  bar_open_ = false;
}

}  // namespace kcc::runtime
