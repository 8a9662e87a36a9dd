# `cmake --install`: a folder that may be moved. kcc finds its runtime in ../lib/kcc (runtime/CMakeLists.txt puts it
# there) and libHalide beside it, a private copy that no other program is meant to find; the files of CMake and pkg-config
# count from where they stand.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
include(cmake/pages.cmake)

install(TARGETS kcc DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "$<TARGET_FILE:halide>" DESTINATION lib/kcc)

install(FILES "${KCC_PAGES}/kcc.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${KCC_PAGES}/kcc.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME kcc)
install(FILES "${KCC_PAGES}/kcc.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(FILES "${KCC_PAGES}/_kcc" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")

install(FILES ARCHITECTURE.md README.md DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/kcc")
install(FILES "${HALIDE_ROOT}/share/doc/Halide/LICENSE.txt"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/kcc" RENAME LICENSE.Halide)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/kcc")

# find_package(kcc): cmake/package/ holds what users get.
set(KCC_INSTALL_CMAKE lib/cmake/kcc)
configure_file(cmake/package/kccConfig.cmake "${CMAKE_BINARY_DIR}/package/kccConfig.cmake" COPYONLY)
configure_file(cmake/package/kcc_add_model.cmake "${CMAKE_BINARY_DIR}/package/kcc_add_model.cmake" COPYONLY)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/package/kccConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES
  cmake/package/kccConfig.cmake
  cmake/package/kcc_add_model.cmake
  "${CMAKE_BINARY_DIR}/package/kccConfigVersion.cmake"
  DESTINATION "${KCC_INSTALL_CMAKE}")

configure_file(cmake/package/kcc.pc.in "${CMAKE_BINARY_DIR}/package/kcc.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/package/kcc.pc" DESTINATION lib/pkgconfig)
