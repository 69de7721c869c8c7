// SPDX-License-Identifier: MIT
#include "fs/fuse/fuse_ops.h"

#include "fs/fuse/fuse_request.h"
#include "fs/tree/errno_map.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

namespace skymount::fs {
namespace {

// Names and exact sizes do not change under a node; a minute keeps the kernel from asking without hiding a new answer
// long.
constexpr double kKeptSeconds = 60;

FuseContext& context_of(fuse_req_t req) {
  return *static_cast<FuseContext*>(fuse_req_userdata(req));
}
Filesystem& filesystem_of(fuse_req_t req) {
  return *context_of(req).filesystem;
}

timespec to_timespec(std::int64_t ns) {
  timespec out{};
  out.tv_sec = ns / 1'000'000'000;
  out.tv_nsec = ns % 1'000'000'000;
  if (out.tv_nsec < 0) {
    out.tv_nsec += 1'000'000'000;
    --out.tv_sec;
  }
  return out;
}

struct stat to_stat(const Attributes& attributes, const FuseContext& context) {
  struct stat out {};
  out.st_ino = attributes.ino;
  out.st_mode = attributes.folder ? (S_IFDIR | 0555) : attributes.symlink ? (S_IFLNK | 0777) : (S_IFREG | 0444);
  out.st_nlink = 1;  // also of folders: 2 would tell find and perl's File::Find that there are no folders inside
  out.st_uid = context.uid;
  out.st_gid = context.gid;
  out.st_size = static_cast<off_t>(attributes.size);
  out.st_blksize = 128L * 1024;  // the kernel's largest read here: what cp and cat then use
  // What is here, in 512-byte units; at least 1 for a file with bytes, or tar -S takes it for a hole.
  out.st_blocks = static_cast<blkcnt_t>((attributes.cached_bytes + 511) / 512);
  if (!attributes.folder && !attributes.symlink && attributes.size > 0 && out.st_blocks == 0) out.st_blocks = 1;
  out.st_atim = out.st_mtim = out.st_ctim = to_timespec(attributes.mtime_ns);
  return out;
}

double attribute_timeout(const Attributes& attributes) {
  return attributes.exact ? kKeptSeconds : 0;
}

/// A continuation that answers `req`: `reply` encodes a success, a failure becomes its errno.
template <class T, class Reply>
Done<T> answering(std::shared_ptr<ParkedRequest> parked, Reply reply) {
  return [parked = std::move(parked), reply = std::move(reply)](Result<T> result) {
    if (!result) return parked->fail(to_errno(result.error().code()));
    if (fuse_req_t req = parked->take()) reply(req, std::move(*result));
  };
}

void on_init(void* userdata, fuse_conn_info* conn) {
  // AUTO_INVAL_DATA drops pages whenever an attribute changes. READDIRPLUS always: with _AUTO the kernel stops asking
  // for attributes in folders whose names are all read before the first is looked at, which is how find reads.
  conn->want &= ~static_cast<unsigned>(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_AUTO_INVAL_DATA);
  for (const unsigned wish : {FUSE_CAP_READDIRPLUS, FUSE_CAP_EXPLICIT_INVAL_DATA, FUSE_CAP_ASYNC_READ,
                              FUSE_CAP_PARALLEL_DIROPS, FUSE_CAP_ASYNC_DIO}) {
    if (conn->capable & wish) conn->want |= wish;
  }
  // Reads that wait for a dead archive count against max_background, and once it is reached every other reader of the
  // mount waits with them: 500 blocked readers must leave room. Each costs a request of some hundred bytes.
  conn->max_background = 4096;
  conn->congestion_threshold = 3072;
  conn->time_gran = 1;
  const auto& context = *static_cast<FuseContext*>(userdata);
  if (context.on_ready) context.on_ready();
}

/// A name that was found or made.
auto entry_reply(Filesystem& filesystem) {
  return [&filesystem](fuse_req_t request, const Attributes& found) {
    fuse_entry_param entry{};
    entry.ino = found.node;
    entry.attr = to_stat(found, context_of(request));
    entry.attr_timeout = attribute_timeout(found);
    entry.entry_timeout = found.symlink && !found.exact ? 0 : kKeptSeconds;
    if (fuse_reply_entry(request, &entry) == -ENOENT) filesystem.forget(found.node, 1);
  };
}

void on_lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  ++filesystem_of(req).upcalls().lookup;
  auto parked = ParkedRequest::park(req);
  const auto stop = parked->stop_token();
  Filesystem& filesystem = filesystem_of(req);
  filesystem.lookup(parent, name, stop, answering<Attributes>(parked, entry_reply(filesystem)), fuse_req_ctx(req)->pid);
}

void on_forget(fuse_req_t req, fuse_ino_t ino, std::uint64_t count) {
  ++filesystem_of(req).upcalls().forget;
  filesystem_of(req).forget(ino, count);
  fuse_reply_none(req);
}

void on_forget_multi(fuse_req_t req, std::size_t count, fuse_forget_data* forgets) {
  filesystem_of(req).upcalls().forget += count;
  for (std::size_t i = 0; i < count; ++i) filesystem_of(req).forget(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(req);
}

void on_getattr(fuse_req_t req, fuse_ino_t ino, fuse_file_info*) {
  ++filesystem_of(req).upcalls().getattr;
  const Result<Attributes> found = filesystem_of(req).attributes(ino);
  if (!found) {
    fuse_reply_err(req, to_errno(found.error().code()));
    return;
  }
  const struct stat attr = to_stat(*found, context_of(req));
  fuse_reply_attr(req, &attr, attribute_timeout(*found));
}

void on_readlink(fuse_req_t req, fuse_ino_t ino) {
  const Result<std::string> target = filesystem_of(req).link_target(ino);
  if (!target) {
    fuse_reply_err(req, to_errno(target.error().code()));
    return;
  }
  fuse_reply_readlink(req, target->c_str());
}

void on_mkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t) {
  auto parked = ParkedRequest::park(req);
  const auto stop = parked->stop_token();
  Filesystem& filesystem = filesystem_of(req);
  filesystem.make_folder(parent, name, stop, answering<Attributes>(parked, entry_reply(filesystem)));
}

void on_rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
  auto parked = ParkedRequest::park(req);
  const auto stop = parked->stop_token();
  filesystem_of(req).remove_folder(parent, name, stop, [parked](const Result<void>& removed) {
    parked->fail(removed ? 0 : to_errno(removed.error().code()));
  });
}

