# sh -c THIS overlay-sdk DIRECTORY OPERATION... enter WORD...
# Mounts what the operations say, runs the words, which enter the merged root (inside.sh), unmounts
# in reverse. It is process 1 of a pid namespace of its own: when it ends, the kernel kills whatever
# is left in there. All data comes as words; nothing is ever put together to a line that a shell
# reads. Mount points, links and notes lie on a tmpfs that nothing outside of the mount namespace
# sees.
set -u
mounted= status=0 stopped=
trap 'stopped=1' HUP INT QUIT TERM

complain() {
  printf 'overlay-sdk: %s\n' "$1" >&2
}

fail() {
  complain "$1"
  status=125
  leave
}

# Unmounts what is mounted, last first. NAME:PID says that PID ends when the program behind NAME has
# ended: fuse2fs writes to its image until then, and must not be killed by the end of this script.
leave() {
  for entry in $mounted; do
    name=${entry%%:*} pid=${entry#*:}
    if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then
      complain "the program behind $name ended before it was unmounted: changes may be lost"
      status=125
    fi
    unmount "$name"
    [ -z "$pid" ] || while wait "$pid"; [ $? -gt 128 ]; do :; done
  done
  exit "$status"
}

# The mount namespace of a command that has just been killed may hold on for some milliseconds. A
# program that got TERM has unmounted by itself.
unmount() {
  tries=0
  until umount -R "$1" 2>"$1.log" || ! mountpoint -q "$1"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 100 ]; then
      complain "$1 could not be unmounted: $(cat "$1.log")"
      status=125
      umount -l "$1"
      return
    fi
    sleep 0.02
  done
}

