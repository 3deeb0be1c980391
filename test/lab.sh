#!/bin/bash
# A lab: a real systemd as PID 1 on a temporary copy of this machine, for tests. Needs Debian and root.
#
#   lab.sh can                        prints why no lab can be booted on this machine, or nothing
#   lab.sh up NAME [OPTION…]          boots a lab; it runs until `down`, or with --owner until that process ends
#       --dir DIR     mounts DIR inside as /src, read-only (--rw: writable); default: the repository
#       --keep-node   keeps node, npm and bun of this machine on the PATH
#       --no-userns   denies user namespaces to the user managers (as Ubuntu 24.04 does with AppArmor)
#       --no-landlock denies Landlock to all processes (as on a kernel that is too old for it)
#       --host-net    uses this machine's network; without it the lab has only its own loopback interface
#       --owner PID   ends the lab when that process ends
#   lab.sh root NAME CMD…             runs a command inside, as bare root
#   lab.sh user NAME USER CMD…        runs a command as after a login of ops (1001), dev (1002) or root, which all linger
#   lab.sh words NAME [USER]          prints the words, one per line, that run a command inside; valid until a reboot
#   lab.sh reboot NAME                reboots the lab, and keeps its disk
#   lab.sh down NAME                  ends the lab, and removes everything that belongs to it
#
# One process, the keeper, owns the lab: its mount namespace contains the mounts, and its control groups contain all processes.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # the PATH of root does not always contain these

labs=${BS9_LABS:-${TMPDIR:-/tmp}/bs9-labs}
bootSeconds=90
users=(ops:1001 dev:1002)

main() {
  local verb=${1:-}
  shift || true
  if [[ $verb == can ]]; then whyNot; return; fi
  name=${1:-}
  [[ $name =~ ^[a-z][a-z0-9-]{0,50}$ ]] || die "usage: lab.sh can|up|root|user|reboot|down NAME …"
  dir=$labs/$name
  shift
  case $verb in
    up) up "$@" ;;
    keep) keep "$@" ;;
    root) enter "$(insideWords)" "$@" ;;
    user) local user=$1; shift; enter "$(userWords "$user")" "$@" ;;
    words) if (($#)); then userWords "$1"; else insideWords; fi ;;
    reboot) reboot ;;
    down) down ;;
    *) die "unknown verb: $verb" ;;
  esac
}

die() { echo "lab: $*" >&2; exit 1; }

whyNot() {
  local reason=
  if [[ $(uname -s) != Linux || ! -e /etc/debian_version ]]; then reason="this machine does not run Debian"
  elif ((EUID != 0)); then reason="only root can boot a lab"
  elif ! unshare --mount true 2>/dev/null; then reason="mount namespaces are denied here"
  fi
  [[ -z $reason ]] || { echo "$reason"; return 1; }
}

up() {
  local reason
  reason=$(whyNot) || die "$reason"
  parse "$@"
  [[ ! -e $dir ]] || die "a lab named $name exists already; lab.sh down $name ends it"
  install_packages
  mkdir -p "$dir"/{disk,root}
  trap 'down' EXIT
  trap 'exit 130' INT TERM
  # The lab must not inherit stdout, because it would keep the caller's pipe open until the lab ends.
  setsid unshare --mount --propagation private bash "$0" keep "$name" "$@" </dev/null >"$dir/log" 2>&1 9>&- &
  echo $! >"$dir/keeper"
  disown
  if [[ -n $owner ]]; then
    # shellcheck disable=SC2016 # the inner shell expands them
    setsid bash -c 'tail --pid="$1" -f /dev/null; exec bash "$2" down "$3"' watch "$owner" "$0" "$name" </dev/null >/dev/null 2>&1 &
    echo $! >"$dir/watch"
    disown
  fi
  awaitBoot none || { tail -n 40 "$dir/log" >&2; die "$name did not boot"; }
  trap - EXIT INT TERM
}

parse() {
  source=$(cd "$(dirname "$0")/.." && pwd)
  bind=--bind-ro network=--private-network
  # systemd-nspawn 252 does not allow the system calls of Landlock by default.
  landlock='--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self'
  keepNode='' noUserns='' owner=''
  while (($#)); do
    case $1 in
      --dir) source=$(realpath -e "$2"); shift ;;
      --rw) bind=--bind ;;
      --keep-node) keepNode=1 ;;
      --no-userns) noUserns=1 ;;
      --no-landlock) landlock=--quiet ;;
      --host-net) network= ;;
      --owner) owner=$2; shift ;;
      *) die "unknown option: $1" ;;
    esac
    shift
  done
}

