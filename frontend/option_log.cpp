#include "frontend/option_log.h"

namespace kcc {

OptionNote& ReaderLog::note(const std::string& key) {
  for (OptionNote& option : options)
    if (option.key == key) return option;
  options.push_back({key, std::nullopt, {}, "", false, false, false});
  return options.back();
}

}  // namespace kcc
