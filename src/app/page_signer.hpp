// Port: signatures with which our pages may use the platform's scripts.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

#include "base/outcome.hpp"

namespace zl::app {

namespace asio = boost::asio;

/// What a page hands to the script.
struct PageSignature {
  std::string appid;
  std::int64_t timestamp_s = 0;
  std::string nonce;
  std::string signature;
};

class PageSigner {
 public:
  virtual ~PageSigner() = default;

  /// `url` is the page's own address, whole. Refused: forbidden where the page isn't ours; unavailable where the
  /// platform's ticket can't be had.
  virtual asio::awaitable<base::Outcome<PageSignature>> sign(std::string url) = 0;
};

}  // namespace zl::app