install_packages() {
  local packages=(systemd-container dbus-user-session libpam-systemd curl procps)
  mkdir -p "$labs"
  exec 9>"$labs/.lock"
  flock -w 600 9 || die "another lab has been installing packages for 10 minutes"
  if (($(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed) < ${#packages[@]})); then
    export DEBIAN_FRONTEND=noninteractive
    timeout 180 apt-get update -qq >&2
    timeout 300 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  fi
  exec 9>&-
}

# Runs a lab from its first boot to its end, in the mount namespace of the keeper.
keep() {
  parse "$@"
  local cgroup
  for cgroup in $(cgroups); do
    mkdir -p "$cgroup"
    echo $$ >"$cgroup/cgroup.procs"
  done
  mount -t tmpfs -o size=8g,mode=755 lab "$dir/disk"
  mkdir "$dir"/disk/{upper,work}
  mount -t overlay -o "lowerdir=/,upperdir=$dir/disk/upper,workdir=$dir/disk/work" lab "$dir/root"
  furnish "$dir/root"
  local status=133 nspawn
  while ((status == 133)); do # systemd-nspawn exits with 133 to request a reboot of the container
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setpriv --pdeathsig KILL systemd-nspawn --quiet --boot --directory="$dir/root" --machine="$name" \
      --register=no --keep-unit --link-journal=no --console=pipe "$landlock" $network "$bind=$source:/src" &
    nspawn=$!
    echo $nspawn >"$dir/nspawn"
    status=0
    wait $nspawn || status=$?
  done
}

# Prints the control groups of this lab. systemd-nspawn would put all labs into the same control group, and the systemd of one lab
# would then wait for the services of another lab, and kill them.
cgroups() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/{unified,systemd}; do
    [[ ! -e $hierarchy/cgroup.procs ]] || echo "$hierarchy/bs9-lab-$name"
  done
}

# Prepares the disk before the first boot: hides files of this machine that would affect the lab, and creates the users.
furnish() {
  local root=$1 user
  : >"$root/etc/machine-id.new"
  mv -f "$root/etc/machine-id.new" "$root/etc/machine-id" # an empty file is filled at boot; nspawn refuses the host's own id
  rm -rf "$root"/etc/systemd/system/*.target.wants "$root"/var/lib/systemd/linger "$root"/var/log/journal
  rm -rf "$root"/root/.config/{systemd,bs9} "$root"/root/.local/share/bs9
  touch "$root"/{etc,var}/.updated # else the first boot rebuilds the caches of ldconfig(8) and others (systemd-update-done.service(8))
  mkdir -p "$root/var/log/journal" "$root/var/lib/systemd/linger" # with this directory the journal survives a reboot
  # Removes generators for gpg-agent(1) and desktop entries, which a server does not need: user managers would run them at each
  # daemon-reload.
  rm -f "$root"/usr/lib/systemd/user-environment-generators/90gpg-agent "$root"/usr/lib/systemd/user-generators/systemd-xdg-autostart-generator
  [[ -n $keepNode ]] || rm -f "$root"/{usr/local/bin,usr/local/sbin,usr/bin,bin}/{node,nodejs,npm,npx,bun,bunx}
  if [[ -n $noUserns ]]; then
    mkdir -p "$root/etc/systemd/system/user@.service.d"
    printf '[Service]\nRestrictNamespaces=~user\n' >"$root/etc/systemd/system/user@.service.d/no-userns.conf"
  fi
  for user in "${users[@]}"; do
    chroot "$root" useradd --create-home --shell /bin/bash --uid "${user#*:}" "${user%:*}"
  done
  touch "$root"/var/lib/systemd/linger/{root,ops,dev}
}

# Prints the pid that PID 1 of the lab has on this machine. It is searched each time, because a reboot changes it.
leader() {
  local nspawn child
  nspawn=$(cat "$dir/nspawn" 2>/dev/null) || return 1
  for child in $(childrenOf "$nspawn"); do
    if grep -qE '^NSpid:.*[[:space:]]1$' "/proc/$child/status" 2>/dev/null; then
      echo "$child"
      return
    fi
  done
  return 1
}

# Prints the pids of the children of a process. A kernel without CONFIG_PROC_CHILDREN has no list of them (proc(5)), so the
# parent of every process is read there, which takes much longer.
childrenOf() {
  local status
  if [[ -e /proc/$1/task/$1/children ]]; then
    cat "/proc/$1/task/"*/children 2>/dev/null || true
    return
  fi
  for status in $(grep -lE "^PPid:[[:space:]]$1\$" /proc/[0-9]*/status 2>/dev/null); do basename "$(dirname "$status")"; done
}

# Runs a command after the words that one of the next two functions printed, one per line.
enter() {
  local words
  [[ -n $1 ]] || exit 1
  mapfile -t words <<<"$1"
  shift
  exec "${words[@]}" "$@"
}

insideWords() {
  local pid
  pid=$(leader) || die "$name is not up"
  printf '%s\n' nsenter --target "$pid" --all
}

# Not runuser(1), because it would stay as a process in between and take the signals. Signals that the caller ignores are reset,
# because a login does not ignore them.
userWords() {
  local user=$1 home uid
  case $user in
    root) home=/root uid=0 ;;
    ops) home=/home/ops uid=1001 ;;
    dev) home=/home/dev uid=1002 ;;
    *) die "no such user: $user" ;;
  esac
  insideWords || return
  printf '%s\n' setpriv --reuid="$uid" --regid="$uid" --init-groups env --default-signal --chdir="$home" -i HOME="$home" USER="$user" \
    LOGNAME="$user" SHELL=/bin/bash LANG=C.UTF-8 TERM="${TERM:-xterm-256color}" \
    PATH="$home/.local/bin:/usr/local/bin:/usr/bin:/bin" XDG_RUNTIME_DIR="/run/user/$uid"
}

