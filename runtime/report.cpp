#include "runtime/report.h"

#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/format.h"

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

}  // namespace

bool utf8_locale() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || value[0] == '\0') continue;
    return strcasestr(value, "utf-8") != nullptr || strcasestr(value, "utf8") != nullptr;
  }
  return true;
}

Report::Report(int verbose, ProgressStyle style) : verbose_(verbose), style_(style) {
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
  const BarStyle style = style_ == ProgressStyle::kPlain ? BarStyle::kPlain : BarStyle::kKeras;
  bar_.emplace(steps, verbose_, style, start_);
  bar_open_ = false;
}

// Metrics are looked at only where the bar will show them: a step may take microseconds.
Status Report::step(int64_t done, Executor* executor) {
  if (verbose_ != 1 || style_ == ProgressStyle::kJson) return {};
  const double time = now();
  const bool due = bar_->is_due(time);
  const Result<Logs> logs = due && executor != nullptr ? executor->metrics() : Logs();
  if (!logs) return logs.error();
  const std::string text = bar_->update(done, *logs, false, time);
  if (text.empty()) return {};
  bar_open_ = true;
  print(text);
  return {};
}

void Report::finish(const Logs& logs) {
  if (verbose_ == 0) return;
  if (style_ == ProgressStyle::kJson) return finish_json(logs);
  print(bar_->update(steps_, logs, true, now()));
  bar_open_ = false;
}

void Report::finish_json(const Logs& logs) {
  std::string line = "{" + epoch_ + format("\"steps\": %ld, \"seconds\": %.6f", steps_, now() - start_);
  for (const auto& [name, value] : logs) line += ", " + json_string(name) + ": " + json_number(value);
  print(line + "}\n");
}

void Report::message(const std::string& text) {
  if (style_ != ProgressStyle::kJson) return print(text + "\n");
  std::fprintf(stderr, "%s\n", text.c_str());
}

void Report::break_off() {
  if (bar_open_) print("\n");
  bar_open_ = false;
}

}  // namespace kcc::runtime
