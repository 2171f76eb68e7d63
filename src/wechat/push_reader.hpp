// Messages and events of the platform, from their XML.
#pragma once

#include <optional>
#include <string_view>

#include "app/platform_messages.hpp"

namespace zl::wechat {

/// Parts of one push that are read: notices reported on, templates agreed to.
inline constexpr std::size_t push_list_limit = 32;

/// Nothing where it is no XML of the platform's: no sender, no kind, no time, or a message without its MsgId.
std::optional<app::Push> read_push(std::string_view xml);

}  // namespace zl::wechat
