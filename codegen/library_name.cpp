#include "codegen/library_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/names.h"

namespace kcc {
namespace {

// Of what the system has, names that a model might have, too.
constexpr const char* kHeaders =
    " assert complex ctype dirent endian errno error fcntl features fenv float glob grp inttypes libgen limits link "
    "locale malloc math memory netdb poll pthread pwd regex sched search semaphore setjmp signal spawn stab stdalign "
    "stdarg stdatomic stdbool stddef stdint stdio stdlib string strings syslog tar termios tgmath threads time uchar "
    "ucontext unistd utime values wait wchar wctype wordexp ";
constexpr const char* kArchives = " asan atomic c dl g gcc m mvec quadmath rt util ";
constexpr const char* kFunctions =
    " abort abs accept access alarm bind calloc close connect cos div dup exit exp fabs fork free gamma getline index "
    "j0 j1 jn kill labs listen log main nice open pause pipe pow printf puts qsort raise rand random read recv remove "
    "rename rindex round scanf select send sin sleep socket sqrt stat sync system tan trunc write y0 y1 yn ";

bool among(const std::string& words, const std::string& name) {
  return words.find(" " + name + " ") != std::string::npos;
}

}  // namespace

std::string refused_library_name(const std::string& name) {
  const bool has_lower = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (has_lower && identifier(name) == name + "_") return fmt::format("'{}' means something else in C++", name);
  if (name == "std") return "the namespace std is the standard library's";
  if (name == "kcc") return "find_package(kcc) finds kcc itself";
  if (among(kHeaders, name)) return fmt::format("{0}.h would be taken for the system's <{0}.h>", name);
  if (among(kArchives, name)) return fmt::format("lib{0}.a would be taken for the system's library, -l{0}", name);
  if (among(kFunctions, name)) return fmt::format("'{}' is a function of the C library", name);
  return "";
}

}  // namespace kcc
