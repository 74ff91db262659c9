#!/usr/bin/env bash
# Brings the programs that the tests compare Clawback with: two versions of restic, its REST server, borg, rclone, an
# SFTP server, OpenClaw and two of its plugins, pnpm. What is there already is left alone, so running it again is
# quick. What cannot be had is named; that is a failure only where CI=true. Debian's own packages are installed when
# this runs as root; whatever else there is goes to $CLAWBACK_PEERS (by default .peers in the project), and the system
# is not touched.
set -uo pipefail

project="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
mkdir -p "${CLAWBACK_PEERS:-$project/.peers}"
peers="$(cd "${CLAWBACK_PEERS:-$project/.peers}" && pwd)"
log="$peers/install.log"
: >"$log"
missing=()

# have COMMAND...: runs it, output to the log only (it names servers).
have() { "$@" >>"$log" 2>&1 </dev/null; }

# package PROGRAM PACKAGE: Debian's own package, for all to use.
package() {
  [ -x "$1" ] || command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    [ -n "${updated:-}" ] || have apt-get update -q
    updated=yes
    have env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$2" && return
  fi
  missing+=("$2")
}

# The release after this one: its packages run here, in a folder of their own.
next_release() {
  case "$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")" in
  bookworm) echo bookworm trixie ;;
  trixie) echo trixie forky ;;
  *) return 1 ;;
  esac
}

# next_apt ARGS...: apt-get with lists, caches and sources apart from the machine's.
next_apt() {
  have apt-get -o Dir::Etc::SourceList="$next/sources.list" -o Dir::Etc::SourceParts="$next/sources.d" \
    -o Dir::State::Lists="$next/lists" -o Dir::Cache="$next/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

prepare_next() {
  local names source
  names=($(next_release)) || return
  next="$peers/next-release"
  mkdir -p "$next"/{sources.d,lists/partial,cache/archives/partial}
  : >"$next/sources.list"
  for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    grep -qs "${names[0]}" "$source" || continue
    case "$source" in
    *.sources) sed "s/${names[0]}/${names[1]}/g" "$source" >"$next/sources.d/${source##*/}" ;;
    *) sed "s/${names[0]}/${names[1]}/g" "$source" >>"$next/sources.list" ;;
    esac
  done
  next_apt update -q
}

# from_next FOLDER PROGRAM PACKAGE: a program of the next release, unpacked.
from_next() {
  local folder="$peers/$1" unpacked="$peers/$1.new"
  [ -x "$folder/usr/bin/$2" ] && return
  [ -n "${next:-}" ] || prepare_next || { missing+=("$1") && return; }
  rm -rf "$unpacked" "$folder"
  mkdir -p "$unpacked"
  if (cd "$unpacked" && next_apt download "$3" && have dpkg-deb -x ./*.deb . && rm ./*.deb) &&
    have "$unpacked/usr/bin/$2" --help; then
    mv "$unpacked" "$folder"
  else
    rm -rf "$unpacked"
    missing+=("$1")
  fi
}

# from_npm NAME VERSION [FLAG...]: npm of this machine under the Node that the project brings; OpenClaw refuses an older one.
from_npm() {
  local name="$1" version="$2" folder="$peers/$1"
  grep -qs "\"version\": *\"$version\"" "$folder/node_modules/$name/package.json" && return
  mkdir -p "$folder"
  [ -e "$folder/package.json" ] || echo '{ "private": true }' >"$folder/package.json"
  PATH="$project/node_modules/.bin:$PATH" have npm install --prefix "$folder" --no-audit --no-fund \
    --no-update-notifier --loglevel=error "${@:3}" "$name@$version" || missing+=("$name")
}

package restic restic
package borg borgbackup
package rclone rclone
package fusermount fuse3
package /usr/bin/python3 python3
[ -e "$(echo /usr/lib/python3*/ensurepip)" ] || package none python3-venv
package /usr/lib/systemd/systemd systemd
package dbus-daemon dbus-user-session
package unshare util-linux
package pgrep procps
package /usr/lib/openssh/sftp-server openssh-sftp-server
package ssh openssh-client
package /usr/sbin/sshd openssh-server
from_next restic-0.18 restic restic
from_next rest-server restic-rest-server restic-rest-server
from_npm openclaw 2026.9.6
# For the libraries in them: the channels' own.
from_npm @openclaw/whatsapp 2026.9.6 --ignore-scripts
from_npm @openclaw/matrix 2026.9.6 --ignore-scripts
from_npm pnpm 10.34.9
[ -z "${next:-}" ] || rm -rf "$next"

if [ "${#missing[@]}" = 0 ]; then
  echo "All peers are there: $peers"
else
  echo "Not there: ${missing[*]} (see $log)"
  [ "${CI:-}" != true ]
fi
