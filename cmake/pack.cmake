# `cpack` in the build folder: kcc_VERSION_ARCH.deb for /usr, and kcc-mpi, the plugin for training on several processes,
# a package of its own because MPI is large and few want it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kcc)
set(CPACK_PACKAGE_CONTACT "kcc maintainers <kcc@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL kcc)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_KCC_PACKAGE_NAME kcc)
# Programs are compiled and linked by the system's compiler; what kcc itself links against comes from dpkg-shlibdeps.
set(CPACK_DEBIAN_KCC_PACKAGE_DEPENDS "g++ | c++-compiler")
set(CPACK_DEBIAN_KCC_PACKAGE_SUGGESTS "cmake, graphviz, kcc-mpi")
set(CPACK_COMPONENT_KCC_DESCRIPTION
  "Reads models that Keras 1, 2 or 3 saved and makes native programs and libraries that train them, evaluate them and
predict with them, without Python or Keras.")

if(TARGET kcc_mpi)
  list(APPEND CPACK_COMPONENTS_ALL mpi)
  set(CPACK_DEBIAN_MPI_PACKAGE_NAME kcc-mpi)
  set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "kcc (= ${PROJECT_VERSION})")
  set(CPACK_COMPONENT_MPI_DESCRIPTION
    "Lets programs that kcc makes train on several processes or machines, started by mpirun.")
endif()

find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(DPKG_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  get_target_property(halide_library halide IMPORTED_LOCATION)
  get_filename_component(halide_folder "${halide_library}" DIRECTORY)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${halide_folder}")  # libHalide is in the package itself
else()
  string(APPEND CPACK_DEBIAN_KCC_PACKAGE_DEPENDS ", libc6, libfmt9, libgcc-s1, libstdc++6")
  set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "${CPACK_DEBIAN_MPI_PACKAGE_DEPENDS}, libopenmpi3")
endif()
include(CPack)
