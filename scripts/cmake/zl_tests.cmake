# Test programs and ctest entries. A test file that exists is run: nothing is listed by hand.
#   tests/unit/**/*.cpp            one program, unit_tests
#   tests/integration|fault/*.cpp  one program each
#   tests/sim/*.cpp                the simulation: simulation_tests, and zhonglou-sim for many seeds
#   tests/http|fault/test_*.py     one entry each
#   tests/layers|scripts/test_*    one entry each, executable scripts

set(ZL_TEST_TIMEOUT_S 1200)
set(ZL_TEST_ENVIRONMENT
  "ZL_SOURCE_DIR=${CMAKE_SOURCE_DIR}"
  "ZL_BINARY_DIR=${CMAKE_BINARY_DIR}"
  "ZL_MARIADB_TEMPLATE=${CMAKE_BINARY_DIR}/mariadb-template"
  "PYTHONPATH=${CMAKE_SOURCE_DIR}/tests:${CMAKE_SOURCE_DIR}/tests/http:${CMAKE_SOURCE_DIR}/loadtest"
  "PYTHONDONTWRITEBYTECODE=1"
  "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

function(zl_add_test name label)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${label}" ENVIRONMENT "${ZL_TEST_ENVIRONMENT}")
  # Fault tests have a long form, so scripts/test says how long they may take: a property goes before its --timeout.
  if(NOT label STREQUAL "fault")
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ZL_TEST_TIMEOUT_S})
  endif()
endfunction()

function(zl_add_test_program name label)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_link_libraries(${name} PRIVATE zl_test_support GTest::gmock GTest::gtest_main)
  # What is tested is optimised as ever; a test waits for it, and compiles in two thirds of the time as it is written.
  if(ZL_FLAVOUR MATCHES "^(debug|tsan)$")
    target_compile_options(${name} PRIVATE -O0)
  endif()
  # The programs start the server itself, so a server that doesn't link fails them instead of testing an old one.
  add_dependencies(${name} zhonglou)
  zl_add_test(${name} ${label} $<TARGET_FILE:${name}>)
endfunction()

file(GLOB support_sources CONFIGURE_DEPENDS "tests/support/*.cpp")
add_library(zl_test_support STATIC ${support_sources})
target_include_directories(zl_test_support PUBLIC tests)
target_link_libraries(zl_test_support PUBLIC zl_server_lib)
zl_embed(zl_test_support HEADER support/wechat_vector_files.hpp NAMESPACE zl::test FUNCTION wechat_vector_files
         GLOB "tests/support/wechat_vectors.json")

