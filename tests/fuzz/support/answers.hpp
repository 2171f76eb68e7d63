// Reads what a server wrote as a strict client would: whatever was sent, the answers are well-formed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zl::fuzz {

struct SeenAnswer {
  int status = 0;
  std::string header;  ///< the lines without Date
  std::string body;
};

/// All answers, interim ones left out; a finding where something is not as HTTP and the contract want it. `sent` tells
/// whether there may have been a HEAD among the requests, whose answer has a length and no body.
std::vector<SeenAnswer> read_answers(std::string_view received, std::string_view sent);

}  // namespace zl::fuzz
