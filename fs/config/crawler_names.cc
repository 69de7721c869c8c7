// SPDX-License-Identifier: MIT
//
// Programs known to read whatever is mounted, so that a desktop with all of them running costs an archive nothing. The
// list holds what Debian 12 and its successors install by default; users replace it with [crawlers] deny.
#include "fs/config/config.h"

namespace skymount::fs {

std::vector<std::string> known_crawlers() {
  // Spelled with a star where the kernel would cut the name (15 bytes of it are kept), or where versions differ.
  return {// locate(1) databases
          "updatedb", "updatedb.*", "mlocate",
          // GNOME: Tracker, and LocalSearch, its later name
          "tracker-extract*", "tracker-miner-*", "tracker-writeb*", "localsearch*",
          // KDE
          "baloo_file", "baloo_file_extr*",
          // others that index
          "recollindex", "beagled", "strigidaemon",
          // thumbnailers, which file managers start for each file of a folder that is looked at
          "tumblerd", "totem-video-thu*", "gdk-pixbuf-thum*", "evince-thumbnai*", "papers-thumbnai*",
          "ffmpegthumbnail*", "gnome-thumbnail*", "gsf-office-thum*", "gst-thumbnailer*", "atril-thumbnail*",
          "xreader-thumbna*"};
}

}  // namespace skymount::fs