void on_open(fuse_req_t req, fuse_ino_t ino, fuse_file_info* info) {
  ++filesystem_of(req).upcalls().open;
  auto parked = ParkedRequest::park(req);
  const auto stop = parked->stop_token();
  Filesystem& filesystem = filesystem_of(req);
  const bool for_writing = (info->flags & O_ACCMODE) != O_RDONLY;
  filesystem.open(ino, for_writing, stop,
                  answering<OpenReply>(parked,
                                       [&filesystem, session = context_of(req).session, ino, copy = *info](
                                           fuse_req_t request, const OpenReply& opened) {
                                         fuse_file_info reply = copy;
                                         reply.fh = opened.handle;
                                         reply.keep_cache = opened.keep_cache;
                                         reply.direct_io = opened.direct_io;
                                         reply.noflush = 1;
                                         // Attributes only (a negative offset), never pages. It raises the inode's
                                         // attribute version, and the kernel then ignores the sizes of answers that
                                         // were asked for before.
                                         if (opened.forget_estimates)
                                           fuse_lowlevel_notify_inval_inode(session, ino, -1, 0);
                                         if (fuse_reply_open(request, &reply) == -ENOENT)
                                           filesystem.release(opened.handle);
                                       }),
                  fuse_req_ctx(req)->pid);
}

void on_read(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  ++filesystem_of(req).upcalls().read;
  auto parked = ParkedRequest::park(req);
  const auto stop = parked->stop_token();
  filesystem_of(req).read(info->fh, {static_cast<std::uint64_t>(offset), size}, stop,
                          answering<SharedBytes>(parked, [](fuse_req_t request, const SharedBytes& bytes) {
                            fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.view().data()), bytes.size());
                          }));
}

void on_release(fuse_req_t req, fuse_ino_t, fuse_file_info* info) {
  filesystem_of(req).release(info->fh);
  fuse_reply_err(req, 0);
}

