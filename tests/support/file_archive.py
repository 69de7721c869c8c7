# SPDX-License-Identifier: MIT
"""The smallest archive that a script can put files into: any ObsCore question is answered with all of them, and they are
served by ranges. For tests of what a mount does with files that a script has made."""
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote, unquote, urlsplit

COLUMNS = (("obs_publisher_did", "char"), ("obs_id", "char"), ("obs_collection", "char"), ("dataproduct_type", "char"),
           ("access_url", "char"), ("access_format", "char"), ("access_estsize", "long"), ("s_ra", "double"),
           ("s_dec", "double"), ("t_min", "double"), ("t_max", "double"))
START_BUDGET = 60  # seconds for a mount


def votable(rows):
    fields = "".join(f'<FIELD name="{name}" datatype="{kind}"' + (' arraysize="*"' if kind == "char" else "") + "/>"
                     for name, kind in COLUMNS)
    body = "".join("<TR>" + "".join(f"<TD>{cell}</TD>" for cell in row) + "</TR>" for row in rows)
    return ('<?xml version="1.0"?><VOTABLE version="1.3"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>'
            f"<TABLE>{fields}<DATA><TABLEDATA>{body}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>").encode()


class FileArchive:
    """Serves `files` (name -> (bytes, dataproduct_type)) on 127.0.0.1."""

    def __init__(self, files):
        self.files = files
        self.sent = 0
        archive = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, status, body, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                archive.sent += len(body)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.tap()

            def tap(self):
                rows = [(f"ivo://files/{name}", name, "FILES", kind, archive.url("/files/" + quote(name)), "application/fits",
                         "", "10.0", "10.0", "50000", "50001") for name, (_, kind) in sorted(archive.files.items())]
                self.reply(200, votable(rows), Content_Type="application/x-votable+xml")

            def do_GET(self):
                path = unquote(urlsplit(self.path).path)
                if path.startswith("/tap"):
                    self.tap()
                    return
                name = path.removeprefix("/files/")
                if name not in archive.files:
                    self.reply(404, b"no such file")
                    return
                data = archive.files[name][0]
                tag = {"ETag": f'"{len(data)}-{name}"', "Accept_Ranges": "bytes", "Content_Type": "application/fits"}
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if not asked:
                    self.reply(200, data, **tag)
                    return
                first = int(asked[1])
                last = min(int(asked[2] or len(data) - 1), len(data) - 1)
                if first > last:
                    self.reply(416, b"", Content_Range=f"bytes */{len(data)}")
                    return
                self.reply(206, data[first:last + 1], Content_Range=f"bytes {first}-{last}/{len(data)}", **tag)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"


class Mounted:
    """A FileArchive mounted as `files`; the mount is gone when this is."""

    def __init__(self, skymount, archive, folder):
        self.skymount, self.mountpoint = skymount, os.path.join(folder, "mnt")
        os.mkdir(self.mountpoint)
        config = os.path.join(folder, "files.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f'name = "files"\n[tap]\nurl = "{archive.url("/tap")}"\n[network]\nallow_private = true\n')
        self.command = [skymount, "mount", "--foreground", "--config", config, "--cache", os.path.join(folder, "cache"),
                        self.mountpoint]

    def __enter__(self):
        self.child = subprocess.Popen(self.command)
        until = time.monotonic() + START_BUDGET
        while time.monotonic() < until and self.child.poll() is None:
            if os.path.ismount(self.mountpoint):
                return self
            time.sleep(0.05)
        self.child.kill()
        sys.exit("the archive of files could not be mounted")

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            sys.exit("skymount mount did not end within 30 s")

    def dataset(self, query, name):
        """The folder of the dataset that holds this file."""
        folder = os.path.join(self.mountpoint, "files", query)
        stem = name.split(".")[0]
        found = [entry for entry in os.listdir(folder) if entry.endswith("_" + stem) or f"_{stem}." in entry]
        if len(found) != 1:
            raise AssertionError(f"{name} in {folder}: {found}")
        return os.path.join(folder, found[0])
