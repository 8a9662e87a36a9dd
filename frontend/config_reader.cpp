#include "frontend/config_reader.h"

#include <fmt/format.h>

#include <charconv>

namespace kcc {
namespace {

// 3 of "#3", the key of an argument given by position; -1 of any other key.
int64_t position_of(const std::string& key) {
  int64_t index = -1;
  const char* end = key.data() + key.size();
  if (key.size() < 2 || key[0] != '#' || std::from_chars(key.data() + 1, end, index).ptr != end) return -1;
  return index;
}

// Small enough that sums and products of a few cannot overflow.
bool is_extent(const json::Value& v) {
  return v.kind == json::Kind::kInteger && v.integer > 0 && v.integer < int64_t{1} << 31;
}

// As Python writes them.
std::string python_text(bool value) {
  return value ? "True" : "False";
}
std::string python_text(const std::string& text) {
  return "'" + text + "'";
}
std::string python_text(const std::vector<int64_t>& sizes) {
  return sizes.size() == 1 ? fmt::format("{}", sizes[0]) : fmt::format("({})", fmt::join(sizes, ", "));
}

}  // namespace

std::optional<NamedObject> named_object(const json::Value& value) {
  if (value.is_string()) return NamedObject{value.text, nullptr, value.mark};
  const json::Value* class_name = value.find("class_name");
  if (!class_name || !class_name->is_string()) return std::nullopt;
  const json::Value* config = value.find("config");
  if (config && config->is_string()) return NamedObject{config->text, nullptr, config->mark};
  if (config && !config->is_object()) config = nullptr;
  return NamedObject{class_name->text, config, value.mark};
}

ConfigReader::ConfigReader(const json::Value* config, json::Mark mark, std::string subject, const Report& report,
                           const Environment& environment)
    : config_(config), mark_(mark), subject_(std::move(subject)), report_(report), environment_(environment) {
  if (report.options) log_ = &report.options->emplace_back(ReaderLog{subject_, {}, {}});
}

const json::Value* ConfigReader::raw(const std::string& key) {
  known_.insert(key);
  if (log_) log_->note(key);
  if (!config_) return nullptr;
  if (const json::Value* value = config_->find(key)) return value;
  for (size_t i = 0; i < positional_.size(); ++i)
    if (positional_[i] == key) return config_->find(fmt::format("#{}", i));
  return nullptr;
}

const json::Value* ConfigReader::find(const std::string& key) {
  const json::Value* value = raw(key);
  return value && !value->is_null() ? value : nullptr;
}

void ConfigReader::error(const std::string& key, const std::string& expected) {
  const json::Value* value = raw(key);
  if (!value) note_required(key);
  if (!value) return report_.error(mark_, fmt::format("{} needs the option '{}': {}", subject_, key, expected));
  report_.error(value->mark,
                fmt::format("option '{}' of {} is {}, expected {}", key, subject_, json::to_text(*value), expected));
}

int64_t ConfigReader::integer(const std::string& key, int64_t fallback) {
  note_default(key, std::to_string(fallback));
  const json::Value* value = find(key);
  if (!value) return fallback;
  if (value->kind == json::Kind::kInteger) return value->integer;
  error(key, "an integer");
  return fallback;
}

int64_t ConfigReader::positive(const std::string& key, std::optional<int64_t> fallback) {
  if (fallback) note_default(key, std::to_string(*fallback));
  const json::Value* value = find(key);
  if (!value && fallback) return *fallback;
  if (value && is_extent(*value)) return value->integer;
  const bool large = value && value->kind == json::Kind::kInteger && value->integer > 0;
  error(key, large ? "an integer below 2^31" : "a positive integer");
  return fallback.value_or(1);
}

double ConfigReader::number(const std::string& key, double fallback) {
  note_default(key, json::number_text(fallback));
  const json::Value* value = find(key);
  if (!value) return fallback;
  if (value->is_number()) return value->number;
  error(key, "a number");
  return fallback;
}

bool ConfigReader::boolean(const std::string& key, bool fallback) {
  note_default(key, python_text(fallback));
  const json::Value* value = find(key);
  if (!value) return fallback;
  if (value->kind == json::Kind::kBool) return value->boolean;
  error(key, "true or false");
  return fallback;
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback) {
  note_default(key, python_text(fallback));
  const json::Value* value = find(key);
  if (!value) return fallback;
  if (value->is_string()) return value->text;
  error(key, "a string");
  return fallback;
}

std::string ConfigReader::choice(const std::string& key, const std::string& fallback,
                                 const std::vector<std::string>& allowed) {
  const std::string chosen = text(key, fallback);
  if (log_) log_->note(key).choices = allowed;
  for (const std::string& name : allowed)
    if (name == chosen) return chosen;
  std::string expected;
  for (size_t i = 0; i < allowed.size(); ++i)
    expected += fmt::format("{}'{}'", i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ", allowed[i]);
  error(key, expected);
  return fallback;
}

std::vector<int64_t> ConfigReader::sizes(const std::string& key, size_t count,
                                         std::optional<std::vector<int64_t>> fallback) {
  if (fallback) note_default(key, python_text(*fallback));
  const json::Value* value = find(key);
  if (!value && fallback) return *fallback;
  const std::vector<int64_t> safe = fallback.value_or(std::vector<int64_t>(count, 1));
  if (value && is_extent(*value)) return std::vector<int64_t>(count, value->integer);
  std::vector<int64_t> sizes;
  if (value && value->is_array())
    for (const json::Value& item : value->items)
      if (is_extent(item)) sizes.push_back(item.integer);
  if (sizes.size() == count && value->items.size() == count) return sizes;
  error(key, fmt::format("a positive integer or a list of {}", count));
  return safe;
}

std::optional<std::vector<int64_t>> ConfigReader::shape(const std::string& key) {
  note_default(key, "None");
  const json::Value* value = find(key);
  if (!value) return std::nullopt;
  std::vector<int64_t> shape;
  bool good = value->is_array();
  for (const json::Value& item : value->items) {
    const bool extent = item.kind == json::Kind::kInteger;
    good &= extent || item.is_null();
    shape.push_back(extent ? item.integer : -1);
  }
  if (good) return shape;
  error(key, "a list of integers, null where an extent is open");
  return std::nullopt;
}

void ConfigReader::ignore(const std::vector<std::string>& keys) {
  known_.insert(keys.begin(), keys.end());
  for (const std::string& key : keys)
    if (log_) log_->note(key).ignored = true;
}

void ConfigReader::refuse(const std::string& key, const std::string& why) {
  const json::Value* value = find(key);
  note_limit(key, why);
  if (log_) log_->note(key).refused = true;
  if (!value || (value->kind == json::Kind::kBool && !value->boolean)) return;
  report_.error(value->mark,
                fmt::format("option '{}' of {} is {}, which {}", key, subject_, json::to_text(*value), why));
}

void ConfigReader::positional(const std::vector<std::string>& keys) {
  positional_ = keys;
  if (log_) log_->positional = keys;
}

json::Value ConfigReader::named() const {
  json::Value options = config_ ? *config_ : json::object_value({}, mark_);
  for (size_t i = 0; i < positional_.size(); ++i) options.rename(fmt::format("#{}", i), positional_[i]);
  return options;
}

void ConfigReader::note_required(const std::string& key) {
  if (log_) log_->note(key).required = true;
}

void ConfigReader::note_default(const std::string& key, const std::string& fallback) {
  if (log_) log_->note(key).fallback = fallback;
}

void ConfigReader::note_limit(const std::string& key, const std::string& limit) {
  if (log_) log_->note(key).limit = limit;
}

void ConfigReader::finish() {
  if (!config_) return;
  const std::vector<std::string> candidates(known_.begin(), known_.end());
  for (const json::Member& member : config_->members) {
    if (known_.count(member.key)) continue;
    const int64_t position = position_of(member.key);
    if (position >= 0 && position < static_cast<int64_t>(positional_.size())) continue;
    const std::string what = position >= 0
                                 ? fmt::format("{} takes {} arguments by position", subject_, positional_.size())
                                 : fmt::format("{} has no option '{}'", subject_, member.key);
    report_.error(member.mark, fmt::format("{} (its value is {})", what, json::to_text(member.value)),
                  did_you_mean(member.key, candidates));
  }
}

}  // namespace kcc
