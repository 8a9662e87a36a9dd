// The catalogue: everything of Keras that kcc takes, kind by kind, with its arguments. Made by running every registered
// reader on an object without options and noting what it asks for (option_log.h): there is no second list. `kcc ops`
// prints it.
#pragma once

#include <string>
#include <vector>

#include "frontend/option_log.h"

namespace kcc {

struct CatalogueEntry {
  std::string name;                  // as Keras writes it
  std::vector<std::string> aliases;  // other names that are taken; of a function, its modules
  std::vector<OptionNote> options;   // in Keras's order where arguments may be given by position
  std::string signature = "";        // of a function, instead of options: "x, axis=None"
};

struct CatalogueKind {
  std::string title;               // "Layers"
  std::string note;                // what holds for all of them; "" for nothing
  std::vector<OptionNote> common;  // arguments that every entry takes, with one meaning; left out of the entries
  std::vector<CatalogueEntry> entries;
};

std::vector<CatalogueKind> make_catalogue();
// Moves what every entry takes into `common`.
void share_common_options(CatalogueKind& kind);

}  // namespace kcc
