#include "wechat/callback_port.hpp"

#include <utility>

namespace zl::wechat {
namespace {

app::PushFault fault_of(CallbackFault fault) {
  switch (fault) {
    case CallbackFault::forged:
      return app::PushFault::forged;
    case CallbackFault::unreadable:
      return app::PushFault::unreadable;
  }
  return app::PushFault::unreadable;
}

}  // namespace

std::variant<app::OpenedPush, app::PushFault> CallbackPort::open(const app::PushQuery& query,
                                                                 std::string_view body) const {
  if (!is_timely(query.timestamp, clock_.wall_now())) return app::PushFault::forged;
  auto received = callback_.receive(query, body);
  if (const auto* fault = std::get_if<CallbackFault>(&received)) return fault_of(*fault);
  auto& [push, sealed] = std::get<Received>(received);
  return app::OpenedPush{std::move(push), sealed};
}

std::string CallbackPort::answer(const app::OpenedPush& opened, std::string_view nonce, std::string_view words) const {
  return callback_.answer({opened.push, opened.sealed}, nonce, words, clock_.wall_now().unix_ms / 1000, random_);
}

}  // namespace zl::wechat
