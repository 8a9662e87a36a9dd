#include "runtime/terminal.h"

#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace kcc::runtime {

int terminal_columns() {
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int page_columns() {
  const char* given = std::getenv("COLUMNS");
  if (given != nullptr && std::atoi(given) > 0) return std::atoi(given);
  const int columns = terminal_columns();
  return columns > 0 ? columns : 80;
}

bool utf8_locale() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || value[0] == '\0') continue;
    return strcasestr(value, "utf-8") != nullptr || strcasestr(value, "utf8") != nullptr;
  }
  return true;
}

}  // namespace kcc::runtime
