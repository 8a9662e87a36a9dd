// What the embedded core needs of libstdc++'s own objects, so that a library made by kcc needs none: a C program links
// it with libc alone. All of it is made local when the library is put together; the host's own versions are untouched.
// What libstdc++ would throw for ends the program: none of it can happen but for want of memory.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

[[noreturn]] void stop(const char* why) {
  std::fprintf(stderr, "kcc: %s\n", why);
  std::abort();
}

void* allocate(size_t bytes) {
  return std::malloc(bytes > 0 ? bytes : 1);
}

void* allocate_or_stop(size_t bytes) {
  void* memory = allocate(bytes);
  if (memory == nullptr) stop("out of memory");
  return memory;
}

}  // namespace

void* operator new(size_t bytes) {
  return allocate_or_stop(bytes);
}
void* operator new[](size_t bytes) {
  return allocate_or_stop(bytes);
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  void* memory = nullptr;
  if (posix_memalign(&memory, static_cast<size_t>(alignment), bytes) != 0) stop("out of memory");
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}

extern "C" [[noreturn]] void __cxa_pure_virtual() {
  stop("a pure virtual function was called");
}

namespace std {

const nothrow_t nothrow{};

// Without RTTI no shared_ptr asks for its deleter by type.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept {
  return false;
}

void __throw_bad_alloc() {
  stop("out of memory");
}
void __throw_bad_array_new_length() {
  stop("out of memory");
}
void __throw_length_error(const char* why) {
  stop(why);
}
void __throw_logic_error(const char* why) {
  stop(why);
}
void __throw_out_of_range(const char* why) {
  stop(why);
}
void __throw_out_of_range_fmt(const char* why, ...) {
  stop(why);
}
void __throw_system_error(int) {
  stop("a system call failed");
}
void __throw_bad_function_call() {
  stop("an empty function was called");
}

}  // namespace std