# Waits until a PID 1 other than the given one, and every user manager, has finished booting.
awaitBoot() {
  local before=$1 pid uid until=$((SECONDS + bootSeconds))
  while ((SECONDS < until)); do
    sleep 0.1
    kill -0 "$(cat "$dir/keeper")" 2>/dev/null || return 1
    pid=$(leader) && [[ $pid != "$before" ]] || continue
    [[ $(timeout 20 nsenter --target "$pid" --all systemctl is-system-running --wait 2>/dev/null) =~ ^(running|degraded)$ ]] || continue
    for uid in 0 1001 1002; do
      timeout 5 nsenter --target "$pid" --all test -S "/run/user/$uid/bus" -a -S "/run/user/$uid/systemd/private" 2>/dev/null || continue 2
    done
    return 0
  done
  return 1
}

reboot() {
  local before
  before=$(leader) || die "$name is not up"
  kill -RTMIN+5 "$before" # systemd(1): reboot.target
  resume "$before" &
  awaitBoot "$before" || { tail -n 40 "$dir/log" >&2; die "$name did not come back within $bootSeconds s"; }
}

# Continues stopped nsenter(1) processes. The shutdown stops every process for a moment, and nsenter(1) stops itself together with
# its child. Nothing would continue it, and PID 1 would wait for it until a timeout.
resume() {
  local cmdline
  while [[ -d /proc/$1 ]]; do
    for cmdline in /proc/[0-9]*/cmdline; do
      if grep -qzxF nsenter "$cmdline" 2>/dev/null && grep -qzxF "$1" "$cmdline" 2>/dev/null; then
        kill -CONT "$(basename "$(dirname "$cmdline")")" 2>/dev/null || true
      fi
    done
    sleep 0.2
  done
}

# Kills the lab, because it contains nothing that needs a clean shutdown. Its control groups contain all of its processes, and no
# others.
down() {
  local pid cgroup i
  [[ -d $dir ]] || return 0
  if pid=$(cat "$dir/watch" 2>/dev/null) && [[ $pid != "$$" ]]; then kill -TERM -- "-$pid" 2>/dev/null || true; fi
  if pid=$(cat "$dir/keeper" 2>/dev/null); then kill -KILL "$pid" 2>/dev/null || true; fi
  for cgroup in $(cgroups); do
    for ((i = 0; i < 200; i++)); do
      [[ -d $cgroup ]] || continue 2
      # shellcheck disable=SC2046 # each word is a pid
      kill -KILL $(find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null) 2>/dev/null || true
      find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
    done
    die "processes of $name do not end: $(find "$cgroup" -name cgroup.procs -exec cat {} + | tr '\n' ' ')"
  done
  rm -rf --one-file-system "$dir"
  rmdir --ignore-fail-on-non-empty "$labs" 2>/dev/null || true
}

main "$@"
