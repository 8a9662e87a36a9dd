#include "compiler/pages/man_page.h"

#include <fmt/format.h>

#include <cctype>

namespace kcc {
namespace {

// Dashes as they are typed; a line that begins like a request is none.
std::string roff(const std::string& text) {
  std::string escaped = !text.empty() && (text[0] == '.' || text[0] == '\'') ? "\\&" : "";
  for (char c : text) escaped += c == '-' ? "\\-" : c == '\\' ? "\\e" : std::string(1, c);
  return escaped;
}

std::string bold(const std::string& text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string item(const CliOption& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += (names.empty() ? "" : ", ") + (option.is_positional() ? "\\fI" + roff(name) + "\\fR" : bold(name));
  const std::string value = option.is_positional() || !option.takes_value ? "" : " \\fIVALUE\\fR";
  std::string text = ".TP\n" + names + value + "\n" + roff(option.help);
  if (!option.values.empty()) text += roff(fmt::format(" ({})", fmt::join(option.values, ", ")));
  if (!option.fallback.empty()) text += roff(fmt::format("; default {}", option.fallback));
  return text + (option.repeats ? "; may be given several times\n" : "\n");
}

std::string items(const CliCommand& command) {
  std::string text;
  for (const CliOption& option : command.options) text += item(option);
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

constexpr char kEnd[] = R"(.SH EXIT STATUS
0 when all went well, 1 when the input is wrong (the message says where and what was expected), 2 for wrong usage. On an
error no output file is left or changed.
.SH ENVIRONMENT
.TP
\fBCXX\fR
the C++ compiler that programs are compiled and linked with; otherwise the first of c++, g++ and clang++
.TP
\fBNO_COLOR\fR
no colour in messages, unless \fB\-\-color=always\fR asks for it
.TP
\fBXDG_CACHE_HOME\fR
where compiled kernels are kept, in the folder kcc; otherwise ~/.cache
.SH EXAMPLES
.nf
kcc model.keras \-o trainer
\&./trainer fit \-x x.npy \-y y.npy \-\-epochs 5
\&./trainer predict \-x x.npy \-o y.npy
.fi
)";

}  // namespace

std::string man_page(const CliTable& table) {
  const std::string name = bold(table.program);
  std::string text = fmt::format(".TH {} 1 \"\" \"{}\" \"User Commands\"\n", upper(table.program), table.version);
  text += ".SH NAME\n" + table.program + " \\- compile a Keras model to a native program\n.SH SYNOPSIS\n";
  text += name + " \\fIMODEL\\fR [\\fB\\-o\\fR \\fIOUT\\fR] [\\fIoptions\\fR]\n";
  for (const CliCommand& command : table.commands)
    if (!command.name.empty()) text += ".br\n" + name + " " + bold(command.name) + " [\\fIoptions\\fR]\n";
  text += ".SH DESCRIPTION\n" + roff(table.commands[0].help) + "\n.SH OPTIONS\n" + items(table.commands[0]);
  text += ".SH COMMANDS\n";
  for (const CliCommand& command : table.commands)
    if (!command.name.empty())
      text += fmt::format(".SS {} {}\n{}\n{}", table.program, command.name, roff(command.help), items(command));
  return text + kEnd;
}

}  // namespace kcc
