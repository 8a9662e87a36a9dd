// The C interface between a trainer and libkcc_mpi.so, the plugin that alone is linked with MPI: a trainer needs no MPI
// on the machine unless mpirun starts it.
#pragma once

#include <cstdint>

extern "C" {

// One process, a rank, among `size`. Calls are collective: every rank makes the same ones in the same order, one thread
// at a time. An error of MPI ends all ranks with MPI's own message.
struct KccCommunicator {
  int32_t rank, size;
  int32_t on_this_machine;                       // ranks that share its cores
  void (*sum)(float* values, int64_t count);     // over the ranks, in place
  void (*broadcast)(void* data, int64_t bytes);  // rank 0's
  void (*end)();                                 // waits for the other ranks
  [[noreturn]] void (*abort)(int status);        // ends all ranks
};

// Joins the other ranks; null after writing why not to `error`, at most `error_size` bytes with the final zero.
using KccJoin = const KccCommunicator* (*)(char* error, int32_t error_size);
#define KCC_JOIN_SYMBOL "kcc_join_1"  // the number changes with the interface
}
