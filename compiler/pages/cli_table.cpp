#include "compiler/pages/cli_table.h"

#include <CLI/CLI.hpp>

namespace kcc {
namespace {

// "{a,b,c}" anywhere in the type, as CLI::IsMember writes it and options.cpp for checks of its own.
std::vector<std::string> values_in(const std::string& type) {
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

CliOption describe(const CLI::Option& option) {
  CliOption row;
  for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  if (row.names.empty()) row.names.push_back(option.get_name());
  row.help = option.get_description();
  row.takes_value = option.get_items_expected_max() != 0;
  row.repeats = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  row.values = values_in(option.get_type_name());
  row.fallback = option.get_default_str();
  return row;
}

CliCommand describe(const CLI::App& app, const std::string& name) {
  CliCommand command{name, app.get_description(), {}};
  for (const CLI::Option* option : app.get_options()) command.options.push_back(describe(*option));
  return command;
}

}  // namespace

CliTable make_cli_table(const CLI::App& app) {
  CliTable table{app.get_name(), app.version(), {describe(app, "")}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); }))
    table.commands.push_back(describe(*command, command->get_name()));
  return table;
}

}  // namespace kcc
