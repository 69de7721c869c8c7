# SPDX-License-Identifier: MIT
#
# Where the bytes come from: nginx with the bench's files, and before it a link with a round trip and a bandwidth
# (tools/slow_link). TAP answers are files too: whatever is asked of /NAME/tap/sync is answered with answers/NAME.vot.
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path

from harness.measure import ENDS_WITH_US, Failed, run

NGINX = """daemon off;
worker_processes 2;
{user}
pid {work}/nginx.pid;
error_log {work}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  keepalive_timeout 3600s;
  types {{ application/fits fits; application/x-votable+xml vot; }}
  default_type application/octet-stream;
  client_body_temp_path {work}/nginx-tmp;
  proxy_temp_path {work}/nginx-tmp;
  fastcgi_temp_path {work}/nginx-tmp;
  uwsgi_temp_path {work}/nginx-tmp;
  scgi_temp_path {work}/nginx-tmp;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    root {work}/www;
    rewrite ^/([a-z0-9]+)/tap/sync$ /answers/$1.vot last;
    location /answers/ {{ error_page 405 =200 $uri; }}
    location /data/ {{ autoindex on; }}
  }}
}}
"""


def free_port() -> int:
    """Below the range that the kernel hands out, so that nobody gets it between this look and its use."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(100):
        port = random.randrange(max(1024, lowest - 16000), lowest)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise Failed("no free port")


def wait_for_port(port: int, process: subprocess.Popen, what: str) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise Failed(f"{what} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failed(f"{what} does not listen")


class Origin:
    """nginx and the link; folders www/data and www/answers below `work`."""

    def __init__(self, work: Path, tools: Path):
        self.work = work
        self.data, self.answers = work / "www" / "data", work / "www" / "answers"
        for folder in (self.data, self.answers, work / "nginx-tmp"):
            folder.mkdir(parents=True)
        self.direct_port, self.port = free_port(), free_port()
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        (work / "nginx.conf").write_text(NGINX.format(work=work, port=self.direct_port, user=user))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self._nginx = subprocess.Popen(
            [*ENDS_WITH_US, nginx, "-p", str(work), "-c", str(work / "nginx.conf")],
            stderr=(work / "nginx.err").open("w"),
        )
        wait_for_port(self.direct_port, self._nginx, "nginx")
        self._link = subprocess.Popen(
            [str(tools / "slow_link"), str(self.port), str(self.direct_port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._link.stdout.readline()
        self.url, self.direct_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.direct_port}"

    def _say(self, line: str):
        self._link.stdin.write(line + "\n")
        self._link.stdin.flush()
        return json.loads(self._link.stdout.readline())

    def conditions(self, rtt_ms: float, megabytes_per_second: float = 0) -> None:
        """From the next request on. 0: no limit."""
        self._say(f"set {rtt_ms} {megabytes_per_second * 1e6}")

    def reset(self) -> None:
        self._say("reset")

    def counts(self) -> dict:
        """requests, bytes (of answers, heads included), connections, most_open; since reset()."""
        return self._say("counts")

    def requests(self) -> list[str]:
        return self._say("log")

    def settled_counts(self, quiet: float = 0.5, longest: float = 30) -> dict:
        """The counts once nothing has moved for `quiet` seconds: what was prefetched for nobody counts, too."""
        end = time.monotonic() + longest
        last = self.counts()
        while time.monotonic() < end:
            time.sleep(quiet)
            now = self.counts()
            if now == last:
                break
            last = now
        return last

    def close(self) -> None:
        self._link.stdin.close()
        self._link.wait(10)
        self._nginx.terminate()
        self._nginx.wait(10)


class File:
    """A FITS file at the origin."""

    def __init__(self, name: str, path: Path, xxh3: str, url: str):
        self.name, self.path, self.xxh3, self.url = name, path, xxh3, url
        self.bytes = path.stat().st_size


def make_file(store: Path, tools: Path, name: str, size: int, seed: int, header_blocks: int = 2) -> tuple[Path, str]:
    """A file of about `size` bytes in `store`, made when it is not there from an earlier run."""
    path = store / f"{name}.fits"
    known = store / f"{name}.{size}.{seed}.{header_blocks}.xxh3"
    if not (path.exists() and known.exists()):
        for old in store.glob(f"{name}.*.xxh3"):
            old.unlink()
        known.write_text(run(tools / "make_fits", path, size, seed, header_blocks).strip())
    return path, known.read_text()
