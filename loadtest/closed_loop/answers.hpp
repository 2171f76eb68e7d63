// The answers on one connection of the closed-loop load: no more of HTTP/1.1 (RFC 9112) than where each ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zl::closed_loop {

class Answers {
 public:
  /// What has come. Gives the status of the answer that is whole by it, 0 where it is none of HTTP/1.1 or goes on
  /// behind its end; nothing while a part is missing.
  std::optional<int> put(std::string_view bytes);

 private:
  std::string begun_;  ///< of an answer that has come in part
};

}  // namespace zl::closed_loop
