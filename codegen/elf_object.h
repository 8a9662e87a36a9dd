// Relocatable ELF objects, as far as kcc must change what LLVM wrote. A compiled kernel is kept in the cache under one
// neutral name, whatever program wants it; each program then gives its own. A library's object loses its inner names.
#pragma once

#include <string>

namespace kcc {

// The object with every global symbol that it defines and whose name begins with `from` renamed to begin with `to`,
// and hidden from other modules. "" if `object` is not a 64-bit little-endian relocatable ELF object.
std::string rename_symbols(std::string object, const std::string& from, const std::string& to);

// The object with the calls and jumps inside one section filled in, as an assembler would have, which leaves the linker
// less to do and the file fewer relocations. x86-64 alone; others come back as they are. "" as above.
std::string resolve_inside_sections(const std::string& object);

// The object without the names of its local C++ symbols, which are long and which nothing outside can use. The old ones
// stay in the file until another tool writes it anew. "" as above.
std::string drop_local_names(const std::string& object);

}  // namespace kcc
