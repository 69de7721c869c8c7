// SPDX-License-Identifier: MIT
//
// skymount-demo: the demo archive as a program of its own. Says its URL on standard output when it is ready and serves
// until SIGINT or SIGTERM.
#include "vo/demo/archive.h"
#include "vo/demo/archives/imitations.h"
#include "vo/demo/record.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string_view>

namespace {

using namespace skymount::demo;

constexpr const char* kHelp =
    R"(skymount-demo: a small astronomical archive served from this machine (127.0.0.1 only)

usage: skymount-demo [OPTIONS]

  --archive NAME     answer as a real archive does (repeatable; "all"): what mount-configs/NAME.toml is tried with.
                     Prints a second line, "--map HOST=URL ...", to be given to skymount mount
  --record           tell under /.requests what was asked, one JSON object a line; DELETE forgets it
  --port N           the port to listen on; default: a free one
  --config-out FILE  write an archive configuration for skymount to FILE
  --name NAME        the archive's name in that configuration; default: demo
  --latency MS       wait before the first byte of each answer
  --bandwidth N      bytes per second and connection
  --extra-rows N     so many more datasets at pos=200,-30
  --geometry WHICH   all, contains, centres or none: what the TAP service understands
  --maxrec N         rows of a query answer unless it asks otherwise
  --ready-fd N       write the URL to file descriptor N as well, then close it
  --print-url        print the URL when ready (it always does)
  --parent-death     end when the process that started this one ends
  --help             this text

examples:
  skymount-demo --port 8042 --config-out /tmp/demo.toml
  skymount mount --config /tmp/demo.toml /tmp/sky
  skymount-demo --latency 50 --bandwidth 2000000
  skymount-demo --port 48148 --archive eso
  skymount mount --archive eso --map ... /tmp/sky      (as its second line says)
  curl http://127.0.0.1:8042/tap/sync -d REQUEST=doQuery -d LANG=ADQL -d FORMAT=csv -d 'QUERY=SELECT TOP 5 * FROM ivoa.obscore'
)";

struct Options {
  int port = 0;
  int ready_fd = -1;
  bool parent_death = false, record = false;
  std::vector<std::string> archives;
  std::string config_out, name = "demo";
  Faults faults;
  DemoOptions demo;
};

/// Says what is wrong with the command line and ends with the exit code for that.
[[noreturn]] void usage_error(const std::string& what) {
  std::cerr << "skymount-demo: " << what << "; see skymount-demo --help\n";
  std::exit(2);
}

long number(std::string_view option, std::string_view text, long highest) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > highest) {
    usage_error(std::string(option) + " wants a number from 0 to " + std::to_string(highest));
  }
  return value;
}

Geometry geometry_named(std::string_view name) {
  if (name == "all") return Geometry::all;
  if (name == "contains") return Geometry::contains_only;
  if (name == "centres") return Geometry::centres_only;
  if (name == "none") return Geometry::none;
  usage_error("--geometry is all, contains, centres or none");
}

void add_archive(std::vector<std::string>& archives, const std::string& name) {
  const std::vector<std::string> known = Imitations::names();
  if (name == "all") {
    archives = known;
  } else if (std::find(known.begin(), known.end(), name) != known.end()) {
    archives.push_back(name);
  } else {
    std::string all;
    for (const std::string& each : known) all += " " + each;
    usage_error("--archive is one of" + all);
  }
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const auto value = [&]() -> std::string_view {
      if (i + 1 >= argc) usage_error(std::string(option) + " wants a value");
      return argv[++i];
    };
    if (option == "--help" || option == "-h") {
      std::cout << kHelp;
      std::exit(0);
    } else if (option == "--archive") {
      add_archive(options.archives, std::string(value()));
    } else if (option == "--record") {
      options.record = true;
    } else if (option == "--port") {
      options.port = static_cast<int>(number(option, value(), 65'535));
    } else if (option == "--config-out") {
      options.config_out = value();
    } else if (option == "--name") {
      options.name = value();
    } else if (option == "--latency") {
      options.faults.latency = std::chrono::milliseconds(number(option, value(), 3'600'000));
    } else if (option == "--bandwidth") {
      options.faults.bytes_per_second = static_cast<std::uint64_t>(number(option, value(), 1'000'000'000'000));
    } else if (option == "--extra-rows") {
      options.demo.extra_rows = static_cast<unsigned>(number(option, value(), 999'999));
    } else if (option == "--geometry") {
      options.demo.geometry = geometry_named(value());
    } else if (option == "--maxrec") {
      options.demo.default_maxrec = static_cast<unsigned>(number(option, value(), 1'000'000));
    } else if (option == "--ready-fd") {
      options.ready_fd = static_cast<int>(number(option, value(), 1'000'000));
    } else if (option == "--parent-death") {
      options.parent_death = true;
    } else if (option != "--print-url") {
      usage_error("unknown option " + std::string(option));
    }
  }
  return options;
}

void announce(const Options& options, const Origin& origin, const std::vector<std::string>& maps) {
  const std::string line = origin.url("") + "\n";
  std::cout << line;
  for (const std::string& map : maps) std::cout << "--map " << map << (&map == &maps.back() ? "\n" : " ");
  std::cout << std::flush;
  if (options.ready_fd < 0) return;
  if (::write(options.ready_fd, line.data(), line.size()) < 0) std::perror("skymount-demo: --ready-fd");
  ::close(options.ready_fd);
}

int serve(const Options& options) {
  sigset_t endings;
  sigemptyset(&endings);
  sigaddset(&endings, SIGINT);
  sigaddset(&endings, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &endings, nullptr);  // before any thread exists: all inherit it

  Origin origin(options.port);
  const DemoArchive archive(origin, options.demo);
  origin.misbehave("/", options.faults);
  if (!options.config_out.empty()) {
    std::ofstream file(options.config_out);
    file << archive.config_toml(options.name);
    if (!file.flush()) {
      std::cerr << "skymount-demo: cannot write " << options.config_out << "\n";
      return 1;
    }
  }
  const Imitations imitations(origin, options.archives);
  if (options.record) record_requests(origin);
  announce(options, origin, imitations.maps());
  int signal = 0;
  sigwait(&endings, &signal);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const pid_t parent = getppid();
  const Options options = parse(argc, argv);
  if (options.parent_death) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) return 0;  // it ended before we asked
  }
  try {
    return serve(options);
  } catch (const std::exception& error) {
    std::cerr << "skymount-demo: " << error.what() << "\n";
    return 1;
  }
}
