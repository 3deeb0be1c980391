#!/bin/bash
# A place to build and run images offline: separate mount, PID and network namespaces, with base images that are made from
# Debian's packages. The place, and everything that runs in it, ends with the process that called `keep`.
#
#   place.sh can          prints why no place can be set up on this machine, or nothing
#   place.sh keep DIR     sets up a place, writes DIR/ready, and keeps running
#   place.sh in DIR CMD…  runs a command inside the place
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # the PATH of root does not always contain these

packages=(buildah podman crun conmon catatonit netavark iptables debootstrap curl iproute2)
top=$(cd "$(dirname "$0")/../.." && pwd)

main() {
  local verb=${1:-}
  dir=${2:-}
  shift 2 2>/dev/null || shift
  case $verb in
    can) whyNot ;;
    keep) keep ;;
    furnish) furnish ;;
    offline) offline ;;
    in) inside "$@" ;;
    *) echo "usage: place.sh can|keep|in …" >&2; exit 2 ;;
  esac
}

whyNot() {
  local reason=
  if [[ $(uname -s) != Linux || ! -e /etc/debian_version ]]; then reason="this machine does not run Debian"
  elif ((EUID != 0)); then reason="only root can set up a place for images"
  elif ! unshare --mount --net --pid --fork true 2>/dev/null; then reason="namespaces are denied here"
  elif ! install_packages; then reason="podman and the packages that it needs cannot be installed"
  elif ! curl -fsS -o /dev/null --max-time 30 "$(mirror)/dists/bookworm/Release"; then reason="Debian's packages cannot be downloaded"
  fi
  [[ -z $reason ]] || { echo "$reason"; return 1; }
}

install_packages() {
  (($(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed) < ${#packages[@]})) || return 0
  export DEBIAN_FRONTEND=noninteractive
  timeout 180 apt-get update -qq >&2
  timeout 400 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Prints the address from which apt on this machine downloads packages of bookworm.
mirror() {
  # shellcheck disable=SC2016 # apt expands it
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | sed -n 1p
}

keep() {
  echo $$ >"$dir/unshare"
  mkdir "$dir/disk"
  exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --propagation private bash "$0" furnish "$dir"
}

# Downloads the packages over the network, and then continues in a network namespace without access to it.
furnish() {
  mount -t tmpfs -o size=6g,mode=755 place "$dir/disk"
  debootstrap --variant=minbase bookworm "$dir/disk/base" "$(mirror)" >"$dir/log" 2>&1 || { tail -n 5 "$dir/log" >&2; exit 1; }
  exec unshare --net bash "$0" offline "$dir"
}

offline() {
  ip link set lo up
  # crun before 1.9 does not run where cgroup v1 and v2 are both mounted.
  if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
  # Hides /run, so that podman neither creates timers in the systemd of this machine nor uses the files of another podman.
  mount -t tmpfs -o size=64m,mode=755 place /run
  configure
  settle
  local base=$dir/disk/base
  tar -C "$base" -c . | podman import --quiet - docker.io/library/debian:bookworm-slim
  # Adds the packages that the build would otherwise install with npm.
  mkdir "$base/src"
  cp -a "$top/node_modules" "$base/src/"
  touch "$base/src/node_modules/.installed"
  tar -C "$base" -c . | podman import --quiet - docker.io/library/node:22-bookworm-slim
  rm -rf "$base"
  touch "$dir/ready"
  exec catatonit -P
}

configure() {
  cat >"$dir/disk/containers.conf" <<END
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[containers]
default_ulimits = ["nofile=16384:16384", "nproc=8192:8192"]
[network]
network_backend = "netavark"
network_config_dir = "$dir/disk/networks"
END
  cat >"$dir/disk/storage.conf" <<END
[storage]
driver = "overlay"
runroot = "$dir/disk/run"
graphroot = "$dir/disk/store"
END
}

settle() {
  export CONTAINERS_CONF=$dir/disk/containers.conf CONTAINERS_STORAGE_CONF=$dir/disk/storage.conf BUILDAH_ISOLATION=chroot
  export TMPDIR=$dir/disk XDG_RUNTIME_DIR=
}

inside() {
  local unshare pid
  unshare=$(cat "$dir/unshare")
  pid=$(cat "/proc/$unshare/task/$unshare/children")
  settle
  exec nsenter --target "${pid%% *}" --mount --pid --net "$@"
}

main "$@"
