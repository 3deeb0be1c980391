#!/bin/bash
# A place to build and run images offline: mount, PID and network namespaces of its own, with base images that are
# made from Debian's packages. It ends, with all that runs in it, with the process that called `keep`.
#
#   place.sh can          says why there can be none here, or nothing
#   place.sh keep DIR     makes one, writes DIR/ready, and stays
#   place.sh in DIR CMD…  runs a command inside
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # not on every root's PATH

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
  if [[ $(uname -s) != Linux || ! -e /etc/debian_version ]]; then reason="this is no Debian"
  elif ((EUID != 0)); then reason="only root can make one"
  elif ! unshare --mount --net --pid --fork true 2>/dev/null; then reason="no namespaces may be created here"
  elif ! install_packages; then reason="podman and its like cannot be installed"
  elif ! curl -fsS -o /dev/null --max-time 30 "$(mirror)/dists/bookworm/Release"; then reason="Debian's packages are out of reach"
  fi
  [[ -z $reason ]] || { echo "$reason"; return 1; }
}

install_packages() {
  (($(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed) < ${#packages[@]})) || return 0
  export DEBIAN_FRONTEND=noninteractive
  timeout 180 apt-get update -qq >&2
  timeout 400 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Where apt of this machine gets the packages of the base image.
mirror() {
  # shellcheck disable=SC2016 # apt expands it
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | sed -n 1p
}

keep() {
  echo $$ >"$dir/unshare"
  mkdir "$dir/disk"
  exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --propagation private bash "$0" furnish "$dir"
}

# The packages come over the network; what follows has none.
furnish() {
  mount -t tmpfs -o size=6g,mode=755 place "$dir/disk"
  debootstrap --variant=minbase bookworm "$dir/disk/base" "$(mirror)" >"$dir/log" 2>&1 || { tail -n 5 "$dir/log" >&2; exit 1; }
  exec unshare --net bash "$0" offline "$dir"
}

offline() {
  ip link set lo up
  # crun before 1.9 refuses a hybrid of both kinds of control groups.
  if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
  # Neither the systemd of this machine, which podman would give timers to, nor what it keeps there of its own.
  mount -t tmpfs -o size=64m,mode=755 place /run
  configure
  settle
  local base=$dir/disk/base
  tar -C "$base" -c . | podman import --quiet - docker.io/library/debian:bookworm-slim
  # With the packages that the build would install by npm.
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
