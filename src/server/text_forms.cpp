#include "server/text_forms.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/id.hpp"
#include "base/text.hpp"

namespace zl::server {
namespace {

/// Bits of the address that an IP literal stands for, or nothing.
std::optional<int> address_bits(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return 32;
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return 128;
  return std::nullopt;
}

/// A whole number without sign or leading zero, at most `most`.
bool is_number_up_to(std::string_view text, int most) {
  if (text.empty() || (text.size() > 1 && text.front() == '0') || text.front() == '-') return false;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number <= most;
}

bool is_network(const std::string& text) {
  const auto slash = text.find('/');
  const auto bits = address_bits(text.substr(0, slash));
  if (!bits) return false;
  return slash == std::string::npos || is_number_up_to(std::string_view(text).substr(slash + 1), *bits);
}

/// Host and port of an origin, split where the port's colon stands.
struct Authority {
  std::string_view host;
  std::optional<std::string_view> port;
};

Authority split_authority(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<std::string_view> authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  }
  return std::nullopt;
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) {
    return address_bits(std::string(host.substr(1, host.size() - 2))) == 128;
  }
  // Lower case, as browsers send it: the Origin header is compared byte by byte.
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         std::ranges::all_of(
             host, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; });
}

/// As browsers send it (RFC 6454, section 6.2): without path, and without the scheme's own port.
bool is_origin(std::string_view text) {
  const auto authority = authority_of(text);
  if (!authority) return false;
  const auto [host, port] = split_authority(*authority);
  if (!is_host(host)) return false;
  const std::string_view own_port = text.starts_with("https://") ? "443" : "80";
  return !port || (is_number_up_to(*port, 65535) && *port != "0" && *port != own_port);
}

/// An origin, and behind it nothing but printable ASCII from the first slash on; no fragment.
bool is_address(std::string_view text) {
  const auto authority = authority_of(text);
  if (!authority) return false;
  const std::size_t path = std::min(authority->find('/'), authority->size());
  return is_origin(text.substr(0, text.size() - authority->size() + path)) &&
         std::ranges::all_of(authority->substr(path), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

bool is_verify_file(std::string_view text) {
  constexpr std::string_view prefix = "MP_verify_";
  constexpr std::string_view suffix = ".txt";
  constexpr std::size_t size_max = 200;
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string_view name = text.substr(0, equals);
  if (text.size() > size_max || equals == text.size()) return false;
  if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix))
    return false;
  return is_alphanumeric(name.substr(prefix.size(), name.size() - prefix.size() - suffix.size())) &&
         is_alphanumeric(text.substr(equals + 1));
}

}  // namespace

bool has_form(const std::string& text, TextForm form, std::span<const std::string_view> choices) {
  if (base::has_control_characters(text, false)) return false;
  switch (form) {
    case TextForm::any:
      return true;
    case TextForm::required:
      return !text.empty();
    case TextForm::ip_address:
      return address_bits(text).has_value();
    case TextForm::network:
      return is_network(text);
    case TextForm::socket_path:
      return text.size() < sizeof(sockaddr_un::sun_path);
    case TextForm::origin:
      return text.empty() || is_origin(text);
    case TextForm::address:
      return text.empty() || is_address(text);
    case TextForm::verify_file:
      return is_verify_file(text);
    case TextForm::one_of_the_choices:
      return std::ranges::find(choices, text) != choices.end();
  }
  return false;
}

bool has_form(std::string_view secret, SecretForm form) {
  constexpr std::size_t key_digits = 64;
  return form == SecretForm::password || (secret.size() == key_digits && base::from_hex(secret).has_value());
}

bool is_alphanumeric(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_loopback_origin(std::string_view origin) {
  const auto authority = authority_of(origin);
  if (!authority) return false;
  auto host = split_authority(*authority).host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host == "localhost" || is_loopback(std::string(host));
}

}  // namespace zl::server
