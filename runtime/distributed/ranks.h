// Ranks: the processes that train one model together, of which this is one. Without a launcher there is one alone.
#pragma once

#include <cstdint>

#include "runtime/distributed/communicator.h"
#include "runtime/files/result.h"
#include "runtime/options.h"

namespace kcc::runtime {

// How many processes mpirun or a like launcher says it started; 1: there is no launcher; 0: one that does not say.
int launched_processes();

class Ranks {
 public:
  Ranks() = default;  // one alone

  // Loads the plugin and meets the others if `mode` or the launcher asks for it. It is an Error if that is impossible,
  // so that N processes never train N models side by side. The plugin is $KCC_MPI_PLUGIN, or libkcc_mpi.so beside the
  // program, in kcc's own folder or where the system looks for libraries.
  Status join(Distributed mode);

  int32_t rank() const { return others_ == nullptr ? 0 : others_->rank; }
  int32_t size() const { return others_ == nullptr ? 1 : others_->size; }
  bool alone() const { return size() == 1; }
  bool first() const { return rank() == 0; }  // prints and writes files

  // Threads for this process: `wanted`, or if that is 0 its part of the machine's cores.
  int threads(int wanted) const;

  void sum(float* values, int64_t count) const;
  void broadcast(void* data, int64_t bytes) const;  // rank 0's
  void end();                                       // nothing may be summed afterwards
  void abort(int status) const;                     // ends all ranks; returns only where this one is alone

 private:
  const KccCommunicator* others_ = nullptr;
};

}  // namespace kcc::runtime
