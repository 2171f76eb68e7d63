// One answer, before it becomes bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zl::http {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view problem_type = "application/problem+json";

struct Answer {
  int status = 200;
  std::string body;  ///< empty for 204
  std::string_view content_type = json_type;
  std::vector<std::pair<std::string_view, std::string>> headers;  ///< names are literals; values hold no line breaks
  bool is_public = false;  ///< the same for everybody: may be kept, and is asked for again before it is used
  bool close = false;      ///< end the connection behind it
  bool silent = false;     ///< end the connection instead of it
  bool pause = false;      ///< leave the connection's next request unread for a while

  /// A place that a large answer takes until it is sent.
  std::shared_ptr<const void> keeps;

  /// Sets a header; another value under the name goes.
  Answer& with(std::string_view name, std::string value);
};

/// The reason phrase of a status (RFC 9110).
std::string_view reason_of(int status);

/// The lines of every answer that keep a browser from running, framing and sniffing what it is sent, and, of a site
/// that is reached by https, from asking for it in the clear.
std::string_view security_lines(bool https);

/// Appends status line, headers, `fixed_lines` among them, and body to `out`. `head_only` leaves the body out, as for
/// HEAD.
void append_bytes(const Answer& answer, std::string_view request_id, bool keep_alive, bool head_only,
                  std::string_view fixed_lines, std::string& out);

}  // namespace zl::http
