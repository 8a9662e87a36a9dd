# kcc.1 and the shells' completions, which kcc itself writes from the options that it takes. cmake/install.cmake puts
# them where they belong.
set(KCC_PAGES "${CMAKE_BINARY_DIR}/pages")
set(pages "")
# generate_page(WHAT FILE): `kcc generate WHAT` as FILE.
function(generate_page what file)
  add_custom_command(OUTPUT "${KCC_PAGES}/${file}"
    DEPENDS kcc
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${KCC_PAGES}"
    COMMAND kcc generate ${what} > "${KCC_PAGES}/${file}"
    VERBATIM)
  set(pages "${pages}" "${KCC_PAGES}/${file}" PARENT_SCOPE)
endfunction()
generate_page(bash kcc.bash)
generate_page(fish kcc.fish)
generate_page(man kcc.1)
generate_page(zsh _kcc)
add_custom_target(kcc_pages ALL DEPENDS ${pages})
