# Third party, all of it from Debian 12's packages (scripts/deps) and each an imported target.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto SSL)
find_package(CLI11 CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(pugixml CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)

# These four by pkg-config: hiredis 0.14 has no usable CMake version, argon2 and libxlsxwriter none at all, and
# prometheus-cpp's asks for the web servers and clients of parts that we don't use.
find_package(PkgConfig REQUIRED)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(argon2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(xlsxwriter REQUIRED IMPORTED_TARGET xlsxwriter)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core prometheus-cpp-pull)

# Coroutine frames are larger than what glibc's malloc keeps at hand for a thread. Sanitizers bring an allocator of their own.
add_library(zl_allocator INTERFACE)
if(ZL_FLAVOUR MATCHES "^(release|bench)$")
  pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(zl_allocator INTERFACE PkgConfig::jemalloc)
endif()

# Connector/C++: an installed version 8 or 9 (<mysql/jdbc.h>), else Debian's 1.1, whose headers scripts/deps unpacks
# because its -dev package can't be installed beside Boost 1.81.
find_path(ZL_MYSQL_JDBC_INCLUDE mysql/jdbc.h)
if(ZL_MYSQL_JDBC_INCLUDE)
  set(connector_include "${ZL_MYSQL_JDBC_INCLUDE}")
  find_library(ZL_MYSQL_LIBRARY NAMES mysqlcppconn REQUIRED)
else()
  find_path(ZL_MYSQL_CPPCONN_INCLUDE cppconn/driver.h HINTS "${CMAKE_SOURCE_DIR}/build/connector/usr/include")
  if(NOT ZL_MYSQL_CPPCONN_INCLUDE)
    message(FATAL_ERROR "The headers of MySQL Connector/C++ are missing: run scripts/deps.")
  endif()
  set(connector_include "${ZL_MYSQL_CPPCONN_INCLUDE}")
  find_library(ZL_MYSQL_LIBRARY NAMES libmysqlcppconn.so.7 mysqlcppconn REQUIRED)
endif()
add_library(MySQL::connector INTERFACE IMPORTED)
target_include_directories(MySQL::connector SYSTEM INTERFACE "${connector_include}")
target_link_libraries(MySQL::connector INTERFACE "${ZL_MYSQL_LIBRARY}")
