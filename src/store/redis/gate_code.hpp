// gate.lua and how its functions are called.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/greeting.hpp"
#include "store/redis/resp.hpp"

namespace zl::redis {

/// The functions to be loaded before a link is used: name and text of gate.lua.
std::vector<Library> gate_libraries();

/// The name under which a function of gate.lua is registered.
std::string function_name(std::string_view name);

/// The beginning of a call: the function and how many keys follow. `bytes_expected` as of Command.
Command function_call(std::string_view name, std::size_t keys, std::size_t bytes_expected = 512);

}  // namespace zl::redis
