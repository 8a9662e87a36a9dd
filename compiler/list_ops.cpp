#include "compiler/list_ops.h"

#include <fmt/format.h>

#include <vector>

#include "frontend/catalogue.h"
#include "runtime/callbacks/registry.h"

namespace kcc {
namespace {

constexpr size_t kWidth = 100, kIndent = 4;

// What a callback asks for when it is made without arguments.
CatalogueKind callbacks() {
  CatalogueKind kind{"Callbacks of the trainer", "", {}, {}};
  for (const std::string& name : runtime::callback_names()) {
    std::vector<runtime::TakenArgument> taken;
    runtime::PythonCall call;
    call.name = name;
    call.taken = &taken;
    (void)runtime::make_callback(call);  // the callback itself, or what it misses, is of no interest
    CatalogueEntry entry{name, {}, {}};
    for (const runtime::TakenArgument& argument : taken)
      entry.options.push_back(
          {argument.name, runtime::python_repr(argument.fallback), {}, "", argument.required, false, false});
    kind.entries.push_back(entry);
  }
  return kind;
}

// How operations stand in files: their tensors, which are no options.
bool is_call(const OptionNote& option) {
  return option.key == "args" || option.key == "kwargs";
}

// "units", "rate=0.5", "mode='fan_in'|'fan_out'", "axis=..." where the default is not known
std::string argument_text(const OptionNote& option) {
  if (option.required) return option.key;
  std::string text = option.key + "=" + option.fallback.value_or("...");
  for (const std::string& choice : option.choices)
    if ("'" + choice + "'" != option.fallback) text += "|'" + choice + "'";
  return text;
}

struct Lines {
  std::vector<std::string> arguments, limits, ignored;
};

Lines lines_of(const std::vector<OptionNote>& options) {
  Lines lines;
  for (const OptionNote& option : options) {
    if (is_call(option)) continue;
    if (option.ignored && !option.fallback && !option.required)
      lines.ignored.push_back(option.key);
    else if (!option.refused || option.fallback)
      lines.arguments.push_back(argument_text(option));
    if (!option.limit.empty())
      lines.limits.push_back(fmt::format("{}{} {}", option.key, option.refused ? "" : ":", option.limit));
  }
  return lines;
}

// A paragraph of at most kWidth columns, broken after `separator`.
std::string wrapped(const std::vector<std::string>& words, const char* separator, const std::string& head) {
  std::string text, line = std::string(kIndent, ' ') + head;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i] + (i + 1 < words.size() ? separator : "");
    if (line.size() + 1 + word.size() > kWidth && line.find_first_not_of(' ') != std::string::npos) {
      text += line + "\n";
      line = std::string(2 * kIndent, ' ');
    }
    line += (line.back() == ' ' ? "" : " ") + word;
  }
  return words.empty() ? "" : text + line + "\n";
}

std::string options_text(const std::vector<OptionNote>& options) {
  const Lines lines = lines_of(options);
  return wrapped(lines.arguments, ",", "") + wrapped(lines.limits, ";", "limits:") +
         wrapped(lines.ignored, ",", "no effect:");
}

std::string plain(std::string text) {
  std::erase(text, '`');
  return text;
}

std::string text_of(const CatalogueKind& kind) {
  std::string text = fmt::format("{} ({})\n", kind.title, kind.entries.size());
  if (!kind.note.empty()) text += fmt::format("  {}\n", plain(kind.note));
  if (!kind.common.empty()) text += "  all of them take\n" + options_text(kind.common);
  for (const CatalogueEntry& entry : kind.entries) {
    if (!entry.signature.empty()) {
      text += fmt::format("  {}({})\n", entry.name, entry.signature) + wrapped(entry.aliases, ",", "of");
      continue;
    }
    text += "  " + entry.name;
    if (!entry.aliases.empty()) text += fmt::format(", also {}", fmt::join(entry.aliases, ", "));
    text += "\n" + options_text(entry.options);
  }
  return text + "\n";
}

// In a cell of a table, '|' would end it.
std::string cell(const std::vector<std::string>& words, const char* separator, bool code) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    for (char c : code ? "`" + word + "`" : word) text += c == '|' ? "\\|" : std::string(1, c);
  }
  return text;
}

std::string row(std::string name, const std::vector<OptionNote>& options) {
  const Lines lines = lines_of(options);
  return fmt::format("| {} | {} | {} | {} |\n", name, cell(lines.arguments, ", ", true),
                     cell(lines.limits, "; ", false), cell(lines.ignored, ", ", true));
}

std::string markdown_of(const CatalogueKind& kind) {
  std::string text = fmt::format("## {}\n\n", kind.title);
  if (!kind.note.empty()) text += kind.note + "\n\n";
  if (!kind.entries[0].signature.empty()) {
    text += "| function | in |\n|---|---|\n";
    for (const CatalogueEntry& entry : kind.entries)
      text += fmt::format("| {} | {} |\n", cell({fmt::format("{}({})", entry.name, entry.signature)}, "", true),
                          cell(entry.aliases, ", ", true));
    return text + "\n";
  }
  text += "| name | arguments | limits | no effect |\n|---|---|---|---|\n";
  if (!kind.common.empty()) text += row("all of them", kind.common);
  for (const CatalogueEntry& entry : kind.entries) {
    std::string name = "`" + entry.name + "`";
    if (!entry.aliases.empty()) name += ", also " + cell(entry.aliases, ", ", true);
    text += row(name, entry.options);
  }
  return text + "\n";
}

constexpr char kMarkdownHead[] =
    "# What kcc supports\n\n"
    "Made by `kcc ops --markdown` from what the compiler itself reads: do not edit. An argument without a value is "
    "required; `=` gives the default, `...` one that depends on other things, `a|b` all values there are. \"Limits\" "
    "is "
    "what kcc takes less than Keras does: anything else is refused with a message, never silently ignored. Arguments "
    "under \"no effect\" are taken and change nothing in a compiled program.\n\n";

}  // namespace

std::string ops_text(OpsForm form) {
  std::vector<CatalogueKind> kinds = make_catalogue();
  kinds.push_back(callbacks());
  std::string text = form == OpsForm::kMarkdown ? kMarkdownHead : "";
  for (const CatalogueKind& kind : kinds) text += form == OpsForm::kMarkdown ? markdown_of(kind) : text_of(kind);
  text.pop_back();  // no empty line at the end
  return text;
}

}  // namespace kcc
