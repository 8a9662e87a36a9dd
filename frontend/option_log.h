// OptionLog: which options readers asked for, with their defaults, as `kcc ops` lists them. A reader writes it where
// its Report has one; since readers refuse every option that they did not ask for, the log cannot miss one that they
// take.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace kcc {

struct OptionNote {
  std::string key;
  std::optional<std::string> fallback;  // as Python writes it: "0.01", "'valid'", "None"; empty where not known
  std::vector<std::string> choices;     // of a string: all that are taken; empty: see `fallback`
  std::string limit;                    // what of Keras's values is not taken; "" where all are
  bool required = false;
  bool refused = false;  // `limit` says why: "is not supported yet"
  bool ignored = false;  // taken, but changes nothing here
};

struct ReaderLog {
  std::string subject;                  // of the reader's messages: "Dense"
  std::vector<std::string> positional;  // Keras's order, where arguments may be given by position
  std::vector<OptionNote> options;      // in the order of reading

  OptionNote& note(const std::string& key);
};

// One entry a reader, in the order of their making; a deque, because readers keep their place in it.
using OptionLog = std::deque<ReaderLog>;

}  // namespace kcc
