# Every man/NAME.SECTION.scd becomes a manual page of that section. A line `; insert: TOOL ARGUMENTS` in it becomes what that
# command prints, so that a table in the code and its description are one.
find_program(SCDOC scdoc REQUIRED)
find_program(AWK awk REQUIRED)
set(insert ${PROJECT_SOURCE_DIR}/man/insert.awk)
file(GLOB manual_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.scd)
foreach(source ${manual_sources})
  cmake_path(GET source STEM LAST_ONLY page)
  cmake_path(GET page EXTENSION LAST_ONLY section)
  string(SUBSTRING ${section} 1 -1 section)
  set(output ${PROJECT_BINARY_DIR}/man/${page})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source}) # it may name another tool now
  file(STRINGS ${source} tools REGEX "^; insert: ")
  list(TRANSFORM tools REPLACE "^; insert: ([^ ]+).*" "\\1")
  add_custom_command(OUTPUT ${output}
    COMMAND ${AWK} -v bin=${CMAKE_RUNTIME_OUTPUT_DIRECTORY} -f ${insert} ${source} > ${output}.scd
    COMMAND ${SCDOC} < ${output}.scd > ${output}
    BYPRODUCTS ${output}.scd DEPENDS ${source} ${insert} ${tools} VERBATIM)
  list(APPEND manual_pages ${output})
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man)
add_custom_target(manuals ALL DEPENDS ${manual_pages})
