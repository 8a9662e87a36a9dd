// CliTable: the command line as data, taken from the option declarations of options.cpp: what the man page and the
// shells' completions are written from.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace kcc {

struct CliOption {
  std::vector<std::string> names;  // with their dashes: "-j", "--jobs"; of a positional argument "MODEL"
  std::string help;
  bool takes_value = false;
  bool repeats = false;
  std::vector<std::string> values;  // all that it may be; empty: any, a file for instance
  std::string fallback;             // as --help shows it; "" for none

  bool is_positional() const { return names[0][0] != '-'; }
};

struct CliCommand {
  std::string name;  // "" for kcc itself
  std::string help;
  std::vector<CliOption> options;
};

struct CliTable {
  std::string program, version;
  std::vector<CliCommand> commands;  // kcc itself first
};

CliTable make_cli_table(const CLI::App& app);

}  // namespace kcc
