#include "wechat/mini_program.hpp"

#include <utility>

#include "runtime/hmac.hpp"
#include "wechat/aes_cbc.hpp"
#include "wechat/base64.hpp"
#include "wechat/json.hpp"
#include "wechat/signature.hpp"

namespace zl::wechat {
namespace {

constexpr std::size_t data_limit_chars = 64UL * 1024;
constexpr std::size_t session_key_bytes = 16;

}  // namespace

std::optional<std::string> open_user_data(std::string_view session_key, std::string_view iv,
                                          std::string_view encrypted_data, std::string_view appid) {
  if (encrypted_data.size() > data_limit_chars) return std::nullopt;
  const auto key = base64_decode(session_key, SpareBits::ignored);
  const auto start = base64_decode(iv, SpareBits::ignored);
  const auto sealed = base64_decode(encrypted_data, SpareBits::ignored);
  if (!key || key->size() != session_key_bytes || !start || !sealed) return std::nullopt;
  auto blocks = aes_cbc(Direction::decrypt, *key, *start, *sealed);
  if (!blocks) return std::nullopt;
  auto json = unpadded(*std::move(blocks), aes_block_bytes);
  if (!json) return std::nullopt;
  const auto answer = JsonObject::parse(*json);
  if (!answer || answer->object("watermark").text("appid") != appid) return std::nullopt;
  return json;
}

bool raw_data_signature_holds(std::string_view signature, std::string_view raw_data, std::string_view session_key) {
  return runtime::constant_time_equal(signature, sha1_hex(std::string(raw_data).append(session_key)));
}

}  // namespace zl::wechat
