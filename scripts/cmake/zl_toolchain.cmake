# Which compilers may build Zhonglou, and the flags of each flavour. Target zl_options carries what all our code shares.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} destroys temporaries twice in statements with co_await (GCC bugs 99576, 107288): "
    "build with clang-19 (scripts/deps installs it, scripts/build uses it) or GCC 13 and newer.")
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "Clang ${CMAKE_CXX_COMPILER_VERSION} breaks coroutines that change threads (LLVM issues 47179, 63022): "
    "build with clang-19 (scripts/deps installs it, scripts/build uses it).")
endif()

set(ZL_FLAVOUR "debug" CACHE STRING "release, debug (ASan + UBSan), tsan, fuzz (debug for libFuzzer) or bench (release + benchmarks)")
set_property(CACHE ZL_FLAVOUR PROPERTY STRINGS release debug tsan fuzz bench)

set(sanitize_address -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
if(ZL_FLAVOUR MATCHES "^(release|bench)$")
  add_compile_options(-O2 -g1)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)  # ThinLTO under Clang; archives then need LLVM's own ar and ranlib
elseif(ZL_FLAVOUR STREQUAL "debug")
  add_compile_options(-O1 -g1 ${sanitize_address})
  add_link_options(${sanitize_address})
elseif(ZL_FLAVOUR STREQUAL "fuzz")
  add_compile_options(-O1 -g1 ${sanitize_address} -fsanitize=fuzzer-no-link)
  add_link_options(${sanitize_address})
elseif(ZL_FLAVOUR STREQUAL "tsan")
  add_compile_options(-O1 -g1 -fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
else()
  message(FATAL_ERROR "ZL_FLAVOUR is '${ZL_FLAVOUR}'; it must be release, debug, tsan, fuzz or bench.")
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=lld)
endif()

add_library(zl_options INTERFACE)
target_compile_features(zl_options INTERFACE cxx_std_20)
target_compile_options(zl_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror)
# Asio and Beast are compiled once, in runtime and in http, not in every unit that includes them.
# Frames and handlers come from operator new, the short way into the allocator: none of them is over-aligned.
target_compile_definitions(zl_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
set(CMAKE_CXX_EXTENSIONS OFF)
