// Ctrl-C during fit: the first one asks for an end after the batch, the second kills as always.
#pragma once

namespace kcc::runtime {

void catch_interrupts();  // SIGINT and SIGTERM

int interrupting_signal();  // 0: none came

}  // namespace kcc::runtime
