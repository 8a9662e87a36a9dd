#include "compiler/pages/completion.h"

#include <fmt/format.h>

namespace kcc {
namespace {

std::string joined(const std::vector<std::string>& words, const char* separator = " ") {
  return fmt::format("{}", fmt::join(words, separator));
}

std::vector<std::string> command_names(const CliTable& table) {
  std::vector<std::string> names;
  for (const CliCommand& command : table.commands)
    if (!command.name.empty()) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names(const CliCommand& command) {
  std::vector<std::string> names;
  for (const CliOption& option : command.options)
    if (!option.is_positional()) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

// One word of a shell.
std::string quoted(const std::string& text) {
  std::string safe;
  for (char c : text) safe += c == '\'' ? "'\\''" : std::string(1, c);
  return "'" + safe + "'";
}

// With a backslash before each of those characters.
std::string escaped(const std::string& text, const std::string& special) {
  std::string safe;
  for (char c : text) safe += (special.find(c) == std::string::npos ? "" : "\\") + std::string(1, c);
  return safe;
}

// ---- bash

// "  NAME|NAME) values" for every option that has a few.
std::string bash_values(const CliTable& table) {
  std::vector<std::string> seen;
  std::string text;
  for (const CliCommand& command : table.commands)
    for (const CliOption& option : command.options) {
      const std::string pattern = joined(option.names, "|");
      if (option.values.empty() || option.is_positional() ||
          fmt::format("{}", fmt::join(seen, " ")).find(pattern) != std::string::npos)
        continue;
      seen.push_back(pattern);
      text += fmt::format("    {}) COMPREPLY=($(compgen -W {} -- \"$word\")); return ;;\n", pattern,
                          quoted(joined(option.values)));
    }
  return text;
}

// ---- zsh

std::string zsh_option(const CliOption& option) {
  const std::string help = "[" + escaped(option.help, "[]:") + "]";
  const std::string action = !option.takes_value     ? ""
                             : option.values.empty() ? ":value:_files"
                                                     : ":value:(" + joined(option.values) + ")";
  if (option.is_positional()) return fmt::format("    '1:{}:_files'", option.names[0]);
  std::string text;
  for (const std::string& name : option.names) {
    const bool is_long = name.rfind("--", 0) == 0;
    const std::string spelt = (option.repeats ? "*" : "") + name + (option.takes_value ? (is_long ? "=" : "+") : "");
    text += (text.empty() ? "    " : " \\\n    ") + quoted(spelt + help + action);
  }
  return text;
}

std::string zsh_arguments(const CliCommand& command) {
  std::string text = "_arguments";
  for (const CliOption& option : command.options) text += " \\\n" + zsh_option(option);
  return text + "\n";
}

// ---- fish

std::string fish_option(const std::string& program, const std::string& condition, const CliOption& option) {
  std::string text = fmt::format("complete -c {} -n {}", program, condition);
  for (const std::string& name : option.names)
    text += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.values.empty())
    text += " -x -a " + quoted(joined(option.values));
  else if (option.takes_value)
    text += " -r";
  return text + " -d " + quoted(escaped(option.help, "\\")) + "\n";
}

}  // namespace

std::string bash_completion(const CliTable& table) {
  std::string text = "# bash completion of " + table.program + ", made by `" + table.program + " generate bash`.\n";
  text += "_kcc() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options\n";
  // bash takes "--emit=li" for three words
  text +=
      "  if [[ $word == = ]]; then word=\n"
      "  elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  case $before in\n" +
      bash_values(table) + "  esac\n  case ${COMP_WORDS[1]} in\n";
  for (const CliCommand& command : table.commands)
    if (!command.name.empty())
      text += fmt::format("    {}) options={} ;;\n", command.name, quoted(joined(option_names(command))));
  text += fmt::format("    *) options={} ;;\n  esac\n", quoted(joined(option_names(table.commands[0]))));
  text += fmt::format(
      "  if ((COMP_CWORD == 1)) && [[ $word != -* ]]; then\n"
      "    COMPREPLY=($(compgen -W {} -- \"$word\") $(compgen -f -- \"$word\"))\n"
      "  elif [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n  fi\n}}\n"
      "complete -o default -F _kcc {}\n",
      quoted(joined(command_names(table))), table.program);
  return text;
}

std::string zsh_completion(const CliTable& table) {
  std::string text = fmt::format("#compdef {0}\n# zsh completion of {0}, made by `{0} generate zsh`.\n", table.program);
  text += "local -a commands=(\n";
  for (const CliCommand& command : table.commands)
    if (!command.name.empty()) text += "  " + quoted(command.name + ":" + command.help) + "\n";
  text +=
      ")\nif ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n  _describe command commands\nfi\ncase $words[2] in\n";
  for (const CliCommand& command : table.commands)
    if (!command.name.empty())
      text += fmt::format("{})\n  shift words; ((CURRENT--))\n  {};;\n", command.name, zsh_arguments(command));
  return text + "*)\n  " + zsh_arguments(table.commands[0]) + ";;\nesac\n";
}

std::string fish_completion(const CliTable& table) {
  const std::string names = joined(command_names(table));
  std::string text = fmt::format("# fish completion of {0}, made by `{0} generate fish`.\n", table.program);
  for (const CliCommand& command : table.commands) {
    if (!command.name.empty())
      text += fmt::format("complete -c {} -n '__fish_is_first_token' -a {} -d {}\n", table.program, command.name,
                          quoted(escaped(command.help, "\\")));
    const std::string condition = command.name.empty() ? "'not __fish_seen_subcommand_from " + names + "'"
                                                       : "'__fish_seen_subcommand_from " + command.name + "'";
    for (const CliOption& option : command.options)
      if (!option.is_positional()) text += fish_option(table.program, condition, option);
  }
  return text;
}

}  // namespace kcc
