// SPDX-License-Identifier: MIT
//
// The least that a FUSE filesystem can do: one folder of N folders, every upcall answered from constants, with the same
// session options as skymount (readdirplus, names cached, a minute of attributes); and beside it one file of zeros,
// whose pages the kernel may keep. What ls or a read costs here is what the kernel and libfuse cost; the rest is ours.
#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr fuse_ino_t kList = 2;      // the folder with the entries
constexpr fuse_ino_t kFirst = 1000;  // inode of the first entry
constexpr char kListName[] = "list";
constexpr fuse_ino_t kFile = 3;
constexpr char kFileName[] = "file";
constexpr std::size_t kMostRead = 1 << 20;  // what libfuse allows in one request
off_t file_size = 0;
std::vector<std::string> names;  // as long as those of skymount; each ends with its number

struct stat attributes(fuse_ino_t ino) {
  struct stat out {};
  out.st_ino = ino;
  out.st_mode = S_IFDIR | 0555;
  out.st_nlink = 2;
  out.st_uid = getuid();
  out.st_gid = getgid();
  if (ino == kFile) {
    out.st_mode = S_IFREG | 0444;
    out.st_size = file_size;
  }
  return out;
}

void on_init(void*, fuse_conn_info* conn) {
  conn->want &= ~static_cast<unsigned>(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_AUTO_INVAL_DATA);
  for (const unsigned wish : {FUSE_CAP_READDIRPLUS, FUSE_CAP_PARALLEL_DIROPS}) {
    if (conn->capable & wish) conn->want |= wish;
  }
}

void on_lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  fuse_entry_param entry{};
  entry.attr_timeout = entry.entry_timeout = 60;
  if (parent == FUSE_ROOT_ID && std::strcmp(name, kListName) == 0) {
    entry.ino = kList;
  } else if (parent == FUSE_ROOT_ID && std::strcmp(name, kFileName) == 0) {
    entry.ino = kFile;
  } else if (parent == kList) {
    const char* number = std::strrchr(name, '_');
    const std::size_t at = number == nullptr ? names.size() : std::strtoul(number + 2, nullptr, 10);
    if (at < names.size() && names[at] == name) entry.ino = kFirst + at;
  }
  if (entry.ino == 0) {
    fuse_reply_err(req, ENOENT);
    return;
  }
  entry.attr = attributes(entry.ino);
  fuse_reply_entry(req, &entry);
}

void on_getattr(fuse_req_t req, fuse_ino_t ino, fuse_file_info*) {
  const struct stat attr = attributes(ino);
  fuse_reply_attr(req, &attr, 60);
}

void on_opendir(fuse_req_t req, fuse_ino_t, fuse_file_info* info) {
  info->cache_readdir = 1;
  info->keep_cache = 1;
  fuse_reply_open(req, info);
}

void on_open(fuse_req_t req, fuse_ino_t, fuse_file_info* info) {
  info->keep_cache = 1;
  fuse_reply_open(req, info);
}

void on_read(fuse_req_t req, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  static const std::vector<char> zeros(kMostRead);
  const off_t left = offset < file_size ? file_size - offset : 0;
  fuse_reply_buf(req, zeros.data(), std::min({size, zeros.size(), static_cast<std::size_t>(left)}));
}

void on_readdirplus(fuse_req_t req, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info*) {
  const std::size_t total = ino == kList ? names.size() : ino == FUSE_ROOT_ID ? 1 : 0;
  std::vector<char> buffer(size);
  std::size_t used = 0;
  for (auto at = static_cast<std::size_t>(offset); at < total; ++at) {
    fuse_entry_param entry{};
    entry.ino = ino == kList ? kFirst + at : kList;
    entry.attr = attributes(entry.ino);
    entry.attr_timeout = entry.entry_timeout = 60;
    const char* name = ino == kList ? names[at].c_str() : kListName;
    const std::size_t need =
        fuse_add_direntry_plus(req, buffer.data() + used, size - used, name, &entry, static_cast<off_t>(at + 1));
    if (need > size - used) break;
    used += need;
  }
  fuse_reply_buf(req, buffer.data(), used);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare_fs ENTRIES FILE_MIB MOUNTPOINT   (in the foreground)\n");
    return 2;
  }
  file_size = std::atol(argv[2]) << 20;
  const int count = std::atoi(argv[1]);
  for (int i = 0; i < count; ++i) {
    char name[64];
    std::snprintf(name, sizeof name, "1957-10-04_BENCH_e%06d", i);
    names.emplace_back(name);
  }
  fuse_lowlevel_ops ops{};
  ops.init = on_init;
  ops.lookup = on_lookup;
  ops.getattr = on_getattr;
  ops.open = on_open;
  ops.read = on_read;
  ops.opendir = on_opendir;
  ops.readdirplus = on_readdirplus;
  ops.releasedir = [](fuse_req_t req, fuse_ino_t, fuse_file_info*) { fuse_reply_err(req, 0); };
  ops.getxattr = [](fuse_req_t req, fuse_ino_t, const char*, std::size_t) { fuse_reply_err(req, ENODATA); };
  ops.listxattr = [](fuse_req_t req, fuse_ino_t, std::size_t) { fuse_reply_xattr(req, 0); };
  ops.access = [](fuse_req_t req, fuse_ino_t, int) { fuse_reply_err(req, 0); };

  char program[] = "bare_fs", option[] = "-o", flags[] = "fsname=bare_fs,nosuid,nodev,noexec";
  char* words[] = {program, option, flags, nullptr};
  fuse_args args = FUSE_ARGS_INIT(3, words);
  fuse_session* session = fuse_session_new(&args, &ops, sizeof ops, nullptr);
  if (session == nullptr || fuse_session_mount(session, argv[3]) != 0) return 1;
  fuse_set_signal_handlers(session);
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, 10);
  const int code = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  return code == 0 || code == SIGTERM || code == SIGINT ? 0 : 1;
}
