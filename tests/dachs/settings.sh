# shellcheck shell=bash disable=SC2034  # the variables are for those who source this file
# SPDX-License-Identifier: MIT
# What up, down and run agree on. Sourced by them, never run.

# The machine's own Python, Perl and PostgreSQL: other copies may come first in a developer's PATH.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C.UTF-8
unset PGHOST PGPORT PGUSER PGDATABASE PGSERVICE PYTHONPATH PYTHONHOME

PG_VERSION=15
PG_CLUSTER=main
SERVER_URL=http://127.0.0.1:8080
TAP_URL=$SERVER_URL/tap
GAVO_RC=/etc/gavo.rc
GAVO_ROOT=/var/gavo
INPUTS=$GAVO_ROOT/inputs
PID_FILE=$GAVO_ROOT/state/web.pid
STAMP=$INPUTS/.skymount-test-data
# The first line of our gavo.rc: how a machine of ours is told from one where somebody runs an archive in earnest.
RC_MARK="# Written for the tests of skymount (tests/dachs/up)"
SCHEMAS=(skyplates skypacked skylinks skymoved skyfiles skyspec)

say() { printf '%s dachs: %s\n' "$(date +%T)" "$*" >&2; }
die() { printf 'dachs: %s\n' "$*" >&2; exit 1; }

need_root() {
  [[ $(id -u) -eq 0 ]] || die "must be run as root, because it installs packages and starts PostgreSQL; try: sudo $0"
}

# Only our own configuration may be replaced or stopped.
refuse_foreign_archive() {
  if [[ -e $GAVO_RC ]] && ! grep -qxF "$RC_MARK" "$GAVO_RC"; then
    die "$GAVO_RC belongs to another DaCHS on this machine; use a machine or container of its own for this test"
  fi
}

# The answer of the archive's availability document, which needs neither data nor accounts.
answers() { /usr/bin/python3 - "$TAP_URL/availability" <<'PY' 2>/dev/null
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
sys.exit(0 if b"available" in opener.open(sys.argv[1], timeout=5).read() else 1)
PY
}

server_pid() {
  local pid
  pid=$(cat "$PID_FILE" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ && -d /proc/$pid ]] && grep -qa dachs "/proc/$pid/cmdline" && echo "$pid"
}
