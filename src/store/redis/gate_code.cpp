#include "store/redis/gate_code.hpp"

#include "base/id.hpp"
#include "runtime/sha256.hpp"
#include "store/redis/function_files.hpp"

namespace zl::redis {
namespace {

/// gate.lua under a version of its own, made from its text: a changed text never meets functions of the old one.
struct GateCode {
  GateCode() {
    code = function_files().front().text;
    const runtime::Digest digest = runtime::sha256(code);
    version = base::to_hex({reinterpret_cast<const char*>(digest.data()), 4});
    constexpr std::string_view placeholder = "VERSION";
    for (std::size_t at = code.find(placeholder); at != std::string::npos; at = code.find(placeholder, at)) {
      code.replace(at, placeholder.size(), version);
    }
  }

  std::string code;
  std::string version;
};

const GateCode& gate_code() {
  static const GateCode code;
  return code;
}

}  // namespace

std::vector<Library> gate_libraries() {
  return {{function_name("zhonglou_gate"), gate_code().code}};
}

std::string function_name(std::string_view name) {
  return std::string(name) + "_" + gate_code().version;
}

Command function_call(std::string_view name, std::size_t keys, std::size_t bytes_expected) {
  Command command("FCALL", bytes_expected);
  command.arg(function_name(name)).arg(keys);
  return command;
}

}  // namespace zl::redis
