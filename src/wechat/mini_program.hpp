// What a mini-program's page sends along about its user. Source: "Open data verification and decryption",
// developers.weixin.qq.com/miniprogram.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zl::wechat {

/// The JSON in `encrypted_data` (AES-128-CBC under the session key); nothing where it can't be decrypted or its
/// watermark names another appid. All three texts are base64.
std::optional<std::string> open_user_data(std::string_view session_key, std::string_view iv,
                                          std::string_view encrypted_data, std::string_view appid);

/// Whether `signature` is that of `raw_data` under the session key.
bool raw_data_signature_holds(std::string_view signature, std::string_view raw_data, std::string_view session_key);

}  // namespace zl::wechat
