// What the tests of the HTTP edge share.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "http/json_reader.hpp"
#include "http/request.hpp"

namespace zl::http {

inline boost::json::object parsed(std::string_view text) {
  return boost::json::parse(boost::json::string_view(text.data(), text.size())).as_object();
}

inline std::vector<std::string> pointers(const Faults& faults) {
  std::vector<std::string> all;
  for (const base::FieldError& fault : faults) all.push_back(fault.pointer);
  return all;
}

inline Request a_request(Method method = Method::get, Language language = Language::en) {
  Request request;
  request.method = method;
  request.language = language;
  request.request_id = "5f0c6a1e9b3d4c2a5f0c6a1e9b3d4c2a";
  return request;
}

}  // namespace zl::http
