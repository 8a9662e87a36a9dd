#include "compiler/bench/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>

#include "codegen/kernel_key.h"
#include "codegen/tunings.h"

namespace kcc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kGain = 0.97;        // of the time: what is less counts as noise
constexpr double kWorthwhile = 0.01;  // of all kernels' time: below, a kernel is left alone
constexpr double kSeconds = 0.1;      // of one measurement
constexpr int kTurns = 2, kLastTurns = 5;

// Seconds that each kernel takes, in all its calls together.
using Seconds = std::vector<double>;

Seconds seconds_of(const Plan& plan, const ProgramTimes& times) {
  std::vector<int32_t> kernel_of;  // by the number of the call
  for (const EntryPlan& entry : plan.entries)
    for (const KernelCall* call : calls_of(entry)) kernel_of.push_back(call->kernel);
  Seconds seconds(plan.kernels.size());
  for (const ProgramTimes::Call& call : times.calls)
    seconds[static_cast<size_t>(kernel_of[static_cast<size_t>(call.call)])] += call.best;
  return seconds;
}

// One kernel's way through its numbers: from the best so far, each other value of each choice.
struct Search {
  Tuning best;
  double ratio = 1;             // of the best's time to that of the family's own numbers
  std::vector<Tuning> pending;  // the next one last
  std::set<Tuning> tried{{}};

  void look_around(const std::vector<Choice>& choices) {
    for (const Choice& choice : choices) {
      for (int64_t value : choice.others) {
        Tuning tuning = best;
        tuning[choice.name] = value;
        if (tried.insert(tuning).second) pending.push_back(tuning);
      }
    }
  }
};

class Tuner {
 public:
  Tuner(const BenchSubject& subject, double seconds, int threads, Diagnostics& diagnostics)
      : subject_(subject),
        build_(subject.build),
        threads_(threads),
        diagnostics_(diagnostics),
        end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))),
        searches_(subject.plan.kernels.size()) {}

  std::vector<Tuning> run() {
    if (!start()) return {};
    int64_t programs = 0;
    while (Clock::now() < end_ && look_around()) {
      if (!try_next()) return {};
      fmt::print(stderr, "kcc: tuning: {} programs, {} kernels faster\n", ++programs, faster());
    }
    return confirm();
  }

 private:
  std::unique_ptr<TimedProgram> program_of(const std::vector<Tuning>& tunings, Diagnostics& diagnostics) {
    BuildOptions build = build_;
    build.tunings = tunings;
    const std::vector<KernelObject> kernels = build_kernels(subject_.plan, build, diagnostics);
    if (diagnostics.has_errors()) return nullptr;
    return TimedProgram::link(subject_, kernels, diagnostics);
  }

  // The best seconds of several runs in turns, of the families' own numbers and of `other`.
  bool measure(const TimedProgram& other, int turns, Seconds& own_best, Seconds& other_best) {
    const Seconds endless(searches_.size(), std::numeric_limits<double>::infinity());
    own_best = other_best = endless;
    for (int turn = 0; turn < turns; ++turn) {
      for (const bool own : {true, false}) {
        const auto times = (own ? *own_ : other).run(threads_, kSeconds, diagnostics_);
        if (!times) return false;
        Seconds& best = own ? own_best : other_best;
        const Seconds now = seconds_of(subject_.plan, *times);
        for (size_t k = 0; k < best.size(); ++k) best[k] = std::min(best[k], now[k]);
      }
    }
    return true;
  }

  // The program of the families' own numbers, and which kernels are worth a search.
  bool start() {
    const std::vector<Tuning> none(searches_.size());
    own_ = program_of(none, diagnostics_);
    if (!own_) return false;
    const auto times = own_->run(threads_, kSeconds, diagnostics_);
    if (!times) return false;
    const Seconds seconds = seconds_of(subject_.plan, *times);
    double all = 0;
    for (double s : seconds) all += s;
    for (double s : seconds) worthwhile_.push_back(s >= kWorthwhile * all);
    // What an earlier search found comes first.
    const std::vector<Tuning> known = find_tunings(subject_.plan, build_);
    for (size_t k = 0; k < searches_.size(); ++k)
      if (worthwhile_[k] && searches_[k].tried.insert(known[k]).second) searches_[k].pending.push_back(known[k]);
    return true;
  }

  // Fills what is empty; false if nothing is left to try.
  bool look_around() {
    std::vector<Tuning> best;
    for (const Search& search : searches_) best.push_back(search.best);
    BuildOptions build = build_;
    build.tunings = best;
    const std::vector<std::vector<Choice>> choices = kernel_choices(subject_.plan, build);
    bool any = false;
    for (size_t k = 0; k < searches_.size(); ++k) {
      if (worthwhile_[k] && searches_[k].pending.empty()) searches_[k].look_around(choices[k]);
      any = any || !searches_[k].pending.empty();
    }
    return any;
  }

  bool try_next() {
    std::vector<Tuning> tunings(searches_.size());
    for (size_t k = 0; k < searches_.size(); ++k) {
      Search& search = searches_[k];
      if (search.pending.empty()) continue;
      tunings[k] = search.pending.back();
      search.pending.pop_back();
    }
    // A number that a family should not have called legal costs this program, not the search.
    Diagnostics refused;
    const std::unique_ptr<TimedProgram> program = program_of(tunings, refused);
    if (!program) {
      fmt::print(stderr, "kcc: tuning: {}", refused.render(false));
      return true;
    }
    Seconds own, other;
    if (!measure(*program, kTurns, own, other)) return false;
    for (size_t k = 0; k < searches_.size(); ++k) {
      const double ratio = other[k] / own[k];
      if (tunings[k].empty() || !(ratio < kGain && ratio < searches_[k].ratio)) continue;
      searches_[k].best = tunings[k];
      searches_[k].ratio = ratio;
      searches_[k].pending.clear();  // go on from here
    }
    return true;
  }

  int64_t faster() const {
    return std::count_if(searches_.begin(), searches_.end(), [](const Search& s) { return s.ratio < 1; });
  }

  // All winners once more, longer: the fastest of many is also the luckiest.
  std::vector<Tuning> confirm() {
    std::vector<Tuning> winners;
    for (const Search& search : searches_) winners.push_back(search.best);
    const std::unique_ptr<TimedProgram> program = program_of(winners, diagnostics_);
    Seconds own, other;
    if (!program || !measure(*program, kLastTurns, own, other)) return {};
    for (size_t k = 0; k < winners.size(); ++k) {
      if (!winners[k].empty() && !(other[k] / own[k] < kGain)) winners[k].clear();
      if (!worthwhile_[k]) continue;
      keep_tuning(subject_.plan.kernels[k], build_, winners[k]);
      if (!winners[k].empty())
        fmt::print(stderr, "kcc: tuning: {} takes {:.0f} % of its time with {}\n", subject_.plan.kernels[k].name,
                   100 * other[k] / own[k], to_string(winners[k]));
    }
    return winners;
  }

  const BenchSubject& subject_;
  const BuildOptions build_;
  const int threads_;
  Diagnostics& diagnostics_;
  const Clock::time_point end_;
  std::unique_ptr<TimedProgram> own_;  // of the families' own numbers
  std::vector<bool> worthwhile_;
  std::vector<Search> searches_;
};

}  // namespace

std::vector<Tuning> tune(const BenchSubject& subject, double seconds, int threads, Diagnostics& diagnostics) {
  return Tuner(subject, seconds, threads, diagnostics).run();
}

}  // namespace kcc
