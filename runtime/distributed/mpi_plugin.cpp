// libkcc_mpi.so: the communicator on top of MPI.
#include <mpi.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/distributed/communicator.h"

namespace {

constexpr int64_t kLargestMessage = int64_t{1} << 28;  // MPI counts with int

KccCommunicator communicator;

void sum(float* values, int64_t count) {
  for (int64_t done = 0; done < count; done += kLargestMessage) {
    const int64_t some = count - done < kLargestMessage ? count - done : kLargestMessage;
    MPI_Allreduce(MPI_IN_PLACE, values + done, static_cast<int>(some), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  }
}

void broadcast(void* data, int64_t bytes) {
  for (int64_t done = 0; done < bytes; done += kLargestMessage) {
    const int64_t some = bytes - done < kLargestMessage ? bytes - done : kLargestMessage;
    MPI_Bcast(static_cast<char*>(data) + done, static_cast<int>(some), MPI_BYTE, 0, MPI_COMM_WORLD);
  }
}

void end() {
  MPI_Finalize();
}

[[noreturn]] void abort_all(int status) {
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

int ranks_here() {
  MPI_Comm here;
  int count = 1;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
  MPI_Comm_size(here, &count);
  MPI_Comm_free(&here);
  return count;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const KccCommunicator* kcc_join_1(char* error, int32_t error_size) {
  // Sums wait on a thread beside those that compute: it must not keep them from their cores. Users may say otherwise.
  setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  int threads = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &threads);
  if (threads < MPI_THREAD_SERIALIZED) {
    std::snprintf(error, static_cast<size_t>(error_size), "this MPI does not let threads take turns to call it");
    return nullptr;
  }
  MPI_Comm_rank(MPI_COMM_WORLD, &communicator.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &communicator.size);
  communicator.on_this_machine = ranks_here();
  communicator.sum = sum;
  communicator.broadcast = broadcast;
  communicator.end = end;
  communicator.abort = abort_all;
  return &communicator;
}
