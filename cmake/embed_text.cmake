# cmake -D INPUT=FILE -D OUTPUT=HEADER -D NAME=kName -P embed_text.cmake: a header with the file's text as a constant.
file(READ "${INPUT}" text)
get_filename_component(file "${INPUT}" NAME)
file(WRITE "${OUTPUT}"
"// Made from ${file} by cmake/embed_text.cmake.
#pragma once

namespace kcc {
inline constexpr char ${NAME}[] = R\"embedded(${text})embedded\";
}
")
