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
  until umount "$1" 2>"$1.log" || ! mountpoint -q "$1"; do
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
  mkdir "$name" || fail "no mount point $name"
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
    mkdir -p "points$2"
  else
    mkdir -p "points${2%/*}" && : >>"points$2"
  fi || fail "no mount point for $2"
}

directory=$1
shift
mask=$(umask)
umask 022
mount -t tmpfs -o mode=700 tmpfs "$directory" && cd "$directory" || {
  complain "no tmpfs could be mounted at $directory"
  exit 125
}
mkdir points || fail "no space at $directory"

while operation=$1 && shift && [ "$operation" != enter ]; do
  case $operation in
    link)
      ln -s "$2" "$1" || fail "no link $1"
      shift 2
      ;;
    bind)
      mkdir "$1" && mount --rbind "$2" "$1" || fail "$2 could not be bound at $1"
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
