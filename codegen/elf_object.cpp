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

}  // namespace

std::string rename_symbols(std::string object, const std::string& from, const std::string& to) {
  Bytes bytes(object);
  const auto header = bytes.get<Elf64_Ehdr>(0);
  if (!header || !is_little_relocatable(*header)) return "";

  // The symbol table and its strings.
  std::optional<Elf64_Shdr> symbols;
  for (uint64_t i = 0; i < header->e_shnum && !symbols; ++i) {
    const auto section = bytes.get<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section) return "";
    if (section->sh_type == SHT_SYMTAB) symbols = section;
  }
  if (!symbols || symbols->sh_link >= header->e_shnum) return "";
  const uint64_t strings_at = header->e_shoff + symbols->sh_link * sizeof(Elf64_Shdr);
  auto strings = bytes.get<Elf64_Shdr>(strings_at);
  if (!strings) return "";
  auto names = bytes.get_string(strings->sh_offset, strings->sh_size);
  if (!names) return "";

  // New names go behind the old ones, and the whole table to the end of the object.
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols->sh_size; at += sizeof(Elf64_Sym)) {
    auto symbol = bytes.get<Elf64_Sym>(symbols->sh_offset + at);
    if (!symbol || symbol->st_name >= names->size()) return "";
    if (ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || symbol->st_shndx == SHN_UNDEF) continue;
    const std::string name = names->c_str() + symbol->st_name;
    if (name.compare(0, from.size(), from) != 0) continue;
    symbol->st_name = static_cast<Elf64_Word>(names->size());
    symbol->st_other = STV_HIDDEN;
    *names += to + name.substr(from.size()) + '\0';
    bytes.put(symbols->sh_offset + at, *symbol);
  }
  strings->sh_offset = object.size();
  strings->sh_size = names->size();
  bytes.put(strings_at, *strings);
  object += *names;
  return object;
}

}  // namespace kcc
