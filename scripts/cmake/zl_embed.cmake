# zl_embed(<library> HEADER <path> NAMESPACE <ns> FUNCTION <name> GLOB <pattern>): puts the files into the library.
# The library's sources then include "<path>", which declares std::span<const base::EmbeddedFile> <ns>::<name>(), in the
# order of the file names. Made at build time, again whenever one of the files changes.
set(ZL_GENERATED_DIR "${CMAKE_BINARY_DIR}/generated")
add_custom_target(zl_generated)

function(zl_embed library)
  cmake_parse_arguments(PARSE_ARGV 1 embed "" "HEADER;NAMESPACE;FUNCTION;GLOB" "")
  file(GLOB files CONFIGURE_DEPENDS "${embed_GLOB}")
  set(header "${ZL_GENERATED_DIR}/${embed_HEADER}")
  string(REGEX REPLACE "\\.hpp$" ".cpp" source "${header}")
  set(script "${CMAKE_SOURCE_DIR}/scripts/cmake/embed.py")
  add_custom_command(
    OUTPUT "${header}" "${source}"
    COMMAND /usr/bin/python3 "${script}" --out "${ZL_GENERATED_DIR}" --header "${embed_HEADER}"
            --namespace "${embed_NAMESPACE}" --function "${embed_FUNCTION}" ${files}
    DEPENDS "${script}" ${files}
    COMMENT "Embedding ${embed_GLOB}"
    VERBATIM)
  target_sources(${library} PRIVATE "${header}" "${source}")
  target_include_directories(${library} PUBLIC "${ZL_GENERATED_DIR}")
  set_source_files_properties("${source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  add_custom_target(${library}_generated DEPENDS "${header}" "${source}")
  add_dependencies(zl_generated ${library}_generated)
endfunction()
