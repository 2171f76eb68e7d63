// What a request's header must be before its body is believed: the checks that Beast's parser leaves to its user.
#pragma once

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <string_view>

#include "http/request.hpp"

namespace zl::http {

using Header = boost::beast::http::request_header<boost::beast::http::fields>;

/// 0 where the header may go on, else the status that ends the connection. Refuses what proxies and servers are known
/// to read differently (RFC 9112, section 6): any transfer coding but one "chunked", it together with a length, several
/// lengths, folded lines, a missing or second Host, a target that isn't a path.
int check_framing(const Header& header);

/// The status for what Beast's parser found wrong.
int status_of_parse_error(const boost::beast::error_code& error);

/// The parts of a request that endpoints see; views into `header` and `body`.
Request make_request(const Header& header, std::string_view body);

/// X-Forwarded-For, all lines joined in order.
std::string forwarded_for(const Header& header);

}  // namespace zl::http