# What the fault tests load into a server, which may or may not have a sanitizer: built without one.
add_library(zl_shifted_clock SHARED tests/support/preload/shifted_clock.cpp)
set_target_properties(zl_shifted_clock PROPERTIES
  COMPILE_OPTIONS "" LINK_OPTIONS "-fuse-ld=lld" INTERPROCEDURAL_OPTIMIZATION OFF
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
target_compile_features(zl_shifted_clock PRIVATE cxx_std_20)

# Sources that share headers full of coroutines, which are then most of the work, are compiled some at a time.
add_library(zl_together INTERFACE)
target_compile_options(zl_together INTERFACE -Wno-shadow)  # what is named alike in two files shadows nothing where they are two
option(ZL_TOGETHER "Compile some test sources at a time; off for tools that want to know each by itself." ON)
function(zl_compile_together target)
  if(NOT ZL_TOGETHER)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  target_link_libraries(${target} PRIVATE zl_together)
endfunction()

file(GLOB_RECURSE unit_sources CONFIGURE_DEPENDS "tests/unit/*.cpp")
if(unit_sources)
  zl_add_test_program(unit_tests unit ${unit_sources})
  target_precompile_headers(unit_tests PRIVATE <boost/asio/awaitable.hpp> <gtest/gtest.h> <string> <vector>)
  zl_compile_together(unit_tests)
  list(FILTER unit_sources EXCLUDE REGEX "/tests/unit/app/")
  set_source_files_properties(${unit_sources} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(unit_tests PRIVATE zhonglou_closed_loop_lib zhonglou_rush_lib)
endif()

foreach(kind IN ITEMS integration fault)
  file(GLOB programs CONFIGURE_DEPENDS "tests/${kind}/*.cpp")
  foreach(program IN LISTS programs)
    cmake_path(GET program STEM stem)
    zl_add_test_program(${kind}_${stem} ${kind} "${program}")
    add_dependencies(${kind}_${stem} zhonglou-rush)
  endforeach()
endforeach()

# The application alone, on models and virtual time. Objects and no library, so that tests/sim/event.cpp is what every
# wait runs on, and not the one of runtime.
file(GLOB sim_sources CONFIGURE_DEPENDS "tests/sim/*.cpp")
list(FILTER sim_sources EXCLUDE REGEX "/(main|[a-z_]+_test)\\.cpp$")
add_library(zl_sim OBJECT ${sim_sources} tests/support/gate_model.cpp tests/support/ledger_model.cpp)
target_include_directories(zl_sim PUBLIC tests)
target_link_libraries(zl_sim PUBLIC zl_app)
target_precompile_headers(zl_sim PRIVATE <boost/asio/awaitable.hpp> <functional> <string> <vector>)
zl_compile_together(zl_sim)
add_executable(zhonglou-sim tests/sim/main.cpp)
target_link_libraries(zhonglou-sim PRIVATE zl_sim)
file(GLOB sim_tests CONFIGURE_DEPENDS "tests/sim/*_test.cpp")
add_executable(simulation_tests ${sim_tests})
set_target_properties(simulation_tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
target_link_libraries(simulation_tests PRIVATE zl_sim GTest::gtest_main)
zl_add_test(simulation_tests sim $<TARGET_FILE:simulation_tests>)

foreach(kind IN ITEMS http fault)
  file(GLOB tests CONFIGURE_DEPENDS "tests/${kind}/test_*.py")
  foreach(test IN LISTS tests)
    cmake_path(GET test STEM stem)
    cmake_path(GET test FILENAME filename)
    zl_add_test(${kind}_${stem} ${kind}
      /usr/bin/python3 -m unittest discover --start-directory tests/${kind} --pattern ${filename})
    # One that rushes or measures says so, and ctest runs nothing beside it.
    file(STRINGS "${test}" alone REGEX "^# Alone on the machine")
    if(alone)
      set_tests_properties(${kind}_${stem} PROPERTIES RUN_SERIAL TRUE)
    endif()
  endforeach()
endforeach()

file(GLOB script_tests CONFIGURE_DEPENDS "tests/layers/test_*" "tests/scripts/test_*")
foreach(test IN LISTS script_tests)
  cmake_path(GET test STEM stem)
  zl_add_test(scripts_${stem} scripts "${test}")
endforeach()

if(ZL_FLAVOUR STREQUAL "fuzz")
  file(GLOB fuzz_sources CONFIGURE_DEPENDS "tests/fuzz/support/*.cpp")
  add_library(zl_fuzz_support STATIC ${fuzz_sources})
  target_link_libraries(zl_fuzz_support PUBLIC zl_test_support)
  add_custom_target(fuzzers)
  file(GLOB fuzzers CONFIGURE_DEPENDS "tests/fuzz/*.cpp")
  foreach(fuzzer IN LISTS fuzzers)
    cmake_path(GET fuzzer STEM stem)
    add_executable(fuzz_${stem} "${fuzzer}")
    set_target_properties(fuzz_${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_link_libraries(fuzz_${stem} PRIVATE zl_fuzz_support)
    target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${stem})
  endforeach()
elseif(ZL_FLAVOUR STREQUAL "bench")
  find_package(benchmark CONFIG REQUIRED)
  file(GLOB benchmarks CONFIGURE_DEPENDS "loadtest/micro/*.cpp")
  foreach(bench IN LISTS benchmarks)
    cmake_path(GET bench STEM stem)
    add_executable(bench_${stem} "${bench}")
    target_link_libraries(bench_${stem} PRIVATE zl_http benchmark::benchmark_main)
  endforeach()
endif()
