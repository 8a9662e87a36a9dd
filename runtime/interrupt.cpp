#include "runtime/interrupt.h"

#include <signal.h>

namespace kcc::runtime {
namespace {

volatile sig_atomic_t received = 0;

void receive(int signal) {
  received = signal;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = receive;
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interrupting_signal() {
  return received;
}

}  // namespace kcc::runtime
