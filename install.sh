#!/bin/sh
# Installs bs9, restores the previous version, or uninstalls bs9. Runs on a POSIX sh.
#
#   curl -fsSL URL/install.sh | BS9_RELEASE_URL=URL sh                 installs the newest release of a server
#   curl -fsSL URL/install.sh | sh -s -- --uninstall                   options follow `sh -s --`
#   sh install.sh --file PATH       installs a local file, without network; a SHA256SUMS beside it is checked
#   sh install.sh --from-source     builds and installs the checkout in the directory of this script or in the current
#                                   directory; needs Node and npm
#   sh install.sh --rollback        restores the previous bs9; a second --rollback undoes the first
#   sh install.sh --uninstall       asks whether to stop and delete services, and whether to remove data
#       --yes                       does not ask, which is needed without a terminal; these options answer the questions:
#       --with-services | --keep-services   stops and deletes services | lets them keep running, on their own copy of bs9
#       --with-data | --keep-data           removes configuration, metrics, logs and caches | keeps them
#   --to DIR                        uses DIR instead of ~/.local/bin (for root /usr/local/bin); works with every form
#
#   BS9_RELEASE_URL       http or https address of the directory with bs9-linux-x64, bs9-linux-arm64 and SHA256SUMS
#   BS9_DOWNLOAD_SECONDS  time limit of one download; 900 by default
#   BS9_HOME, XDG_*_HOME  where bs9 keeps its data; used as bs9 itself uses them
#
# The new file is downloaded into the target directory, verified and tried. Only then is it renamed over the old file, which is
# kept as bs9.old. If anything fails before that, nothing is changed. SHA256SUMS proves that the file arrived as the server
# has it, but not that the server can be trusted.
# Exit status: 0 done, 1 failed, 2 wrong usage, 130 or 143 interrupted.

{ # The whole script is one command, so that a shell that received only a part of it runs nothing.

main() {
  set -u
  default_release_url= # a release server may insert its own address here
  release_url=${BS9_RELEASE_URL:-$default_release_url}
  download_seconds=${BS9_DOWNLOAD_SECONDS:-900}
  max_sums_bytes=65536
  max_program_bytes=400000000
  unchanged='; nothing was changed'
  stage='' child='' problem=''
  unset BUN_OPTIONS BUN_BE_BUN # with these variables bs9 would behave as another program

  parse "$@"
  trap 'clean' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  case $verb in
    install) check_system && install_release ;;
    file) check_system && install_file ;;
    source) check_system && install_source ;;
    rollback) roll_back ;;
    uninstall) uninstall ;;
  esac
}

