// SPDX-License-Identifier: MIT
#include "fs/tree/readable.h"

#include "cache/base/log.h"
#include "vo/http/redact.h"

namespace skymount::fs {

std::string readable(std::string_view text) {
  return printable(vo::redact_text(text));
}

}  // namespace skymount::fs
