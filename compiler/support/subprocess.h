// Other programs: whether they are there, and running them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kcc {

// Whether the shell would find it: a path, or a name in one of PATH's folders.
bool is_command(const std::string& name);

struct Outcome {
  int status = -1;       // as waitpid gives it
  std::string failure;   // "" or why it could not be started
  std::string messages;  // what it printed

  bool good() const { return failure.empty() && status == 0; }
  std::string why() const;  // it is not: "exit status 1"
};

// Runs a command in `folder`, where it leaves its messages in a file of that name.
Outcome run_command(const std::vector<std::string>& command, const std::filesystem::path& folder);

}  // namespace kcc