void on_opendir(fuse_req_t req, fuse_ino_t ino, fuse_file_info* info) {
  ++filesystem_of(req).upcalls().opendir;
  auto parked = ParkedRequest::park(req);
  const auto stop = parked->stop_token();
  Filesystem& filesystem = filesystem_of(req);
  filesystem.open_folder(
      ino, stop,
      answering<OpenFolderReply>(parked,
                                 [&filesystem, copy = *info](fuse_req_t request, const OpenFolderReply& opened) {
                                   fuse_file_info reply = copy;
                                   reply.fh = opened.handle;
                                   reply.cache_readdir = 1;
                                   reply.keep_cache = opened.keep_cache;
                                   if (fuse_reply_open(request, &reply) == -ENOENT)
                                     filesystem.release_folder(opened.handle);
                                 }),
      fuse_req_ctx(req)->pid);
}

/// A name as libfuse wants it.
class EndedName {
 public:
  explicit EndedName(std::string_view name) { text_[name.copy(text_, sizeof text_ - 1)] = '\0'; }
  const char* c_str() const { return text_; }

 private:
  char text_[256];  // NAME_MAX and its end; longer names are never shown
};

/// Entry `at` of an open folder: 0 ".", 1 "..", then the items.
EndedName name_of(const FolderHandle& folder, std::size_t at) {
  return EndedName(at == 0 ? "." : at == 1 ? ".." : folder.contents.name(at - 2));
}

/// What a name comes with when it is not looked up: its number and its kind.
struct stat stat_of(const FolderHandle& folder, std::size_t at) {
  struct stat attr {};
  attr.st_ino = folder.node->ino;
  attr.st_mode = S_IFDIR;
  if (at < 2) return attr;
  const ShownItem item = folder.contents.item(at - 2);
  attr.st_ino = item.ino;
  attr.st_mode = item.folder ? S_IFDIR : item.symlink ? S_IFLNK : S_IFREG;
  return attr;
}

/// Names as they were at opendir. An offset names the next entry to send.
void on_readdir(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  ++filesystem_of(req).upcalls().readdir;
  const auto folder = filesystem_of(req).folder(info->fh);
  if (!folder) {
    fuse_reply_err(req, EBADF);
    return;
  }
  std::vector<char> buffer(size);
  std::size_t used = 0;
  for (auto at = static_cast<std::size_t>(offset); at < folder->contents.size() + 2; ++at) {
    const EndedName name = name_of(*folder, at);
    const struct stat attr = stat_of(*folder, at);
    const std::size_t need =
        fuse_add_direntry(req, buffer.data() + used, size - used, name.c_str(), &attr, static_cast<off_t>(at + 1));
    if (need > size - used) break;
    used += need;
  }
  fuse_reply_buf(req, buffer.data(), used);
}

/// The same, with each folder looked up on the way: find, which looks at every folder it is shown, costs one upcall for
/// hundreds of names instead of one a name. Other items go without (a node of 0), see Filesystem::enter.
void on_readdirplus(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  Filesystem& filesystem = filesystem_of(req);
  ++filesystem.upcalls().readdir;
  const auto folder = filesystem.folder(info->fh);
  if (!folder) {
    fuse_reply_err(req, EBADF);
    return;
  }
  std::vector<char> buffer(size);
  std::vector<NodeId> entered;
  std::size_t used = 0;
  for (auto at = static_cast<std::size_t>(offset); at < folder->contents.size() + 2; ++at) {
    const EndedName name = name_of(*folder, at);
    if (fuse_add_direntry_plus(req, nullptr, 0, name.c_str(), nullptr, 0) > size - used) break;
    fuse_entry_param entry{};
    if (const auto found = at < 2 ? std::nullopt : filesystem.enter(*folder, at - 2)) {
      entry.ino = found->node;
      entry.attr = to_stat(*found, context_of(req));
      entry.attr_timeout = attribute_timeout(*found);
      entry.entry_timeout = kKeptSeconds;
      entered.push_back(found->node);
    } else {
      entry.attr = stat_of(*folder, at);
    }
    used += fuse_add_direntry_plus(req, buffer.data() + used, size - used, name.c_str(), &entry,
                                   static_cast<off_t>(at + 1));
  }
  if (fuse_reply_buf(req, buffer.data(), used) != -ENOENT) return;
  for (const NodeId node : entered) filesystem.forget(node, 1);
}

void on_releasedir(fuse_req_t req, fuse_ino_t, fuse_file_info* info) {
  const FuseContext& context = context_of(req);
  context.filesystem->release_folder(info->fh);
  std::vector<InodeTable::Crowd> crowd = context.filesystem->crowd();
  fuse_reply_err(req, 0);
  if (!crowd.empty()) context.forget_names(std::move(crowd));
}

