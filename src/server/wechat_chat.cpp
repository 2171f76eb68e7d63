#include "server/wechat_chat.hpp"

namespace zl::server {

WechatChat::WechatChat(const Parts& parts)
    : callback_(parts.callback, parts.clock, parts.random),
      check_in_(parts.mysql.families(), parts.door, parts.catalogue, parts.time, parts.offset_minutes),
      converse_({parts.identities, parts.mysql.pushes(), parts.mysql.people(), parts.mysql.ledger(), parts.cancel,
                 check_in_, parts.catalogue, parts.time, parts.clock, parts.offset_minutes, parts.page_url}),
      pushes_({parts.mysql.pushes(), converse_, parts.identities, parts.receipts, parts.followers, parts.time,
               parts.offset_minutes, parts.tasks, parts.clock, app::PushMetrics::of(parts.metrics)}) {}

}  // namespace zl::server
