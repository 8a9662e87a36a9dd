#include "codegen/elf_object.h"

#include <elf.h>

#include <cstring>
#include <optional>

namespace kcc {
namespace {

// Reads and writes structures in the bytes of an object; nothing is trusted to lie inside.
class Bytes {
 public:
  explicit Bytes(std::string& bytes) : bytes_(bytes) {}

  template <typename T>
  std::optional<T> get(uint64_t offset) const {
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  template <typename T>
  void put(uint64_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
  }
  std::optional<std::string> get_string(uint64_t offset, uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
    return bytes_.substr(offset, size);
  }

 private:
  std::string& bytes_;
};

bool is_little_relocatable(const Elf64_Ehdr& header) {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_type == ET_REL && header.e_shentsize == sizeof(Elf64_Shdr);
}

// The symbol table and its strings.
struct SymbolTable {
  Elf64_Ehdr header;
  Elf64_Shdr symbols, strings;
  uint64_t strings_at;  // of the strings' section header
  std::string names;
};

std::optional<SymbolTable> read_symbols(const Bytes& bytes) {
  const auto header = bytes.get<Elf64_Ehdr>(0);
  if (!header || !is_little_relocatable(*header)) return std::nullopt;
  std::optional<Elf64_Shdr> symbols;
  for (uint64_t i = 0; i < header->e_shnum && !symbols; ++i) {
    const auto section = bytes.get<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section) return std::nullopt;
    if (section->sh_type == SHT_SYMTAB) symbols = section;
  }
  if (!symbols || symbols->sh_link >= header->e_shnum) return std::nullopt;
  const uint64_t strings_at = header->e_shoff + symbols->sh_link * sizeof(Elf64_Shdr);
  const auto strings = bytes.get<Elf64_Shdr>(strings_at);
  if (!strings) return std::nullopt;
  auto names = bytes.get_string(strings->sh_offset, strings->sh_size);
  if (!names) return std::nullopt;
  return SymbolTable{*header, *symbols, *strings, strings_at, std::move(*names)};
}

}  // namespace

std::string rename_symbols(std::string object, const std::string& from, const std::string& to) {
  Bytes bytes(object);
  std::optional<SymbolTable> table = read_symbols(bytes);
  if (!table) return "";
  const Elf64_Shdr& symbols = table->symbols;
  std::string& names = table->names;

  // New names go behind the old ones, and the whole table to the end of the object.
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    auto symbol = bytes.get<Elf64_Sym>(symbols.sh_offset + at);
    if (!symbol || symbol->st_name >= names.size()) return "";
    if (ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || symbol->st_shndx == SHN_UNDEF) continue;
    const std::string name = names.c_str() + symbol->st_name;
    if (name.compare(0, from.size(), from) != 0) continue;
    symbol->st_name = static_cast<Elf64_Word>(names.size());
    symbol->st_other = STV_HIDDEN;
    names += to + name.substr(from.size()) + '\0';
    bytes.put(symbols.sh_offset + at, *symbol);
  }
  table->strings.sh_offset = object.size();
  table->strings.sh_size = names.size();
  bytes.put(table->strings_at, table->strings);
  object += names;
  return object;
}

std::string resolve_inside_sections(const std::string& whole) {
  std::string object = whole;
  Bytes bytes(object);
  const std::optional<SymbolTable> table = read_symbols(bytes);
  if (!table) return "";
  const Elf64_Ehdr& header = table->header;
  if (header.e_machine != EM_X86_64) return object;
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    const uint64_t at = header.e_shoff + i * sizeof(Elf64_Shdr);
    auto relocations = bytes.get<Elf64_Shdr>(at);
    if (!relocations || relocations->sh_type != SHT_RELA) continue;
    const auto section = bytes.get<Elf64_Shdr>(header.e_shoff + relocations->sh_info * sizeof(Elf64_Shdr));
    if (!section) return "";
    uint64_t kept = 0;  // bytes
    for (uint64_t r = 0; r + sizeof(Elf64_Rela) <= relocations->sh_size; r += sizeof(Elf64_Rela)) {
      const auto entry = bytes.get<Elf64_Rela>(relocations->sh_offset + r);
      if (!entry) return "";
      const auto symbol =
          bytes.get<Elf64_Sym>(table->symbols.sh_offset + ELF64_R_SYM(entry->r_info) * sizeof(Elf64_Sym));
      if (!symbol || entry->r_offset + 4 > section->sh_size) return "";
      const uint64_t type = ELF64_R_TYPE(entry->r_info);
      const bool relative = type == R_X86_64_PC32 || type == R_X86_64_PLT32;
      if (relative && ELF64_ST_BIND(symbol->st_info) == STB_LOCAL && symbol->st_shndx == relocations->sh_info) {
        const int64_t distance =
            static_cast<int64_t>(symbol->st_value) + entry->r_addend - static_cast<int64_t>(entry->r_offset);
        bytes.put(section->sh_offset + entry->r_offset, static_cast<int32_t>(distance));
        continue;
      }
      bytes.put(relocations->sh_offset + kept, *entry);
      kept += sizeof(Elf64_Rela);
    }
    relocations->sh_size = kept;
    bytes.put(at, *relocations);
  }
  return object;
}

std::string drop_local_names(const std::string& whole) {
  std::string object = whole;
  Bytes bytes(object);
  std::optional<SymbolTable> table = read_symbols(bytes);
  if (!table) return "";
  const Elf64_Shdr& symbols = table->symbols;
  std::string kept(1, '\0');
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    auto symbol = bytes.get<Elf64_Sym>(symbols.sh_offset + at);
    if (!symbol || symbol->st_name >= table->names.size()) return "";
    const std::string name = table->names.c_str() + symbol->st_name;
    const bool inner = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL && name.rfind("_Z", 0) == 0;
    symbol->st_name = inner || name.empty() ? 0 : static_cast<Elf64_Word>(kept.size());
    if (symbol->st_name != 0) kept += name + '\0';
    bytes.put(symbols.sh_offset + at, *symbol);
  }
  // At the end, which other tools mend.
  table->strings.sh_offset = object.size();
  table->strings.sh_size = kept.size();
  bytes.put(table->strings_at, table->strings);
  object += kept;
  return object;
}

}  // namespace kcc
