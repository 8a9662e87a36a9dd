# find_package(kcc): kcc_add_model(), the compiler as the target kcc::kcc, its path in KCC_EXECUTABLE.
# Installed, this file is PREFIX/lib/cmake/kcc/ and kcc PREFIX/bin/kcc; in a build folder it is package/ beside kcc.
find_program(KCC_EXECUTABLE kcc
  PATHS "${CMAKE_CURRENT_LIST_DIR}/../../../bin" "${CMAKE_CURRENT_LIST_DIR}/.."
  NO_DEFAULT_PATH
  DOC "the compiler of Keras models")
if(NOT KCC_EXECUTABLE)
  set(kcc_FOUND FALSE)
  set(kcc_NOT_FOUND_MESSAGE "kcc itself is not beside ${CMAKE_CURRENT_LIST_DIR}: set KCC_EXECUTABLE to it")
  return()
endif()
if(NOT TARGET kcc::kcc)
  add_executable(kcc::kcc IMPORTED GLOBAL)
  set_target_properties(kcc::kcc PROPERTIES IMPORTED_LOCATION "${KCC_EXECUTABLE}")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/kcc_add_model.cmake")
