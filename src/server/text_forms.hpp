// Whether a text has the form that a setting asks for.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/settings.hpp"

namespace zl::server {

bool has_form(const std::string& text, TextForm form, std::span<const std::string_view> choices = {});

bool has_form(std::string_view secret, SecretForm form);

/// Letters and digits of ASCII, and at least one.
bool is_alphanumeric(std::string_view text);

/// An IPv4 or IPv6 literal that never leaves this machine: 127.0.0.0/8, ::1.
bool is_loopback(const std::string& address);

/// True for an origin whose host is a loopback literal or "localhost".
bool is_loopback_origin(std::string_view origin);

}  // namespace zl::server
