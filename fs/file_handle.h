// SPDX-License-Identifier: MIT
//
// What an open file or folder holds until it is closed: the reader of one version, a text as it was at open, or the
// names of a folder as they were at opendir.
#pragma once

#include "cache/content_reader.h"
#include "fs/eof_order.h"
#include "fs/tree/namespace.h"

#include <memory>
#include <string>

namespace skymount::fs {

struct FileHandle {
  NodePtr node;
  std::shared_ptr<cache::ContentReader> reader;  ///< of data
  std::shared_ptr<const std::string> text;       ///< of a generated file
  std::shared_ptr<EofOrder> eof;                 ///< of data
};

struct FolderHandle {
  NodePtr node;
  FolderContents contents;
};

}  // namespace skymount::fs
