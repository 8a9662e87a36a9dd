#include "runtime/distributed/ranks.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "runtime/cores.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

Error no_plugin(const std::string& why) {
  const int count = launched_processes();
  const std::string started = count > 1 ? format("%d processes were started", count) : "MPI is asked for";
  return make_error(
      "%s, but kcc's MPI plugin cannot be loaded: %s; install MPI and point KCC_MPI_PLUGIN at libkcc_mpi.so, "
      "or pass --distributed=none to let each process train alone",
      started.c_str(), why.c_str());
}

Result<const KccCommunicator*> load_plugin() {
  const char* named = std::getenv("KCC_MPI_PLUGIN");
  const char* file = named != nullptr && named[0] != '\0' ? named : "libkcc_mpi.so";
  // Global: Open MPI loads parts of its own that look for its symbols.
  void* library = dlopen(file, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) return no_plugin(dlerror());
  const KccJoin join = reinterpret_cast<KccJoin>(dlsym(library, KCC_JOIN_SYMBOL));
  if (join == nullptr) return no_plugin(std::string(file) + " belongs to another version of kcc");
  char error[256] = "";
  const KccCommunicator* others = join(error, sizeof(error));
  if (others == nullptr) return no_plugin(error);
  return others;
}

}  // namespace

// Slurm also sets SLURM_NTASKS for a batch script itself, which is one process; a step's tasks have this one.
int launched_processes() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* value = std::getenv(name);
    const int count = value == nullptr ? 0 : std::atoi(value);
    if (count > 0) return count;
  }
  return std::getenv("PMIX_RANK") == nullptr ? 1 : 0;
}

Status Ranks::join(Distributed mode) {
  const int launched = launched_processes();
  if (mode == Distributed::kNone || (mode == Distributed::kAuto && launched == 1)) return {};
  const Result<const KccCommunicator*> others = load_plugin();
  if (!others) return others.error();
  others_ = *others;
  if (launched <= 1 || size() == launched) return {};
  return make_error(
      "%d processes were started, but MPI counts %d: the launcher belongs to another MPI than libkcc_mpi.so; "
      "--distributed=none lets each process train alone",
      launched, size());
}

int Ranks::threads(int wanted) const {
  if (wanted > 0) return wanted;
  if (alone()) return default_threads();
  return std::max(1, default_threads() / others_->on_this_machine);
}

void Ranks::sum(float* values, int64_t count) const {
  if (others_ != nullptr) others_->sum(values, count);
}

void Ranks::broadcast(void* data, int64_t bytes) const {
  if (others_ != nullptr) others_->broadcast(data, bytes);
}

void Ranks::end() {
  if (others_ != nullptr) others_->end();
  others_ = nullptr;
}

void Ranks::abort(int status) const {
  if (others_ != nullptr) others_->abort(status);
}

}  // namespace kcc::runtime
