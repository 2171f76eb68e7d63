// The platform's signatures: SHA-1 over sorted strings of which one is a secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zl::wechat {

/// 40 lower-case hex digits. Throws std::runtime_error where OpenSSL fails.
std::string sha1_hex(std::string_view bytes);

/// sha1_hex of the parts, sorted bytewise and written one after the other. Source: "Message push",
/// developers.weixin.qq.com.
std::string signature_of(std::vector<std::string_view> parts);

/// Whether `given` is the signature of the parts; the time doesn't tell how far it is right.
bool signature_holds(std::string_view given, std::vector<std::string_view> parts);

}  // namespace zl::wechat
