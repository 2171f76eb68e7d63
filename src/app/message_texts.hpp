// What messages say.
#pragma once

#include <string>
#include <vector>

#include "app/message_store.hpp"
#include "domain/message_fields.hpp"

namespace zl::app {

/// The fields of a message in the shape of a template, each made to fit.
std::vector<domain::MessageField> fields_of(const ClaimedMessage& message, const domain::MessageTemplate& shape,
                                            int offset_minutes);

/// The whole message in a sentence or two.
std::string sentence_of(const ClaimedMessage& message, int offset_minutes);

}  // namespace zl::app