parse() {
  verb=install file='' dir='' yes='' services='' belongings=''
  while [ $# -gt 0 ]; do
    case $1 in
      --file) [ $# -gt 1 ] || misuse '--file needs a path'; choose file --file; file=$2; shift ;;
      --from-source) choose source --from-source ;;
      --rollback) choose rollback --rollback ;;
      --uninstall) choose uninstall --uninstall ;;
      --to) [ -n "${2:-}" ] || misuse '--to needs a directory'; dir=$2; shift ;;
      --yes) yes=1 ;;
      --with-services) services=delete ;;
      --keep-services) services=keep ;;
      --with-data) belongings=delete ;;
      --keep-data) belongings=keep ;;
      -h | --help) usage; exit 0 ;;
      *) misuse "unknown option $1" ;;
    esac
    shift
  done
  [ "$verb" = uninstall ] || [ -z "$yes$services$belongings" ] || misuse '--yes, --with-… and --keep-… can only be used with --uninstall'
  root=''
  [ "$(id -u)" != 0 ] || root=1
  if [ -z "$dir" ]; then
    if [ -n "$root" ]; then
      dir=/usr/local/bin
    else
      case ${HOME:-} in /*) dir=$HOME/.local/bin ;; *) die 'HOME is not set; choose the directory with --to DIR' ;; esac
    fi
  fi
  case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
}

choose() {
  [ "$verb" = install ] || misuse "$chosen and $2 cannot be used together"
  verb=$1 chosen=$2
}

usage() {
  cat <<'USAGE'
Usage: install.sh [--to DIR]                   installs bs9 from $BS9_RELEASE_URL
       install.sh --file PATH [--to DIR]       installs a local file, without network
       install.sh --from-source [--to DIR]     builds and installs this checkout
       install.sh --rollback [--to DIR]        restores the previous bs9
       install.sh --uninstall [--to DIR] [--yes] [--with-services | --keep-services] [--with-data | --keep-data]
USAGE
}

# ---- The system

check_system() {
  [ "$(uname -s)" = Linux ] || die "bs9 runs only on Linux, and this system is $(uname -s)"
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) program=bs9-linux-x64 ;;
    aarch64 | arm64) program=bs9-linux-arm64 ;;
    *) die "bs9 is built for x86_64 and aarch64, and this machine is $machine" ;;
  esac
  [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] || die "bs9 needs a 64-bit system, and this one is 32-bit on $machine"
  check_libc
}

check_libc() {
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=''
  if [ -z "$libc" ]; then
    libc=$(ldd --version 2>&1) || :
    case $libc in
      *musl*) die 'this system has musl, and bs9 needs glibc 2.17 or newer, which for example Debian, Ubuntu and Fedora have' ;;
      *GLIBC* | *GNU*) libc=$(printf '%s\n' "$libc" | sed 1q) ;;
      *) return 0 ;; # the libc is not known, so only the trial of the program can show whether it runs
    esac
  fi
  version=${libc##* }
  major=${version%%.*} minor=${version#*.}
  minor=${minor%%[!0-9]*}
  case $major,$minor in
    *[!0-9,]* | ,* | *,) return 0 ;;
  esac
  [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 17 ]; } || die "bs9 needs glibc 2.17 or newer, and this system has $version"
}

# ---- Getting the file

install_release() {
  [ -n "$release_url" ] ||
    die 'BS9_RELEASE_URL is not set: it must be the address of a release, as in BS9_RELEASE_URL=https://HOST/DIRECTORY sh install.sh'
  case $release_url in
    http://?* | https://?*) release_url=${release_url%/} ;;
    *) die "BS9_RELEASE_URL must begin with http:// or https:// (got '$release_url')" ;;
  esac
  case $download_seconds in
    '' | 0 | *[!0-9]*) die "BS9_DOWNLOAD_SECONDS must be a number of seconds above 0 (got '$download_seconds')" ;;
  esac
  open_stage
  download SHA256SUMS "$stage/SHA256SUMS" "$max_sums_bytes"
  expected=$(sum_of "$program" <"$stage/SHA256SUMS")
  [ -n "$expected" ] || die "SHA256SUMS of the release has no checksum for $program"
  echo "Downloading $program from $(shown "$release_url")"
  download "$program" "$stage/bs9" "$max_program_bytes"
  verify "$program" "$expected"
  place
}

install_file() {
  { [ -f "$file" ] && [ -r "$file" ]; } || die "$file is not a readable file"
  open_stage
  copy "$file"
  beside=$(dirname "$file")/SHA256SUMS
  if [ -e "$beside" ]; then
    name=$(basename "$file")
    expected=$(sum_of "$name" <"$beside") || die "$beside cannot be read"
    [ -n "$expected" ] || die "$beside has no checksum for $name; a file without SHA256SUMS beside it is installed without verification"
    verify "$name" "$expected"
  fi
  place
}

install_source() {
  checkout=''
  for folder in "$(dirname "$0")" .; do
    [ -n "$checkout" ] || [ ! -f "$folder/build.ts" ] || [ ! -f "$folder/test/with-bun.sh" ] || checkout=$folder
  done
  [ -n "$checkout" ] || die 'neither the directory of this script nor the current directory is a checkout of bs9'
  open_stage
  limited 900 sh "$checkout/test/with-bun.sh" build.ts || die "the build failed"
  copy "$checkout/dist/bs9"
  place
}

# NAME FILE BYTES: downloads NAME of the release to FILE; at most BYTES.
download() {
  url=$release_url/$1 outcome=0 status=''
  if command -v curl >/dev/null 2>&1; then
    # An https address must not be redirected to http.
    case $url in https:*) protocols='=https' ;; *) protocols='=http,https' ;; esac
    how=--silent errors=/dev/null
    if [ -t 2 ] && [ "$3" -gt "$max_sums_bytes" ]; then how=--progress-bar errors=/dev/stderr; fi
    fetch "$3" curl --fail --location $how --proto "$protocols" --connect-timeout 20 --speed-limit 1000 --speed-time 30 \
      --max-time "$download_seconds" --max-filesize "$3" --write-out '%{http_code}' --output "$2" "$url" || outcome=$?
    status=$(cat "$stage/answer" 2>/dev/null) || status=''
    case $outcome in
      0) return 0 ;;
      6 | 7) reason='the server cannot be reached' ;;
      18 | 52 | 56 | 92) reason='the connection was interrupted' ;;
      22) reason="the server answers $status" ;;
      23) reason="cannot write to $dir" ;;
      28) reason='it took too long' ;;
      35 | 51 | 53 | 54 | 58 | 59 | 60 | 77) reason='there is no secure connection to the server' ;;
      63) reason="it has more than the $3 bytes allowed" ;;
      *) reason="curl exited with $outcome" ;;
    esac
  elif command -v wget >/dev/null 2>&1; then
    # wget of busybox does not support -t, and some versions of it crash with -T.
    case $(wget --version 2>/dev/null) in *GNU*) tries='-t 2 -T 30' ;; *) tries='' ;; esac
    errors=/dev/null
    # shellcheck disable=SC2086 # several words, or none
    fetch "$3" wget -q $tries -O "$2" "$url" || outcome=$?
    case $outcome in
      0) return 0 ;;
      3) reason="cannot write to $dir" ;;
      4) reason='the server cannot be reached, or the connection was interrupted' ;;
      5) reason='there is no secure connection to the server' ;;
      8) reason='the server answers with an error' ;;
      *) reason="wget exited with $outcome" ;;
    esac
  else
    die 'a download needs curl or wget, and neither is installed'
  fi
  case $outcome in
    124 | 143) reason='it took too long' ;;
    153) reason="it has more than the $3 bytes allowed" ;; # SIGXFSZ
  esac
  ! is_full || reason="there is no space left in $dir"
  die "cannot download $1 from $(shown "$release_url"): $reason"
}

# BYTES COMMAND…: runs a command that cannot write more than BYTES, whatever size the server announces.
fetch() {
  bytes=$1
  shift
  # shellcheck disable=SC2016 # they are for the inner shell
  limited "$download_seconds" sh -c 'ulimit -c 0; ulimit -f "$1"; shift; exec "$@"' sh $((bytes / 512)) "$@" \
    >"$stage/answer" 2>"$errors"
}

# FILE: copies FILE to the stage. Shares its blocks if the file system can; cp of busybox and of older systems lacks that option.
copy() {
  cp --reflink=auto "$1" "$stage/bs9" 2>/dev/null && return
  if ! problem=$(cp "$1" "$stage/bs9" 2>&1); then
    ! is_full || die "there is no space left in $dir"
    die "cannot copy $1 to $dir: ${problem##*: }"
  fi
}

# NAME: prints the checksum of NAME from the SHA256SUMS on stdin; nothing if NAME is not listed.
sum_of() {
  while read -r sum of || [ -n "$sum" ]; do
    [ "${of#\*}" = "$1" ] || continue
    case $sum in *[!0-9a-fA-F]*) continue ;; esac
    [ ${#sum} -ne 64 ] || { printf '%s\n' "$sum" | tr A-F a-f; return 0; }
  done
}

verify() {
  if command -v sha256sum >/dev/null 2>&1; then actual=$(sha256sum <"$stage/bs9")
  elif command -v openssl >/dev/null 2>&1; then actual=$(openssl dgst -sha256 -r <"$stage/bs9")
  else die 'the verification needs sha256sum or openssl, and neither is installed'
  fi
  [ "${actual%% *}" = "$2" ] || die "$1 does not match SHA256SUMS: its checksum is ${actual%% *} instead of $2"
}

# ---- Putting it in place

# Creates the stage: a directory inside the target directory, from which a finished file can be renamed into place atomically.
open_stage() {
  problem=$(mkdir -p "$dir" 2>&1) || die "cannot create the directory $dir: ${problem##*: }"
  [ ! -d "$dir/bs9" ] || die "$dir/bs9 is a directory"
  find "$dir" -maxdepth 1 -name '.bs9-install.*' -mtime +0 -exec rm -rf {} + 2>/dev/null # left by a script that was killed
  if ! stage=$(mktemp -d "$dir/.bs9-install.XXXXXX" 2>&1); then
    problem=${stage##*: } stage=''
    if is_full; then die "there is no space left in $dir"; fi
    die "cannot write to $dir: $problem"
  fi
}

# Tries $stage/bs9, keeps the present bs9 as bs9.old, and replaces it.
place() {
  chmod 755 "$stage/bs9"
  trial=$(limited 30 "$stage/bs9" version 2>&1) || die "the new bs9 does not run here: $(said "$trial")"
  if cmp -s "$stage/bs9" "$dir/bs9" && [ -x "$dir/bs9" ]; then
    echo "This is the bs9 that is installed already: $(said "$trial")"
  else
    sync "$stage/bs9" 2>/dev/null || :
    if [ -e "$dir/bs9" ] || [ -L "$dir/bs9" ]; then
      keep_old || { rm -f "$stage/old"; die "cannot keep the present bs9 as $dir/bs9.old"; }
    fi
    problem=$(mv -f "$stage/bs9" "$dir/bs9" 2>&1) || die "cannot replace $dir/bs9: ${problem##*: }"
    echo "Installed: $(said "$trial"), as $dir/bs9"
    [ ! -e "$dir/bs9.old" ] || echo "The previous bs9 is kept as $dir/bs9.old; --rollback restores it."
  fi
  unchanged=''
  tell_path
  diagnose
}

# Keeps the present bs9 as bs9.old. A hard link takes no space; a symbolic link is copied as a link.
keep_old() {
  if [ -L "$dir/bs9" ]; then cp -P "$dir/bs9" "$stage/old"
  else ln "$dir/bs9" "$stage/old" 2>/dev/null || cp -p "$dir/bs9" "$stage/old" 2>/dev/null
  fi && mv -f "$stage/old" "$dir/bs9.old" 2>/dev/null
}

roll_back() {
  [ -f "$dir/bs9.old" ] || die "there is no $dir/bs9.old to go back to"
  open_stage
  if [ -L "$dir/bs9.old" ]; then cp -P "$dir/bs9.old" "$stage/bs9"
  else ln "$dir/bs9.old" "$stage/bs9" 2>/dev/null || copy "$dir/bs9.old"
  fi
  place
}

tell_path() {
  case :${PATH:-}: in
    *:"$dir":*)
      first=$(command -v bs9 2>/dev/null) || first=''
      case $first in "$dir/bs9" | '') ;; *) echo "Note: $first comes first on your PATH and hides $dir/bs9." ;; esac
      ;;
    *)
      # shellcheck disable=SC2016 # the variables are for the reader's shell
      case $dir in
        "${HOME:-/nowhere}"/*) line='export PATH="$HOME'${dir#"$HOME"}':$PATH"' ;;
        *) line='export PATH="'$dir':$PATH"' ;;
      esac
      if is_on_login_path; then echo "To use bs9 in this shell too: $line"
      else echo "Note: $dir is not on your PATH. Add this line to ~/.profile: $line"
      fi
      ;;
  esac
}

# Succeeds if a new login has the directory on its PATH: many ~/.profile files add ~/.local/bin as soon as it exists.
is_on_login_path() {
  # shellcheck disable=SC2016 # the login shell expands it
  told=$(limited 10 env -i HOME="${HOME:-/}" USER="$(id -un)" LOGNAME="$(id -un)" TERM=dumb PATH=/usr/local/bin:/usr/bin:/bin \
    "${SHELL:-/bin/sh}" -lc 'echo "bs9-path=:$PATH:"' 2>/dev/null) || return 1
  case $told in *bs9-path=*:"$dir":*) return 0 ;; esac
  return 1
}

# Shows by `bs9 doctor` what this host lacks. An older bs9 does not have that command.
diagnose() {
  limited 30 "$dir/bs9" help doctor >/dev/null 2>&1 || return 0
  await_own
  limited 120 "$dir/bs9" doctor || :
}

# Restarts a running agent and web server as the new bs9, because until then doctor would report problems that disappear by
# themselves.
await_own() {
  command -v systemctl >/dev/null 2>&1 || return 0
  # Under su the directory exists, although XDG_RUNTIME_DIR is not set.
  export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
  restarted=''
  for own in agent web; do
    restart_own "bs9-$own.service" && restarted="$restarted $own"
  done
  [ -n "$restarted" ] || return 0
  tries=0
  while [ "$tries" -lt 15 ] && limited 30 "$dir/bs9" doctor --quiet 2>/dev/null | grep -qxE 'agent|web'; do
    tries=$((tries + 1))
    sleep 1
  done
}

# UNIT: fails where there is nothing to restart: no such unit, one of another bs9, or one that was stopped by hand.
restart_own() {
  case $(limited 10 systemctl --user cat "$1" 2>/dev/null) in *"$dir/bs9"*) ;; *) return 1 ;; esac
  case $(limited 10 systemctl --user show --property ActiveState "$1" 2>/dev/null) in
    *=active | *=activating | *=deactivating) ;;
    *) return 1 ;;
  esac
  limited 30 systemctl --user try-restart "$1" >/dev/null 2>&1
}

# ---- Uninstalling

uninstall() {
  configuration=$(folder_of config "${XDG_CONFIG_HOME:-}" .config) || exit 1
  names=$(names_of_services)
  folders=$(list_folders)
  if [ ! -e "$dir/bs9" ] && [ ! -L "$dir/bs9" ]; then
    { [ "$belongings" = delete ] && [ -n "$folders" ]; } || die "there is no bs9 in $dir"
  fi
  decide
  stop_web
  if [ "$services" = delete ] && [ -n "$names" ]; then
    [ -x "$dir/bs9" ] || die "only bs9 can stop the services, and it is not in $dir: install it first"
    limited 600 "$dir/bs9" delete all --yes || die "bs9 could not delete all services; $dir/bs9 and its data are left as they are" ''
  fi
  if [ "$belongings" = delete ] && [ -n "$folders" ]; then
    printf '%s\n' "$folders" | while IFS= read -r folder; do
      rm -rf "$folder" || exit 1
      echo "Removed $folder"
    done || die 'cannot remove all data' ''
    [ -z "${BS9_HOME:-}" ] || rmdir "$BS9_HOME" 2>/dev/null || :
  fi
  problem=$(rm -f "$dir/bs9" "$dir/bs9.old" 2>&1) || die "cannot remove $dir/bs9: ${problem##*: }" ''
  echo "Removed $dir/bs9"
  [ "$services" != keep ] || [ -z "$names" ] || echo "These services keep running: $(listed_names)"
  [ -z "$root" ] || echo 'Services of other users, if there are any, keep running.'
}

# The web server cannot run without bs9, and is not a service of the user. An older bs9 does not have that command.
stop_web() {
  [ -x "$dir/bs9" ] && command -v systemctl >/dev/null 2>&1 || return 0
  export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
  case $(limited 10 systemctl --user cat bs9-web.service 2>/dev/null) in *"$dir/bs9"*) ;; *) return 0 ;; esac
  if limited 60 "$dir/bs9" web --stop >/dev/null 2>&1; then echo 'Stopped bs9-web.service'; fi
}

# Asks all questions before anything is changed.
decide() {
  if [ -z "$yes" ]; then
    ( : </dev/tty ) 2>/dev/null || misuse 'there is no terminal to ask on: give --yes, --with-services or --keep-services, and --with-data or --keep-data'
  fi
  if [ -n "$names" ] && [ -z "$services" ]; then
    [ -z "$yes" ] || misuse "there are services ($(listed_names)): --with-services deletes them, --keep-services lets them keep running"
    if agreed "Stop and delete the services $(listed_names)? If not, they keep running."; then services=delete; else services=keep; fi
  fi
  if [ "$services" = keep ] && [ -n "$names" ]; then
    [ "$belongings" != delete ] || misuse 'services that keep running need their data: --with-data can only be used with --with-services'
    belongings=keep
  fi
  if [ -n "$folders" ] && [ -z "$belongings" ]; then
    [ -z "$yes" ] || misuse "there is data in $(listed "$folders"): --with-data removes it, --keep-data leaves it"
    if agreed "Remove configuration, metrics, logs and caches in $(listed "$folders")?"; then belongings=delete; else belongings=keep; fi
  fi
  [ -n "$yes" ] || agreed "Remove $dir/bs9?" || die 'not confirmed'
}

agreed() {
  printf '%s [y/N] ' "$1" >/dev/tty
  read -r answer </dev/tty || answer=''
  case $answer in y | Y | yes) return 0 ;; *) return 1 ;; esac
}

names_of_services() {
  for spec in "$configuration"/services/*.json; do
    [ ! -f "$spec" ] || basename "$spec" .json
  done
}

listed_names() {
  listed "$(printf '%s\n' "$names" | sed -n '1,5p;6s/.*/…/p')"
}

