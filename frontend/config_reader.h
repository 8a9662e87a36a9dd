// ConfigReader: reads the options of one Keras object (a layer, an optimizer, a loss, ...) and remembers which were
// read, so that an option that nobody understood is an error and never silently ignored.
// Every function takes Keras's default and reports a value of the wrong kind, then returns the default.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "frontend/environment.h"
#include "frontend/report.h"

namespace kcc {

// What a string or {"class_name": ..., "config": {...}} names: an activation, initializer, loss, ...
struct NamedObject {
  std::string name;
  const json::Value* config = nullptr;  // null where only a name is given
  json::Mark mark;
};
// Empty if the value has neither form. Functions are written {"class_name": "function", "config": "relu"}.
std::optional<NamedObject> named_object(const json::Value& value);

class ConfigReader {
 public:
  // `subject` is what messages call the object: "Dense". A null config is one without options.
  ConfigReader(const json::Value* config, json::Mark mark, std::string subject, const Report& report,
               const Environment& environment = {});

  const Report& report() const { return report_; }
  const std::string& subject() const { return subject_; }
  json::Mark mark() const { return mark_; }
  const Environment& environment() const { return environment_; }

  // The option's value, null where absent. Counts as read.
  const json::Value* find(const std::string& key);
  bool has(const std::string& key) { return find(key) != nullptr; }     // present and not null
  bool written(const std::string& key) { return raw(key) != nullptr; }  // present, maybe null

  int64_t integer(const std::string& key, int64_t fallback);
  int64_t positive(const std::string& key,
                   std::optional<int64_t> fallback = std::nullopt);  // required without fallback
  double number(const std::string& key, double fallback);
  bool boolean(const std::string& key, bool fallback);
  std::string text(const std::string& key, const std::string& fallback);
  std::string choice(const std::string& key, const std::string& fallback, const std::vector<std::string>& allowed);
  // `count` positive numbers, or one number for all.
  std::vector<int64_t> sizes(const std::string& key, size_t count, std::optional<std::vector<int64_t>> fallback);
  // Entries may be null: -1.
  std::optional<std::vector<int64_t>> shape(const std::string& key);

  // Options that change nothing here.
  void ignore(const std::vector<std::string>& keys);
  // Reports an option whose value asks for what kcc does not do; null and false ask for nothing.
  void refuse(const std::string& key, const std::string& why = "is not supported yet");
  // Arguments that were given by position are called "#0", "#1": these are their names.
  void positional(const std::vector<std::string>& keys);
  // All options, an object, with those names in the place of positions.
  json::Value named() const;

  void error(const std::string& key, const std::string& expected);
  // For `kcc ops`: that an option must be given; its default as Python writes it, where no function above was told;
  // what of Keras's values is refused.
  void note_required(const std::string& key);
  void note_default(const std::string& key, const std::string& fallback);
  void note_limit(const std::string& key, const std::string& limit);
  // Reports every option that was not read.
  void finish();

 private:
  const json::Value* raw(const std::string& key);

  const json::Value* config_;
  json::Mark mark_;
  std::string subject_;
  const Report& report_;
  Environment environment_;
  std::vector<std::string> positional_;
  std::set<std::string> known_;  // asked for, whether present or not
  ReaderLog* log_ = nullptr;     // null: nobody wants to know
};

}  // namespace kcc