/// Everything may be read and nothing written; what is a program is none of ours (noexec).
void on_access(fuse_req_t req, fuse_ino_t, int mask) {
  fuse_reply_err(req, (mask & W_OK) != 0 ? EROFS : 0);
}

void on_statfs(fuse_req_t req, fuse_ino_t) {
  const Space space = filesystem_of(req).space();
  struct statvfs out {};
  out.f_bsize = out.f_frsize = 4096;
  out.f_blocks = space.total_bytes / 4096;
  out.f_bfree = out.f_bavail = space.free_bytes / 4096;
  out.f_namemax = 255;
  fuse_reply_statfs(req, &out);
}

/// An answer of xattr calls: size 0 asks how long it would be.
void reply_sized(fuse_req_t req, std::string_view value, std::size_t size) {
  if (size == 0) {
    fuse_reply_xattr(req, value.size());
  } else if (value.size() > size) {
    fuse_reply_err(req, ERANGE);
  } else {
    fuse_reply_buf(req, value.data(), value.size());
  }
}

void on_getxattr(fuse_req_t req, fuse_ino_t ino, const char* name, std::size_t size) {
  ++filesystem_of(req).upcalls().xattr;
  // ls -l asks two of these for each entry: answered before anything is locked or looked up.
  if (std::strncmp(name, "user.skymount.", 14) != 0) {
    fuse_reply_err(req, ENODATA);
    return;
  }
  const auto all = filesystem_of(req).xattrs(ino);
  if (!all) {
    fuse_reply_err(req, to_errno(all.error().code()));
    return;
  }
  const auto it = std::find_if(all->begin(), all->end(), [&](const auto& x) { return x.first == name; });
  if (it == all->end()) {
    fuse_reply_err(req, ENODATA);
    return;
  }
  reply_sized(req, it->second, size);
}

void on_listxattr(fuse_req_t req, fuse_ino_t ino, std::size_t size) {
  const auto all = filesystem_of(req).xattrs(ino);
  if (!all) {
    fuse_reply_err(req, to_errno(all.error().code()));
    return;
  }
  std::string names;
  for (const auto& [name, value] : *all) names.append(name).push_back('\0');
  reply_sized(req, names, size);
}

// Everything that would write. The kernel's "function not implemented" would send people looking for a broken build.
void refuse(fuse_req_t req) {
  fuse_reply_err(req, EROFS);
}

fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops ops{};
  ops.init = on_init;
  ops.lookup = on_lookup;
  ops.forget = on_forget;
  ops.forget_multi = on_forget_multi;
  ops.getattr = on_getattr;
  ops.open = on_open;
  ops.read = on_read;
  ops.release = on_release;
  ops.opendir = on_opendir;
  ops.readdir = on_readdir;
  ops.readdirplus = on_readdirplus;
  ops.releasedir = on_releasedir;
  ops.access = on_access;
  ops.statfs = on_statfs;
  ops.getxattr = on_getxattr;
  ops.listxattr = on_listxattr;
  ops.setattr = [](fuse_req_t req, fuse_ino_t, struct stat*, int, fuse_file_info*) { refuse(req); };
  ops.mknod = [](fuse_req_t req, fuse_ino_t, const char*, mode_t, dev_t) { refuse(req); };
  ops.readlink = on_readlink;
  ops.mkdir = on_mkdir;
  ops.rmdir = on_rmdir;
  ops.unlink = [](fuse_req_t req, fuse_ino_t, const char*) { refuse(req); };
  ops.symlink = [](fuse_req_t req, const char*, fuse_ino_t, const char*) { refuse(req); };
  ops.rename = [](fuse_req_t req, fuse_ino_t, const char*, fuse_ino_t, const char*, unsigned) { refuse(req); };
  ops.link = [](fuse_req_t req, fuse_ino_t, fuse_ino_t, const char*) { refuse(req); };
  ops.create = [](fuse_req_t req, fuse_ino_t, const char*, mode_t, fuse_file_info*) { refuse(req); };
  ops.setxattr = [](fuse_req_t req, fuse_ino_t, const char*, const char*, size_t, int) { refuse(req); };
  ops.removexattr = [](fuse_req_t req, fuse_ino_t, const char*) { refuse(req); };
  return ops;
}

}  // namespace

const fuse_lowlevel_ops& fuse_operations() {
  static const fuse_lowlevel_ops ops = make_operations();
  return ops;
}

}  // namespace skymount::fs
