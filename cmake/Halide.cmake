# Halide from its PyPI wheel, unpacked by scripts/setup.sh. A plain imported target: the wheel's own package also
# wants its image libraries.
set(HALIDE_ROOT "${KCC_DEPS}/wheel/halide")
if(NOT EXISTS "${HALIDE_ROOT}/include/Halide.h")
  message(FATAL_ERROR "Halide is not in ${HALIDE_ROOT}: run scripts/setup.sh first")
endif()
add_library(halide SHARED IMPORTED)
set_target_properties(halide PROPERTIES
  IMPORTED_LOCATION "${HALIDE_ROOT}/lib64/libHalide.so"
  INTERFACE_INCLUDE_DIRECTORIES "${HALIDE_ROOT}/include"
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${HALIDE_ROOT}/include")
