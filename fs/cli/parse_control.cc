// SPDX-License-Identifier: MIT
#include "fs/cli/parse_control.h"

#include "vo/query/grammar.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

namespace skymount::fs {
namespace {

constexpr const char* kStatusHelp =
    R"(Tells what each mount of this user does: archives and their health, transfers with speed and time left, who waits
for what, the cache. Asks the mount's process, never the network; one that does not answer in 2 seconds is said to.
The same is in MOUNTPOINT/.skymount/status.json.

An archive is `well`, `failing` (its last request found no answer), `resting` (it did not answer several times and is
left alone until the time shown) or `offline` (mounted so).

Examples:
  skymount status
  skymount status --watch ~/sky              once a second, until Ctrl-C; without a terminal a line each
  skymount status --json | jq '.mounts[].transfers'

--json: mounts[ mountpoint answers error version pid mounted_at now offline open_files errors
  cache{ dir bytes limit_bytes contents pinned_contents pinned_bytes hits misses hit_rate fetched_bytes transfers }
  archives[ name title tap state waiting last_failure{ at words } map[ host url ]
            origins[ origin failures reason failed_seconds_ago next_try_seconds ] ]
  transfers[ archive what done_bytes wanted_bytes file_bytes bytes_per_second eta_seconds seconds transfers queued ]
  jobs[ archive url phase what since seconds waited_for ]
  waiting[ what seconds budget_left ] waiting_callers ]
Bytes and seconds; null: not known. Keys may be added, none changes.

Exit code: 0, or 1 when a mount does not answer.
)";

constexpr const char* kPrefetchHelp =
    R"(Brings files into the cache: later reads need no network. PATH is a file, a folder (all in it, as `cp -r` would take
it) or a pattern in quotes. What is here already is not fetched again, so the same command goes on where it was
interrupted. Ctrl-C ends the transfers at once.

Finding the files costs what `ls -R` costs: a request for each listing and each dataset's links that are not here.
A prefetch fills nine tenths of the cache at most, pinned files counted, so that it never evicts what it has brought.

Examples:
  skymount prefetch ~/sky/gavo/pos=156.01,48.14/images
  skymount prefetch "$HOME/sky/gavo/pos=156.01,48.14/*DASCH*/*.fits"
  skymount prefetch --pin ~/sky/gavo/type=image/images      and keep it, whatever else is read

--json: one object a line, "event" is one of
  file      path state(fetched|here|failed) bytes fetched_bytes code error
  progress  files fetched here failed bytes total_bytes estimated searching fetched_bytes running[ path bytes size exact ]
  end       as progress, and ok

Exit code: 0, or 1 when a file failed; each is told with its reason.
)";

constexpr const char* kCacheHelp = R"(stat    how much is kept, of how much, and what is pinned
verify  reads all of it and compares checksums; what is damaged is forgotten, and fetched again when it is read
clear   frees all that is neither pinned nor in use just now
pin     keeps files over eviction and remount; they must be here as a whole (skymount prefetch --pin brings and pins)
unpin   lets them go again

With PATH (a file, a folder or a quoted pattern below a mount): these files; finding them costs
what `ls -R` costs, nothing where they were listed before. A mountpoint, or no PATH: the whole cache directory,
with or without a mount; pin needs a PATH. Listings stay in any case, they are not files.

Examples:
  skymount cache stat
  skymount cache stat ~/sky/gavo/pos=156.01,48.14
  skymount cache clear --cache /data/cache
  skymount cache pin ~/sky/gavo/pos=156.01,48.14/images

--json: ok dir, and by action: bytes limit_bytes contents pinned_bytes pinned_contents | damaged_bytes |
  freed_bytes kept_bytes | unpinned_contents; with PATH: files files_here bytes pinned failed
  list[ path bytes size pinned damaged_bytes freed_bytes code error ]

Exit code: 0, or 1 when something was damaged, was not found or cannot be pinned.
)";

constexpr std::array<std::string_view, 5> kActions = {"stat", "verify", "clear", "pin", "unpin"};

std::string check_action(const std::string& word) {
  if (std::find(kActions.begin(), kActions.end(), word) != kActions.end()) return "";
  const std::string near(vo::nearest(word, {kActions.begin(), kActions.end()}));
  return "there is no `skymount cache " + word + "`" + (near.empty() ? "" : " - did you mean '" + near + "'?");
}

}  // namespace

void add_control_commands(CLI::App& app, Command& command) {
  CLI::App* status = app.add_subcommand("status", "what the mounts do: archives, transfers, cache");
  status->add_option("MOUNTPOINT", command.paths, "a mount, or a path in it; all of this user when it is left out")
      ->expected(0, 1)
      ->type_name("");
  status->add_flag("--json", command.json, "as JSON, for programs");
  status->add_flag("--watch", command.watch, "once a second, until Ctrl-C");
  status->footer(kStatusHelp);
  status->callback([&command] { command.kind = Command::Kind::status; });

  CLI::App* prefetch = app.add_subcommand("prefetch", "bring files into the cache");
  prefetch->add_option("PATH", command.paths, "files, folders or quoted patterns below a mount")
      ->required()
      ->type_name("");
  prefetch->add_flag("--pin", command.pin, "and keep them over eviction");
  prefetch->add_flag("--json", command.json, "as JSON lines, for programs");
  prefetch->footer(kPrefetchHelp);
  prefetch->callback([&command] { command.kind = Command::Kind::prefetch; });

  CLI::App* cache = app.add_subcommand("cache", "look at the cache, prove it, free it, keep files in it");
  cache->add_option("ACTION", command.action, "stat, verify, clear, pin or unpin")
      ->required()
      ->type_name("")
      ->check(CLI::Validator(check_action, ""));
  cache->add_option("PATH", command.paths, "files, folders or quoted patterns below a mount")->type_name("");
  cache
      ->add_option_function<std::string>(
          "--cache", [&command](const std::string& directory) { command.config.cache = directory; },
          "the cache directory ($XDG_CACHE_HOME/skymount)")
      ->type_name("DIR");
  cache->add_flag("--json", command.json, "as JSON, for programs");
  cache->footer(kCacheHelp);
  cache->callback([&command] {
    command.kind = Command::Kind::cache;
    if (command.action == "pin" && command.paths.empty())
      throw CLI::ValidationError("PATH", "`skymount cache pin` needs one: pinning everything would leave no cache");
  });
}

}  // namespace skymount::fs
