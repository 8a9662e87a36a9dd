# kcc_add_model(TARGET MODEL FILE
#               [WEIGHTS FILE] [NAME NAME] [INFERENCE] [BATCH N] [DEFINE FILE...]
#               [OPTIMIZER SPEC] [LOSS SPEC...] [METRIC SPEC...] [OPTIONS OPTION...])
#
# A static library of the model, compiled when the project is built, and again whenever the model, its weights, the
# functions of DEFINE, the arguments or kcc itself change. Linking TARGET gives the library and the folder of its
# headers NAME.h and NAME.hpp; NAME is TARGET, made an identifier, unless given. The arguments are kcc's options:
# BATCH is --batch-size, the others are spelt alike; OPTIONS go to kcc as they are. Files count from the current source
# folder, and may be made by other commands of the project.
cmake_minimum_required(VERSION 3.23)

# kcc_model_file(TARGET WHAT FILE OUT): the file's full path, which is there or will be made.
function(kcc_model_file target what file out)
  get_filename_component(path "${file}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  get_source_file_property(generated "${path}" GENERATED)
  if(NOT EXISTS "${path}" AND NOT generated)
    message(FATAL_ERROR "kcc_add_model(${target}): ${what} '${path}' is not there")
  endif()
  set(${out} "${path}" PARENT_SCOPE)
endfunction()

function(kcc_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "INFERENCE" "BATCH;MODEL;NAME;OPTIMIZER;WEIGHTS" "DEFINE;LOSS;METRIC;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kcc_add_model(${target}): unknown argument '${arg_UNPARSED_ARGUMENTS}', expected MODEL, WEIGHTS, "
      "NAME, INFERENCE, BATCH, DEFINE, OPTIMIZER, LOSS, METRIC or OPTIONS")
  endif()
  if(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "kcc_add_model(${target}): nothing after ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT arg_MODEL)
    message(FATAL_ERROR "kcc_add_model(${target}): no model, expected MODEL FILE")
  endif()
  if(NOT EXISTS "${KCC_EXECUTABLE}")
    message(FATAL_ERROR "kcc_add_model(${target}): there is no kcc at '${KCC_EXECUTABLE}'; set KCC_EXECUTABLE to it")
  endif()
  if(NOT arg_NAME)
    string(MAKE_C_IDENTIFIER "${target}" arg_NAME)
  endif()

  kcc_model_file(${target} MODEL "${arg_MODEL}" model)
  set(inputs "${model}")
  set(options --name "${arg_NAME}")
  if(arg_INFERENCE)
    list(APPEND options --inference)
  endif()
  if(arg_BATCH)
    list(APPEND options --batch-size "${arg_BATCH}")
  endif()
  if(arg_OPTIMIZER)
    list(APPEND options --optimizer "${arg_OPTIMIZER}")
  endif()
  foreach(loss IN LISTS arg_LOSS)
    list(APPEND options --loss "${loss}")
  endforeach()
  foreach(metric IN LISTS arg_METRIC)
    list(APPEND options --metric "${metric}")
  endforeach()
  foreach(kind IN ITEMS DEFINE WEIGHTS)
    string(TOLOWER "--${kind}" option)
    foreach(file IN LISTS arg_${kind})
      kcc_model_file(${target} ${kind} "${file}" path)
      list(APPEND inputs "${path}")
      list(APPEND options ${option} "${path}")
    endforeach()
  endforeach()
  list(APPEND options ${arg_OPTIONS})

  # Not all generators run a command again because its options changed: the file of options changes with them.
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/kcc/${target}")
  set(written "${folder}.options")
  set(content "${model};${options}")
  if(EXISTS "${written}")
    file(READ "${written}" before)
  endif()
  if(NOT "${before}" STREQUAL "${content}")
    file(WRITE "${written}" "${content}")
  endif()

  set(library "${folder}/lib${arg_NAME}.a")
  set(headers "${folder}/${arg_NAME}.h" "${folder}/${arg_NAME}.hpp")
  file(RELATIVE_PATH shown "${CMAKE_SOURCE_DIR}" "${model}")
  add_custom_command(
    OUTPUT "${library}" ${headers}
    BYPRODUCTS "${folder}/${arg_NAME}-config.cmake"
    DEPENDS ${inputs} "${written}" "${KCC_EXECUTABLE}"
    COMMAND "${KCC_EXECUTABLE}" "${model}" --emit=library ${options} -o "${folder}"
    COMMENT "Compiling the model ${shown}"
    VERBATIM)
  add_custom_target(${target}-model DEPENDS "${library}" ${headers})

  file(MAKE_DIRECTORY "${folder}")  # CMake wants include folders to be there
  add_library(${target} STATIC IMPORTED GLOBAL)
  add_dependencies(${target} ${target}-model)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LINK_INTERFACE_LANGUAGES C
    IMPORTED_LOCATION "${library}")
  target_include_directories(${target} INTERFACE "${folder}")
  target_link_libraries(${target} INTERFACE m)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(CXX IN_LIST languages)
    target_compile_features(${target} INTERFACE cxx_std_20)  # NAME.hpp
  endif()
endfunction()
