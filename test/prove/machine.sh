#!/bin/bash
# An emulated machine for proofs: Debian with systemd as PID 1, delegated cgroup controllers, and the user ops (1000) with linger.
#
#   machine.sh can                        prints why no machine can be started here, or nothing
#   machine.sh run SUITE SCRIPT PAYLOAD   boots Debian SUITE (trixie, bookworm), runs SCRIPT in it as root, with PAYLOAD as /opt/payload;
#                                         prints the output of SCRIPT, and exits with its exit status
#
# In SCRIPT `as_ops CMD…` runs a command as after a login of ops. A run needs root on Debian, but not KVM, and takes more than two
# minutes.
# BS9_MACHINE_CACHE names a directory in which the installed suites are kept; without it each run installs its suite again.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

bootSeconds=1800
memoryMiB=2048
packages=(mmdebstrap qemu-system-x86 e2fsprogs)
inside=systemd,systemd-sysv,udev,dbus,dbus-user-session,libpam-systemd,login,passwd,procps,util-linux,curl,iproute2,polkitd,zstd,initramfs-tools,linux-image-cloud-amd64

main() {
  case ${1:-} in
    can) whyNot ;;
    run) shift; run "$@" ;;
    *) die "usage: machine.sh can | run SUITE SCRIPT PAYLOAD" ;;
  esac
}

die() { echo "machine: $*" >&2; exit 2; }

whyNot() {
  local reason=
  if [[ $(uname -s) != Linux || ! -e /etc/debian_version ]]; then reason="this machine does not run Debian"
  elif [[ $(uname -m) != x86_64 ]]; then reason="the emulated machine needs x86_64"
  elif ((EUID != 0)); then reason="only root can install the system of the machine"
  fi
  [[ -z $reason ]] || { echo "$reason"; return 1; }
}

run() {
  local reason suite=${1:?a suite} script=${2:?a script} payload=${3:?a directory}
  reason=$(whyNot) || die "$reason"
  script=$(realpath -e "$script")
  payload=$(realpath -e "$payload")
  install_packages
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  local cache=${BS9_MACHINE_CACHE:-$work}
  mkdir -p "$cache" "$work/root"
  [[ -s $cache/$suite.tar ]] || make "$suite" "$cache/$suite.tar"
  tar -C "$work/root" -xpf "$cache/$suite.tar"
  furnish "$work/root" "$script" "$payload"
  cp "$work"/root/boot/vmlinuz-* "$work/kernel"
  cp "$work"/root/boot/initrd.img-* "$work/initrd"
  truncate -s 4G "$work/disk"
  mke2fs -q -t ext4 -d "$work/root" -E root_owner=0:0 "$work/disk"
  rm -rf "$work/root"
  boot
}

install_packages() {
  if (($(dpkg-query -W -f '${db:Status-Status}\n' "${packages[@]}" 2>/dev/null | grep -cx installed) < ${#packages[@]})); then
    export DEBIAN_FRONTEND=noninteractive
    timeout 180 apt-get update -qq >&2
    timeout 300 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  fi
}

# Installs a suite into a tar file. Its initial RAM disk contains only the modules that are needed to mount the disk.
make() {
  local suite=$1 target=$2
  # shellcheck disable=SC2016 # mmdebstrap's shell expands $1
  local modules='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/modules"; printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"'
  timeout 1800 mmdebstrap --quiet --mode=root --variant=minbase --include="$inside" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' --essential-hook="$modules" \
    "$suite" "$target.part.tar" >&2
  mv "$target.part.tar" "$target"
}

furnish() {
  local root=$1 script=$2 payload=$3 unit
  echo machine >"$root/etc/hostname"
  echo '127.0.0.1 localhost machine' >"$root/etc/hosts"
  echo '/dev/vda / ext4 rw 0 1' >"$root/etc/fstab"
  chroot "$root" useradd --create-home --shell /bin/bash --uid 1000 ops
  mkdir -p "$root/var/lib/systemd/linger" "$root/opt/payload" "$root/var/log/journal"
  touch "$root/var/lib/systemd/linger/ops"
  cp -a "$payload/." "$root/opt/payload/"
  # Masks units that would only slow down the boot.
  for unit in systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer getty@tty1.service serial-getty@ttyS0.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  cp "$script" "$root/root/script"
  cat >"$root/root/play" <<'EOF'
#!/bin/bash
as_ops() {
  setpriv --reuid=1000 --regid=1000 --init-groups env -i HOME=/home/ops USER=ops LOGNAME=ops XDG_RUNTIME_DIR=/run/user/1000 \
    PATH=/home/ops/.local/bin:/usr/local/bin:/usr/bin:/bin "$@"
}
export -f as_ops
ip link set lo up
for _ in $(seq 240); do
  [[ -S /run/user/1000/bus ]] && as_ops systemctl --user is-system-running 2>/dev/null | grep -qE 'running|degraded' && break
  sleep 0.5
done
echo; echo '=== begin'
cd /home/ops && bash /root/script
echo "=== end $?"
EOF
  chmod 755 "$root/root/play"
  cat >"$root/etc/systemd/system/play.service" <<'EOF'
[Unit]
After=systemd-logind.service systemd-user-sessions.service
[Service]
Type=oneshot
ExecStart=/root/play
StandardOutput=file:/dev/ttyS1
StandardError=file:/dev/ttyS1
ExecStopPost=/bin/systemctl --no-block poweroff
TimeoutStartSec=infinity
EOF
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf /etc/systemd/system/play.service "$root/etc/systemd/system/multi-user.target.wants/play.service"
}

# The first serial port is the console; the second one receives the output of the script.
boot() {
  local append='root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 mitigations=off net.ifnames=0 random.trust_cpu=on tsc=reliable'
  local code
  timeout "$bootSeconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m "$memoryMiB" -machine q35 \
    -nodefaults -no-user-config -display none -no-reboot -kernel "$work/kernel" -initrd "$work/initrd" -append "$append" \
    -drive "file=$work/disk,if=virtio,format=raw,cache=unsafe" -device virtio-rng-pci \
    -serial "file:$work/console" -serial "file:$work/out" </dev/null >&2 || {
    tail -n 20 "$work/console" >&2
    die "the machine did not end by itself within $bootSeconds seconds"
  }
  tr -d '\r' <"$work/out" | sed -n '/^=== begin/,/^=== end/p' | sed '1d;$d'
  code=$(tr -d '\r' <"$work/out" | sed -n 's/^=== end //p')
  exit "${code:-2}"
}

main "$@"