# TEXT: prints its lines as one line.
listed() {
  printf '%s\n' "$1" | tr '\n' ' ' | sed 's/ $//'
}

# Prints the existing directories of bs9, one per line.
list_folders() {
  for each in "$configuration" "$(folder_of data "${XDG_DATA_HOME:-}" .local/share)" \
    "$(folder_of state "${XDG_STATE_HOME:-}" .local/state)" "$(folder_of cache "${XDG_CACHE_HOME:-}" .cache)"; do
    [ ! -d "$each" ] || printf '%s\n' "$each"
  done
}

# NAME XDG FALLBACK: prints the directory in which bs9 keeps this kind of data, as src/base/paths.ts does.
folder_of() {
  case ${BS9_HOME:-} in
    '') ;;
    /*) echo "$BS9_HOME/$1"; return ;;
    *) echo "$PWD/$BS9_HOME/$1"; return ;;
  esac
  case $2 in /*) echo "$2/bs9"; return ;; esac
  case ${HOME:-} in /*) echo "$HOME/$3/bs9" ;; *) die 'HOME is not set, so the directories of bs9 are not known' ;; esac
}

# ---- Common functions

# SECONDS COMMAND…: runs a command with a time limit. It runs in the background, so that this script handles signals at once.
limited() {
  seconds=$1
  shift
  if command -v timeout >/dev/null 2>&1; then timeout "$seconds" "$@" </dev/null & else "$@" </dev/null & fi
  child=$!
  outcome_of_child=0
  wait "$child" || outcome_of_child=$?
  child=''
  return "$outcome_of_child"
}

is_full() {
  free=$(df -Pk "$dir" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ -n "$free" ] && [ "$free" -lt 64 ]
}

# TEXT: prints the first line of the output of a program.
said() {
  printf '%s\n' "$1" | sed -e 's/^error: //' -e 1q
}

# URL: prints an address without the password that it may contain.
shown() {
  printf '%s\n' "$1" | sed 's,//[^/@]*@,//,'
}

# shellcheck disable=SC2317 # a trap calls it
clean() {
  [ -z "$child" ] || kill "$child" 2>/dev/null
  [ -z "$stage" ] || rm -rf "$stage"
}

die() {
  echo "install.sh: $1${2-$unchanged}" >&2
  exit 1
}

misuse() {
  echo "install.sh: $1" >&2
  usage >&2
  exit 2
}

main "$@"
exit
}
