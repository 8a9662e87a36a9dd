#include <sys/resource.h>

#include <cstdio>

#include "runtime/bench/call_times.h"
#include "runtime/bench/random_batches.h"
#include "runtime/commands/setup.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr uint64_t kSeed = 0;
constexpr int kRounds = 5;  // so that what else the machine does meets all measurements alike
constexpr int kWarmUps = 3;
constexpr int kMostRuns = 20000;  // of a round: more of so short ones say nothing new

// One thing that is timed: an entry on batches of one size.
struct Subject {
  const char* key;    // in JSON
  const char* label;  // for people
  const EntryInfo* entry;
  int64_t batch;
  CallTimes* calls = nullptr;  // where the time of each call goes, or null
  Durations durations = {};
};

class Bench {
 public:
  Bench(const Program& program, StateBlock& state, Executor& executor, RandomBatches& data)
      : program_(program), state_(state), executor_(executor), data_(data) {}

  Status prepare(const Subject& subject) {
    if (Status status = executor_.prepare(*subject.entry, subject.batch); !status) return status;
    if (!outputs_.empty()) return {};  // the largest batch comes first
    for (int32_t i = 0; i < program_.output_count; ++i) {
      const TensorInfo& output = program_.outputs[i];
      Result<AlignedBuffer> rows =
          AlignedBuffer::allocate(subject.batch * output.elements * size_of(output.type), "outputs");
      if (!rows) return rows.error();
      outputs_.push_back(rows->data());
      memory_.push_back(std::move(*rows));
    }
    return {};
  }

  // Runs it for that many seconds, or that many times at least.
  Status run(Subject& subject, double seconds, int at_least, bool keep) {
    executor_.set_call_times(keep ? subject.calls : nullptr);
    const double end = now() + seconds;
    for (int done = 0; done < at_least || (done < kMostRuns && now() < end); ++done) {
      const void* const* batch = data_.next();
      if (subject.entry == &program_.train) state_.set_step(kSeed, state_.iterations(), 0, subject.batch);
      const double began = now();
      if (Status status = executor_.run(*subject.entry, batch, outputs_.data(), subject.batch); !status) return status;
      if (keep) subject.durations.add(now() - began);
      if (keep && subject.calls != nullptr) subject.calls->end_step();
    }
    executor_.set_call_times(nullptr);
    return {};
  }

  Status run_all(std::vector<Subject>& subjects, double seconds) {
    for (Subject& subject : subjects) {
      if (Status status = prepare(subject); !status) return status;
      if (Status status = run(subject, 0, kWarmUps, false); !status) return status;
    }
    for (int round = 0; round < kRounds; ++round) {
      for (Subject& subject : subjects)
        if (Status status = run(subject, seconds / kRounds, 1, true); !status) return status;
    }
    return {};
  }

 private:
  const Program& program_;
  StateBlock& state_;
  Executor& executor_;
  RandomBatches& data_;
  std::vector<AlignedBuffer> memory_;
  std::vector<void*> outputs_;
};

// The step that trains, as fit runs it; an evaluation; predictions of a batch and of one sample. Where the program
// tells its calls apart, each with clocks around them too.
std::vector<Subject> subjects_of(const Program& program, int64_t batch, CallTimes* calls) {
  std::vector<Subject> all;
  if (program.train.run != nullptr) all.push_back({"train", "train a batch", &program.train, batch});
  if (program.evaluate.run != nullptr) all.push_back({"evaluate", "evaluate a batch", &program.evaluate, batch});
  all.push_back({"predict", "predict a batch", &program.predict, batch});
  if (batch > 1 && program.fixed_batch == 0) all.push_back({"predict_one", "predict one sample", &program.predict, 1});
  if (calls == nullptr) return all;
  if (program.train.run != nullptr) all.push_back({"timed_train", "", &program.train, batch, calls});
  if (program.evaluate.run != nullptr) all.push_back({"timed_evaluate", "", &program.evaluate, batch, calls});
  all.push_back({"timed_predict", "", &program.predict, batch, calls});
  return all;
}

int64_t arena_bytes(const Subject& subject) {
  return subject.entry->arena_fixed + subject.entry->arena_batch * subject.batch;
}

int64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

void print_table(const Trainer& trainer, int64_t batch, int threads, int64_t data_bytes,
                 const std::vector<Subject>& subjects) {
  const Program& program = trainer.program;
  std::printf("%s: batches of %ld, %d thread%s, made-up data\n\n", program.name, batch, threads,
              threads == 1 ? "" : "s");
  std::printf("%-20s %10s %10s %8s %14s %12s\n", "", "best", "median", "spread", "samples/s", "memory");
  for (const Subject& s : subjects) {
    if (s.label[0] == '\0') continue;
    const double median = s.durations.median();
    const int64_t rate = median > 0 ? static_cast<int64_t>(static_cast<double>(s.batch) / median) : 0;
    std::printf("%-20s %10s %10s %6.0f %% %14s %12s\n", s.label, duration_text(s.durations.best()).c_str(),
                duration_text(median).c_str(), 100 * s.durations.spread(), with_thousands(rate).c_str(),
                memory_size(arena_bytes(s)).c_str());
  }
  std::printf("\nweights and optimizer %s, data %s, the whole process at most %s\n",
              memory_size(program.state_bytes).c_str(), memory_size(data_bytes).c_str(),
              memory_size(peak_memory()).c_str());
}

void print_json(const Trainer& trainer, int64_t batch, int threads, int64_t data_bytes,
                const std::vector<Subject>& subjects, const CallTimes* calls) {
  const Program& program = trainer.program;
  std::string text = format(
      "{\"program\": %s, \"batch_size\": %ld, \"threads\": %d, \"state_bytes\": %ld, \"data_bytes\": %ld, "
      "\"peak_bytes\": %ld",
      json_string(program.name).c_str(), batch, threads, program.state_bytes, data_bytes, peak_memory());
  for (const Subject& s : subjects) {
    text += format(", \"%s\": {\"batch_size\": %ld, \"arena_bytes\": %ld, \"time\": %s}", s.key, s.batch,
                   arena_bytes(s), s.durations.to_json().c_str());
  }
  if (calls != nullptr) text += ", \"calls\": " + calls->to_json();
  std::printf("%s}\n", text.c_str());
}

}  // namespace

Result<int> run_bench(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  const int64_t usual = program.fixed_batch > 0 ? program.fixed_batch : program.default_batch;
  const int64_t batch = options.batch_size > 0 ? options.batch_size : usual;
  Result<StateBlock> state = make_state(trainer, options, kSeed);
  if (!state) return state.error();
  Executor executor(program, *state, options.threads);
  CallTimes calls(program.timed_calls);
  std::vector<Subject> subjects = subjects_of(program, batch, program.timed_calls > 0 ? &calls : nullptr);
  // Before any data: this says best what is wrong with the size of a batch.
  if (Status status = executor.prepare(*subjects[0].entry, batch); !status) return status.error();
  Result<RandomBatches> data = RandomBatches::create(program, batch, kSeed);
  if (!data) return data.error();
  Bench bench(program, *state, executor, *data);
  if (Status status = bench.run_all(subjects, options.seconds); !status) return status.error();
  if (options.json)
    print_json(trainer, batch, executor.threads(), data->bytes(), subjects, program.timed_calls > 0 ? &calls : nullptr);
  else
    print_table(trainer, batch, executor.threads(), data->bytes(), subjects);
  return 0;
}

}  // namespace kcc::runtime
