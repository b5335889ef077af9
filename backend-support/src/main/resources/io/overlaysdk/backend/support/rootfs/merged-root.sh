# sh -c THIS overlay-sdk DIRECTORY OPERATION...
# Mounts what the operations say, enters the merged root, unmounts in reverse. It is process 1 of a
# pid namespace of its own: when it ends, the kernel kills whatever is left in there. All data comes
# as words; nothing is ever put together to a line that a shell reads. Mount points, links and notes
# lie on a tmpfs that nothing outside of the mount namespace sees.
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

# inside PATH: sets at to where PATH leads in the merged root, without leading slash and free of
# links. Nothing but the last link of a path is ever given to the host to follow.
inside() {
  rest=${1#/} at= hops=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in
      */*) rest=${rest#*/} ;;
      *) rest= ;;
    esac
    case $part in
      '' | .) continue ;;
      ..)
        case $at in
          */*) at=${at%/*} ;;
          *) at= ;;
        esac
        continue
        ;;
    esac
    next=${at:+$at/}$part
    if [ -h "merged/$next" ]; then
      hops=$((hops + 1))
      [ "$hops" -le 40 ] || return 1
      link=$(readlink "merged/$next" && echo .)
      link=${link%??}
      case $link in
        /*) at= ;;
      esac
      rest=$link/$rest
    else
      at=$next
    fi
  done
  [ -e "merged/$at" ]
}

put() {
  printf '%s\0' "$@" >>options
}

# place FLAG SOURCE TARGET
place() {
  inside "$3" || fail "cannot bind $2 at $3: the merged root has no $3 (it was deleted, or a \
directory of the overlay hides it), and making it would change the overlay. Make it in a session \
without this bind, or bind it elsewhere"
  put "$1" "$2" "/$at"
}

# offer FLAG SOURCE TARGET: only where both are there
offer() {
  [ -e "$2" ] && inside "$3" && put "$1" "$2" "/$at"
}

# account FILE ID LINE: the user's line, where the image has a plain file for it that lacks it
account() {
  file=merged/etc/$1
  if [ -h merged/etc ] || [ -h "$file" ] || [ ! -f "$file" ] || [ ! -r "$file" ] \
    || grep -q "^[^:]*:[^:]*:$2:" "$file"; then
    return
  fi
  {
    cat "$file"
    [ -z "$(tail -c 1 "$file")" ] || echo
    printf '%s\n' "$3"
  } >"$1" || fail "no space for $1"
  put --ro-bind "$directory/$1" "/etc/$1"
}

# enter UNSHARE BWRAP /bin/sh -c SCRIPT overlay-sdk COUNT NAME... WORD...: the command, through the
# image's own shell where it has one, else as it is. The value of the Nth NAME is in the environment.
enter() {
  unshare=$1 bwrap=$2
  shift 2
  count=$5 i=0
  if inside /bin/sh && [ -f "merged/$at" ] && [ -x "merged/$at" ]; then
    while [ "$i" -lt "$count" ]; do
      # the name is made of a constant and a number
      eval "put --setenv OVERLAYSDK_VALUE_$i \"\$OVERLAYSDK_VALUE_$i\""
      i=$((i + 1))
    done
  else
    shift 5
    while [ "$i" -lt "$count" ]; do
      eval "put --setenv \"\$1\" \"\$OVERLAYSDK_VALUE_$i\""
      shift
      i=$((i + 1))
    done
  fi
  set -- "$bwrap" --args 3 --json-status-fd 4 -- "$@"
  # bwrap 0.8 refuses to start with capabilities that it did not ask for
  [ -z "$unshare" ] || set -- "$unshare" --user --map-current-user "$@"
  umask "$mask"
  [ -z "$stopped" ] || return 143
  # What the caller ignores, such as HUP below nohup, every program here would ignore too; a shell
  # cannot undo that, env of coreutils 8.31 can. Apptainer does it by itself.
  reset=
  ! env --default-signal true 2>/dev/null || reset=--default-signal
  env -i ${reset:+"$reset"} "$@" 3<options 4>report
}

directory=$1
shift
mask=$(umask)
umask 022
mount -t tmpfs -o mode=700 tmpfs "$directory" && cd "$directory" || {
  complain "no tmpfs could be mounted at $directory"
  exit 125
}
mkdir points && : >options && : >report || fail "no space at $directory"

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
    option)
      count=$1
      shift
      while [ "$count" -gt 0 ]; do
        put "$1"
        shift
        count=$((count - 1))
      done
      ;;
    place)
      place "$1" "$2" "$3"
      shift 3
      ;;
    offer)
      offer "$1" "$2" "$3"
      shift 3
      ;;
    account)
      account "$1" "$2" "$3"
      shift 3
      ;;
    terminal)
      [ -z "${TERM-}" ] || put --setenv TERM "$TERM"
      ;;
    *) fail "unknown operation $operation" ;;
  esac
done

enter "$@"
status=$?
# bwrap ends with 1 on errors of its own too, but reports the status of a command that it started
case $(cat report) in
  *'"exit-code"'*) ;;
  *) [ "$status" != 1 ] || status=125 ;;
esac
leave
