// What the platform tells about messages and those who get them, kept where the sender finds it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "app/followers.hpp"
#include "app/message_receipts.hpp"
#include "app/message_store.hpp"
#include "app/send_messages.hpp"

namespace zl::app {

/// Usable from all loops. Reports and consents with ids that the platform doesn't give are passed over.
class TrackMessages final : public MessageReceipts, public Followers {
 public:
  TrackMessages(MessageStore& store, MessageMetrics& metrics) : store_(store), metrics_(metrics) {}

  asio::awaitable<base::Outcome<base::Done>> delivered(std::string openid,
                                                       std::vector<DeliveryReport> reports) override;
  asio::awaitable<base::Outcome<base::Done>> consent_changed(std::string openid, std::vector<ConsentChange> changes,
                                                             std::string push_key) override;
  asio::awaitable<base::Outcome<base::Done>> set_following(std::string openid, bool follows,
                                                           std::int64_t told_s) override;

 private:
  MessageStore& store_;
  MessageMetrics& metrics_;
};

}  // namespace zl::app
