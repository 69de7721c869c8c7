// SPDX-License-Identifier: MIT
#include "fs/tree/errno_map.h"

#include <cerrno>

namespace skymount::fs {
namespace {

struct Errno {
  int number;
  std::string_view name;
};

Errno place(Code code) {  // no default: a new Code that nobody placed here is a compiler warning
  switch (code) {
    case Code::not_found: return {ENOENT, "ENOENT"};
    case Code::invalid: return {EINVAL, "EINVAL"};
    case Code::denied: return {EACCES, "EACCES"};
    case Code::unavailable: return {EHOSTUNREACH, "EHOSTUNREACH"};
    case Code::timed_out: return {ETIMEDOUT, "ETIMEDOUT"};
    case Code::stale: return {ESTALE, "ESTALE"};
    case Code::corrupt: return {EIO, "EIO"};
    case Code::unsupported: return {EOPNOTSUPP, "EOPNOTSUPP"};
    case Code::cancelled: return {EINTR, "EINTR"};
    case Code::no_data: return {ENODATA, "ENODATA"};
    case Code::too_large: return {EFBIG, "EFBIG"};
    case Code::name_too_long: return {ENAMETOOLONG, "ENAMETOOLONG"};
    case Code::read_only: return {EROFS, "EROFS"};
    case Code::is_directory: return {EISDIR, "EISDIR"};
    case Code::not_directory: return {ENOTDIR, "ENOTDIR"};
    case Code::no_space: return {ENOSPC, "ENOSPC"};
    case Code::over_quota: return {EDQUOT, "EDQUOT"};
    case Code::exists: return {EEXIST, "EEXIST"};
    case Code::not_empty: return {ENOTEMPTY, "ENOTEMPTY"};
    case Code::would_wait: return {EAGAIN, "EAGAIN"};
  }
  return {EIO, "EIO"};
}

}  // namespace

int to_errno(Code code) {
  return place(code).number;
}
std::string_view errno_name(Code code) {
  return place(code).name;
}

}  // namespace skymount::fs