# attach NAME await|leave COUNT PROGRAM...: a program that mounts at NAME and returns when that is
# done. With await, it is not left before it has ended.
attach() {
  name=$1 end=$2 count=$3 i=0
  shift 3
  while [ "$i" -lt "$count" ]; do
    set -- "$@" "$1"
    shift
    i=$((i + 1))
  done
  shift $(($# - count))
  [ -d "$name" ] || mkdir "$name" || fail "no mount point $name"
  program=${1##*/} pid=
  if [ "$end" = await ]; then
    # Every process that is left behind the mount holds the pipe open.
    mkfifo "$name.end" || fail "no pipe for $name"
    (trap '' HUP TERM; read -r _ <"$name.end") &
    pid=$!
    "$@" </dev/null >"$name.log" 2>&1 9>"$name.end"
  else
    "$@" </dev/null >"$name.log" 2>&1
  fi || fail "$program could not mount $name (status $?): $(cat "$name.log")"
  mounted="$name:$pid $mounted"
  # An overlay copies what the kernel knows of the root of a layer. Of one behind FUSE that is
  # nothing, not even its mode, before somebody asks.
  [ -d "$name/." ] || fail "$program mounted no directory at $name"
}

# thaw DIRECTORY: makes it usable, where it is there and is not. The capabilities of a namespace hide
# from test(1) that the mode is 000.
thaw() {
  [ -d "$1" ] && [ ! -h "$1" ] || return 0
  case $(ls -ld "$1") in
    drwx*) ;;
    *)
      chmod u+rwx "$1" || fail "$1 of the overlay cannot be used: it belongs to a user that this \
session does not map. Was it written with fakeroot, or by root?"
      ;;
  esac
}

# The lowest layer holds the mount points that the image may lack, so that none is made in the upper.
point() {
  if [ -d "$1" ]; then
    [ -d "points$2" ] || mkdir -p "points$2"
  else
    { [ -d "points${2%/*}" ] || mkdir -p "points${2%/*}"; } && : >>"points$2"
  fi || fail "no mount point for $2"
}

# frame UPPER PATH: the directories of PATH in UPPER, as the machine has them. Whoever may not write
# to PATH gets a directory of the own that cannot be written to.
frame() {
  : "${uid:=$(id -u)}"
  rest=${2#/} at=
  while [ -n "$rest" ]; do
    at=$at/${rest%%/*}
    case $rest in
      */*) rest=${rest#*/} ;;
      *) rest= ;;
    esac
    [ -d "$1$at" ] && [ ! -h "$1$at" ] || {
      mkdir "$1$at" && chmod --reference="$at" "$1$at" && if [ "$uid" = 0 ]; then
        chown --reference="$at" "$1$at"
      else
        chmod u+rwx "$1$at"
      fi
    } || fail "no directory for the changes in $at"
  done
  [ "$uid" = 0 ] || [ -w "$at" ] || chmod a-w "$1$at" || fail "no directory for the changes in $at"
}

# tree: the root is made of directories and links only, and nobody can change it
tree() {
  mount --bind points merged && mount -o remount,bind,ro merged \
    || fail 'no root could be made'
  mounted="merged: $mounted"
}

# part PATH MOUNT OPTIONS UPPER WORK: a directory of the machine, with its changes in UPPER where that
# is not empty. The names are links: no path is part of a mount option.
part() {
  parts=$((parts + 1))
  mkdir "part$parts" && mount --bind "$1" "part$parts" && mkdir -p "points$1" \
    && ln -s "$directory/points$1" "under$parts" || fail "$1 could not be bound"
  layers=lowerdir=part$parts:under$parts
  if [ -n "$4" ]; then
    mkdir -p "$5/part$parts" && ln -s "$directory/$4$1" "upper$parts" || fail "no place to work in"
    layers=$layers,upperdir=upper$parts,workdir=$5/part$parts
  fi
  "$2" -t overlay -o "$layers$3" overlay "merged$1" >part.log 2>&1 \
    || fail "$1 of this machine cannot take changes: $(cat part.log)"
}

# fixed PATH: a file or directory of the machine as it is
fixed() {
  # a mount keeps the options that it has, or a plain user may not change it
  mount --bind "$1" "merged$1" && options=$(findmnt -n -o VFS-OPTIONS --mountpoint "merged$1") \
    && mount -o "remount,bind,ro${options#rw}" "merged$1" || fail "$1 could not be bound"
}

directory=$1 parts=0
shift
mask=$(umask)
umask 022
mount -t tmpfs -o mode=700 tmpfs "$directory" && cd "$directory" || {
  complain "no tmpfs could be mounted at $directory"
  exit 125
}
set -f

while operation=$1 && shift && [ "$operation" != enter ]; do
  case $operation in
    make)
      # names without blanks and the like
      mkdir -p points merged dev/shm dev/pts $1 || fail "no space at $directory"
      shift
      ;;
    link)
      ln -s "$2" "$1" || fail "no link $1"
      shift 2
      ;;
    need)
      [ -d "$1" ] || fail "there is no directory $1 any more"
      shift
      ;;
    bind)
      { [ -d "$1" ] || mkdir "$1"; } && mount --rbind "$2" "$1" || fail "$2 could not be bound at $1"
      shift 2
      ;;
    thaw)
      thaw "$1"
      shift
      ;;
    attach)
      attach "$@"
      shift $(($3 + 3))
      ;;
    point)
      point "$1" "$2"
      shift 2
      ;;
    root)
      mkdir "$1" && mount --bind / "$1" || fail 'the root of this machine could not be bound'
      shift
      ;;
    copy)
      link=$(readlink "$1" && echo .)
      ln -s "${link%??}" "points$1" || fail "no link $1"
      shift
      ;;
    frame)
      frame "$1" "$2"
      shift 2
      ;;
    tree) tree ;;
    part)
      part "$1" "$2" "$3" "$4" "$5"
      shift 5
      ;;
    fixed)
      fixed "$1"
      shift
      ;;
    *) fail "unknown operation $operation" ;;
  esac
done

[ -z "$stopped" ] || {
  status=143
  leave
}
umask "$mask"
"$@"
status=$?
# unshare ends with 1 where it can make no namespaces; the script inside notes that it has begun
[ "$status" = 0 ] || [ -e begun ] || status=125
leave
