#include "codegen/link_library.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "codegen/cross_compiler.h"
#include "codegen/elf_object.h"
#include "codegen/embedded_core.h"
#include "codegen/toolchain.h"
#include "compiler/support/check.h"
#include "compiler/support/work_folder.h"

namespace kcc {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// One section of a kind: a thousand would double the archive, and calls inside one need no relocations.
constexpr const char kSections[] = R"(SECTIONS {
  .text 0 : { *(.text .text.*) }
  .rodata 0 : { *(.rodata .rodata.*) }
  .data.rel.ro 0 : { *(.data.rel.ro .data.rel.ro.*) }
  .data 0 : { *(.data .data.*) }
  .bss 0 : { *(.bss .bss.*) }
}
)";

Words joined(std::initializer_list<Words> parts) {
  Words all;
  for (const Words& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// A folder of our own where the library is put together.
class Workshop {
 public:
  Workshop(const fs::path& beside, const LinkOptions& options, Diagnostics& diagnostics)
      : work_(beside), options_(options), diagnostics_(diagnostics) {}

  // One relocatable object NAME.o that shows the functions of the header alone.
  bool make_object(const std::string& name, const LibraryText& text, const std::vector<KernelObject>& kernels) {
    compiler_ = find_compiler_for(options_.target, options_.compiler, diagnostics_);
    if (compiler_.empty() || !write_parts(name, text, kernels)) return false;
    const std::optional<EmbeddedCore> core = embedded_core(compiler_, options_, work_.path(), diagnostics_);
    if (!core) return false;
    const std::string object = name + ".o";
    // As the core, whose classes the source uses; link.cpp explains the others.
    return run(joined({compiler_,
                       {core->flags, "-O1"},
                       flags_of_gnu(compiler_),
                       sanitizer(),
                       {"-isystem", core->include, "-I.", "-c", "library.cpp", "-o", "library.o"}})) &&
           run(joined({compiler_,
                       sanitizer(),
                       {"-r", "-nostdlib", "-Wl,--gc-sections,--force-group-allocation"},
                       roots(text),
                       {"library.o"},
                       objects_,
                       {core->archive, "-Wl,-T,sections", "-o", "all.o"}})) &&
           run({tool("objcopy"), "--keep-global-symbols=functions", "--remove-section=.comment",
                "--remove-section=*.eh_frame", "--remove-section=.note.GNU-stack",
                "--add-section=.note.GNU-stack=empty", "all.o"}) &&
           change("all.o", resolve_inside_sections) && change("all.o", drop_local_names) &&
           run({tool("objcopy"), "--strip-unneeded", "all.o", object});
  }

  bool archive(const std::string& name) { return run({tool("ar"), "rcsD", "lib" + name + ".a", name + ".o"}); }

  bool share(const std::string& name, const std::string& file) {
    return run(joined({compiler_,
                       sanitizer(),
                       {"-shared", name + ".o", "-static-libgcc", "-s", "-Wl,--gc-sections", "-Wl,--build-id=sha1",
                        "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack", "-Wl,-z,defs", "-Wl,--as-needed",
                        "-Wl,-soname," + file, "-lm", "-o", file}}));
  }

  bool write(const std::string& file, const std::string& bytes) {
    if (work_.made() && write_bytes(work_.path() / file, bytes)) return true;
    return refuse(errno);
  }

  // Moves a finished file into its place.
  bool hand_over(const std::string& file, const fs::path& place) {
    if (::rename((work_.path() / file).c_str(), place.c_str()) == 0) return true;
    return refuse(errno);
  }

  bool refuse(int reason) {
    diagnostics_.error(file_place(options_.output), fmt::format("cannot write the output: {}", std::strerror(reason)));
    return false;
  }

 private:
  bool write_parts(const std::string& name, const LibraryText& text, const std::vector<KernelObject>& kernels) {
    if (!write(name + ".h", text.header) || !write("library.cpp", text.source) || !write("empty", "")) return false;
    if (!write("sections", kSections)) return false;
    if (!write("functions", fmt::format("{}\n", fmt::join(text.functions, "\n")))) return false;
    if (!options_.weights.empty() && !write("weights.bin", options_.weights)) return false;
    if (!options_.self_test.empty() && !write("self_test.bin", options_.self_test)) return false;
    for (const KernelObject& kernel : kernels) {
      objects_.push_back(fmt::format("{}.o", objects_.size()));
      if (!write(objects_.back(), kernel.bytes)) return false;
    }
    return true;
  }

  // What is kept although nothing inside calls it.
  static Words roots(const LibraryText& text) {
    Words words;
    for (const std::string& function : text.functions) words.push_back("-Wl,--undefined=" + function);
    return words;
  }

  // As the core, where that was built with kcc.
  Words sanitizer() const {
    if (std::strlen(KCC_SANITIZE) == 0 || !links_here(options_.target)) return {};
    return {std::string("-fsanitize=") + KCC_SANITIZE};
  }

  std::string tool(const std::string& name) const { return binary_tool(compiler_, options_.target, name); }

  bool change(const std::string& file, std::string (*with)(const std::string&)) {
    std::string object = with(read_bytes(work_.path() / file));
    KCC_CHECK(!object.empty(), "the linker did not write an ELF object");
    return write(file, object);
  }

  bool run(const Words& command) { return run_tool(command, work_.path(), options_.verbose, diagnostics_); }

  const WorkFolder work_;
  const LinkOptions& options_;
  Diagnostics& diagnostics_;
  Words compiler_, objects_;
};

}  // namespace

bool link_library(const std::string& name, const LibraryText& text, const std::vector<KernelObject>& kernels,
                  const LinkOptions& options, Diagnostics& diagnostics) {
  std::error_code error;
  const fs::path folder = fs::absolute(options.output, error);
  const bool existed = fs::exists(folder, error);
  if (existed && !fs::is_directory(folder)) {
    diagnostics.error(file_place(options.output), "the output is a file, expected the name of a folder");
    return false;
  }
  Workshop workshop(existed                 ? folder
                    : folder.has_filename() ? folder.parent_path()
                                            : folder.parent_path().parent_path(),
                    options, diagnostics);
  if (!workshop.write(name + ".hpp", text.class_header) || !workshop.write(name + "-config.cmake", text.package) ||
      !workshop.make_object(name, text, kernels) || !workshop.archive(name))
    return false;
  if (!existed && !fs::create_directory(folder, error) && error) return workshop.refuse(error.value());
  for (const std::string& file : {name + ".h", name + ".hpp", "lib" + name + ".a", name + "-config.cmake"})
    if (!workshop.hand_over(file, folder / file)) return false;
  return true;
}

bool link_shared(const std::string& name, const LibraryText& text, const std::vector<KernelObject>& kernels,
                 const LinkOptions& options, Diagnostics& diagnostics) {
  std::error_code error;
  const fs::path output = fs::absolute(options.output, error);
  if (fs::is_directory(output, error)) {
    diagnostics.error(file_place(options.output), "the output is a folder, expected the name of a file");
    return false;
  }
  Workshop workshop(output.parent_path(), options, diagnostics);
  const std::string file = output.filename().string();
  return workshop.make_object(name, text, kernels) && workshop.share(name, file) &&
         workshop.hand_over(name + ".h", output.parent_path() / (name + ".h")) && workshop.hand_over(file, output);
}

}  // namespace kcc
