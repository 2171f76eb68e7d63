// The sentences of problem documents, in both languages.
#pragma once

#include <string_view>

#include "base/code.hpp"
#include "http/request.hpp"

namespace zl::http {

struct Sentence {
  std::string_view zh;
  std::string_view en;

  std::string_view in(Language language) const { return language == Language::en ? en : zh; }
};

struct CodeTexts {
  Sentence title;
  Sentence detail;       ///< told with a problem that has nothing more precise to say
  Sentence explanation;  ///< for /problems/<code>
};

const CodeTexts& texts_of(base::Code code);

/// A sentence that the inner layers wrote in English, in the client's language; nothing where it isn't known.
std::string_view translated(std::string_view english, Language language);

}  // namespace zl::http
