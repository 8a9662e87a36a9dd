#include "runtime/named_files.h"

#include <algorithm>

#include "runtime/data/load_array.h"
#include "runtime/format.h"
#include "runtime/nearest.h"

namespace kcc::runtime {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error names_needed(const Slots& slots) {
  if (slots.names.size() == 1) {
    return make_error("the model has one %s, '%s': pass %s once", slots.kind, slots.names[0].c_str(),
                      slots.option.c_str());
  }
  return make_error("the model has %zu %ss: pass %s NAME=FILE for each of %s", slots.names.size(), slots.kind,
                    slots.option.c_str(), join(slots.names, ", ").c_str());
}

}  // namespace

Source parse_source(const std::string& text, const Slots& slots) {
  const size_t equals = text.find('=');
  const std::string name = equals == std::string::npos ? "" : text.substr(0, equals);
  const bool named = !name.empty() && (contains(slots.names, name) || name.find_first_of("/.:") == std::string::npos);
  const std::string spec = named ? text.substr(equals + 1) : text;
  return {named ? name : "", spec, slots.label + " '" + spec + "'"};
}

Result<std::vector<const LoadedSource*>> match_some(const Slots& slots, const std::vector<LoadedSource>& sources) {
  std::vector<const LoadedSource*> matched(slots.names.size(), nullptr);
  for (const LoadedSource& loaded : sources) {
    const Source& source = loaded.source;
    if (source.name.empty() && (slots.names.size() > 1 || sources.size() > 1)) return names_needed(slots);
    size_t at = 0;
    if (!source.name.empty()) {
      at = static_cast<size_t>(std::find(slots.names.begin(), slots.names.end(), source.name) - slots.names.begin());
    }
    if (at == slots.names.size()) {
      const std::string hint = did_you_mean(source.name, slots.names);
      return make_error("%s: unknown %s '%s'%s", slots.option.c_str(), slots.kind, source.name.c_str(),
                        hint.empty() ? (", the model has " + join(slots.names, ", ")).c_str() : hint.c_str());
    }
    if (matched[at] != nullptr) {
      return make_error("%s: %s '%s' is given twice", slots.option.c_str(), slots.kind, slots.names[at].c_str());
    }
    matched[at] = &loaded;
  }
  return matched;
}

Result<std::vector<const LoadedSource*>> match(const Slots& slots, const std::vector<LoadedSource>& sources) {
  Result<std::vector<const LoadedSource*>> matched = match_some(slots, sources);
  if (!matched) return matched;
  for (size_t i = 0; i < matched->size(); ++i) {
    if ((*matched)[i] != nullptr) continue;
    return make_error("no data for %s '%s': pass %s %s=FILE", slots.kind, slots.names[i].c_str(), slots.option.c_str(),
                      slots.names[i].c_str());
  }
  return matched;
}

Result<std::vector<LoadedSource>> load_all(const std::vector<std::string>& texts, const Slots& slots) {
  std::vector<LoadedSource> sources;
  for (const std::string& text : texts) {
    Source source = parse_source(text, slots);
    Result<Array> array = load_array(source.spec);
    if (!array) return array.error();
    sources.push_back({std::move(source), std::move(*array)});
  }
  return sources;
}

// "(n, 28, 28, 1)"
std::string batched_shape(const int64_t* extents, int32_t rank) {
  std::string text = "(n";
  for (int32_t i = 0; i < rank; ++i) text += ", " + std::to_string(extents[i]);
  return text + (rank == 0 ? ",)" : ")");
}

}  // namespace kcc::runtime
