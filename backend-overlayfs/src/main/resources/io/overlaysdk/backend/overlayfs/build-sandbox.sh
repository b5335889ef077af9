# sh -c THIS overlay-sdk UNSHARE root|user DEFINITION TARGET
# Builds a sandbox, which is a directory, from a definition file that starts from nothing (Bootstrap:
# scratch), as Apptainer does it: %setup runs on the machine, %post in the new root.
set -eu
unshare=$1 user=$2 definition=$3 target=$4

refuse() {
  printf '%s: %s. Build it with Apptainer (https://apptainer.org).\n' "$definition" "$1" >&2
  exit 2
}

# section NAME: its lines
section() {
  awk -v name="%$1" '/^%/ { inside = $1 == name; next } inside' "$definition"
}

# What is not done here is refused, not left out.
unknown=$(awk '
  /^%/ {
    if ($1 !~ /^%(setup|post|environment|runscript|startscript|test|help|labels)$/ || NF > 1) print $0
    body = 1
    next
  }
  body || /^[ \t]*(#|$)/ { next }
  tolower($0) !~ /^bootstrap:[ \t]*scratch[ \t]*$/ { print $0 }' "$definition")
[ -z "$unknown" ] || refuse "without a container tool this cannot be done: $unknown"
grep -qi '^bootstrap:' "$definition" || refuse 'it says nothing of Bootstrap'

mkdir -p "$target/.singularity.d/env"
# script FILE SECTION
script() {
  [ -z "$(section "$2")" ] || {
    printf '#!/bin/sh\n\n' >"$target/.singularity.d/$1"
    section "$2" >>"$target/.singularity.d/$1"
    chmod 755 "$target/.singularity.d/$1"
  }
}
script runscript runscript
script startscript startscript
script test test
script env/90-environment.sh environment
section help >"$target/.singularity.d/runscript.help"
cp "$definition" "$target/.singularity.d/Singularity"

APPTAINER_ROOTFS=$target SINGULARITY_ROOTFS=$target sh -ec "$(section setup)"

[ -n "$(section post)" ] || exit 0
mkdir -p "$target/dev" "$target/proc"
set -- --mount --pid --fork --kill-child --mount-proc="$target/proc"
[ "$user" = root ] || set -- --user --map-root-user "$@"
# the devices of the machine are there for %post, as when Apptainer builds
# shellcheck disable=SC2016 # the words are those of the inner shell
"$unshare" "$@" sh -ec 'mount --rbind /dev "$1/dev"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$2" --root="$1" --wd=/ /bin/sh -ec "$3"' \
  sh "$target" "$unshare" "$(section post)"
