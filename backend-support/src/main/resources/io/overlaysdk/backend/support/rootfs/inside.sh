# sh -c THIS overlay-sdk OPERATION... enter UNSHARE self|as-is SETPRIV|keep HOME START
#     /bin/sh -c SCRIPT overlay-sdk COUNT NAME... WORD...
# Completes the merged root, which is mounted at merged in the working directory, makes it the root
# of a mount namespace of its own, and runs the words in it. It is process 1 of the pid namespace of
# the words: when it ends, the kernel kills what they left.
set -u
trap : HUP INT QUIT TERM
: >begun
mask=$(umask)
umask 022
here=$(pwd -P)
sealed=
: >table

fail() {
  printf 'overlay-sdk: %s\n' "$1" >&2
  exit 125
}

# inside PATH [SOURCE]: sets at to where PATH leads in the merged root, without leading slash and
# free of links. Nothing but the last link of a path is ever given to the host to follow. With a
# SOURCE, what is missing is made, and the end is of the kind that SOURCE is.
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
      [ $# -lt 2 ] || [ -e "merged/$at" ] || make "$at" "$2" || return 1
    fi
  done
  [ -e "merged/$at" ]
}

make() {
  if [ -n "$rest" ] || [ -d "$2" ]; then
    mkdir "merged/$1"
  else
    : >"merged/$1"
  fi 2>/dev/null
}

# seal AT: makes what is mounted at AT and below it read-only. One program does it for all of them,
# and whatever it passed over is done on its own.
seal() {
  top=$here/merged${1:+/$1}
  unsealed
  : >seals
  for entry in $found; do
    printf 'none %s none remount,bind,%s 0 0\n' "${entry#*:}" "${entry%%:*}" >>seals
  done
  [ ! -s seals ] || mount -a -T seals || fail "$top could not be made read-only"
  unsealed
  for entry in $found; do
    at=${entry#*:}
    decode
    mount -o "remount,bind,${entry%%:*}" "$at" || fail "$at could not be made read-only"
  done
}

# Sets found to what seal has to do. A mount of another user namespace keeps the other options that
# it has, so they are given again. Mount points are as the kernel writes them, and a table too.
unsealed() {
  found=
  while read -r _ _ _ _ point options _; do
    case $options in
      ro | ro,*) continue ;;
    esac
    at=$point
    decode
    case $at in
      "$top" | "$top"/*) found="$found ro${options#rw}:$point" ;;
    esac
  done </proc/self/mountinfo
}

# later SOURCE TARGET TYPE OPTIONS: a mount that is done with others by one program: starting one is
# what costs. A table takes only names without blanks and the like.
later() {
  printf '%s %s %s %s 0 0\n' "$1" "$2" "$3" "$4" >>table
}

is_plain() {
  case $1 in
    *[!A-Za-z0-9/._-]*) return 1 ;;
  esac
}

# Does what has been put off.
flush() {
  [ ! -s table ] || mount -a -T table || fail 'not all could be mounted that belongs into the root'
  : >table
  for entry in $sealed; do
    seal "$entry"
  done
  sealed=
}

# The kernel writes blanks and the like in octal.
decode() {
  case $at in
    *\\*)
      at=$(printf '%b.' "$(printf '%s' "$at" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
      at=${at%.}
      ;;
  esac
}

# bind rw|ro SOURCE: at the place that inside has found
bind() {
  place=$at
  if is_plain "$2$place"; then
    if [ "$1" = rw ]; then
      later "$2" "merged/$place" none rbind
    elif [ -f "$2" ]; then
      later "$2" "merged/$place" none bind,ro
    else
      later "$2" "merged/$place" none rbind
      sealed="$sealed $place"
    fi
  else
    flush
    mount --rbind "$2" "merged/$place" || fail "$2 could not be bound at /$place"
    [ "$1" = rw ] || seal "$place"
  fi
}

# place rw|ro SOURCE TARGET
place() {
  inside "$3" || fail "cannot bind $2 at $3: the merged root has no $3 (it was deleted, or a \
directory of the overlay hides it), and making it would change the overlay. Make it in a session \
without this bind, or bind it elsewhere"
  bind "$1" "$2"
}

# offer rw|ro SOURCE TARGET: only where both are there
offer() {
  ! { [ -e "$2" ] && inside "$3"; } || bind "$1" "$2"
}

# within rw|ro SOURCE TARGET: in what is bound already, which is not in the overlay
within() {
  flush
  inside "$3" "$2" || fail "cannot bind $2 at $3: no mount point can be made there"
  bind "$1" "$2"
}

# base DIRECTORY: sets at to it
base() {
  inside "$1" || fail "the merged root has no $1: it was deleted, or a file of the overlay hides it"
  is_plain "$at" || fail "$1 is a link to $at, where nothing can be mounted"
}

# devices: the few that programs need; they are made beside the root and bound as a whole
devices() {
  base /dev
  [ -d dev/pts ] || mkdir -p dev/shm dev/pts || fail 'no space for /dev'
  later tmpfs dev/shm tmpfs mode=1777,nosuid,nodev
  later devpts dev/pts devpts newinstance,ptmxmode=0666,mode=620,nosuid,noexec
  for device in null zero full random urandom tty; do
    : >"dev/$device"
    later "/dev/$device" "dev/$device" none bind
  done
  if [ -n "${terminal-}" ]; then
    : >dev/console
    later "$terminal" dev/console none bind
  fi
  ln -s pts/ptmx dev/ptmx
  if [ -h /dev/fd ] && [ -h /dev/stdin ] && [ -h /dev/stdout ] && [ -h /dev/stderr ]; then
    cp -d /dev/fd /dev/stdin /dev/stdout /dev/stderr dev
  else
    ln -s /proc/self/fd dev/fd
    ln -s /proc/self/fd/0 dev/stdin
    ln -s /proc/self/fd/1 dev/stdout
    ln -s /proc/self/fd/2 dev/stderr
  fi
  later dev "merged/$at" none rbind
}

# processes [guarded]: with guarded, what root could change the whole machine with is read-only
processes() {
  base /proc
  later proc "merged/$at" proc nosuid,nodev,noexec
  [ "$1" = guarded ] || return 0
  for part in sys sysrq-trigger irq bus; do
    [ ! -e "/proc/$part" ] || later "merged/$at/$part" "merged/$at/$part" none bind,ro
  done
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
    line=
    while read -r line; do :; done <"$file"
    [ -z "$line" ] || echo
    printf '%s\n' "$3"
  } >"$1" || fail "no space for $1"
  at=etc/$1
  bind ro "$1"
}

# runnable PROGRAM START: whether the merged root has it
runnable() {
  case $1 in
    /*) inside "$1" && [ -x "merged/$at" ] ;;
    */*) inside "$2/$1" && [ -x "merged/$at" ] ;;
    *)
      for directory in $(IFS=:; set -f; printf '%s\n' $path); do
        ! inside "$directory/$1" || [ ! -f "merged/$at" ] || [ ! -x "merged/$at" ] || return 0
      done
      return 1
      ;;
  esac
}

# enter UNSHARE self|as-is SETPRIV|keep HOME START /bin/sh -c SCRIPT overlay-sdk COUNT NAME... WORD...:
# the words, through the image's own shell where it has one, else as they are. The value of the Nth
# NAME is in the environment. With a SETPRIV they have no capabilities.
enter() {
  unshare=$1 user=$2 setpriv=$3 home=$4 start=$5
  shift 5
  [ "$setpriv" != keep ] || setpriv=
  inside "$start" && [ -d "merged/$at" ] || fail "there is no directory $start in the container"
  count=$5
  if ! { inside /bin/sh && [ -f "merged/$at" ] && [ -x "merged/$at" ]; }; then
    shift 5
    i=0
    while [ "$i" -lt "$count" ]; do
      # the name is made of a constant and a number
      eval "value=\$OVERLAYSDK_VALUE_$i"
      unset "OVERLAYSDK_VALUE_$i"
      set -- "$@" "$1" "$value"
      shift
      i=$((i + 1))
    done
    unaided "$@"
    return
  fi
  run "$@"
}

# unaided WORD... NAME VALUE...: there are count pairs
unaided() {
  runnable "$1" "$start" || fail "there is no program $1 in the container"
  words=$(($# - 2 * count)) i=0
  while [ "$i" -lt "$words" ]; do
    set -- "$@" "$1"
    shift
    i=$((i + 1))
  done
  become "$words" "$@"
}

# become COUNT NAME VALUE... WORD...: COUNT words
become() {
  words=$1
  shift
  (
    trim
    while [ $# -gt "$words" ]; do
      export "$1=$2"
      shift 2
    done
    leap "$@"
  )
}

run() {
  (
    trim
    leap "$@"
  )
}

# Nothing of the caller's environment but the values is left.
trim() {
  export -p >exported || exit 125
  while read -r _ name; do
    name=${name%%=*}
    case $name in
      # a line of a value may look like another variable: what is in use here stays
      mask | path | home | setpriv | start | term | user | unshare | words) ;;
      OVERLAYSDK_VALUE_* | PATH | '' | *[!A-Za-z0-9_]*) ;;
      *) unset "$name" ;;
    esac
  done <exported
  : >exported
  # What the caller ignores, such as HUP below nohup, every program here would ignore too; a shell
  # cannot undo that, env of coreutils 8.31 can. Apptainer does it by itself.
  env=
  while read -r key value; do
    case $key:$value in
      SigIgn:*[!0]*) env=$(command -v env) && "$env" --default-signal true 2>/dev/null || env= ;;
    esac
  done </proc/self/status
}

# A user namespace of its own takes the capabilities that the mounts needed, and without them nobody
# gets out of a changed root. The kernel makes none for a process whose root has been changed
# before. Who keeps the capabilities gets a root that there is nothing above of, as in switch_root.
leap() {
  if [ "$user" = self ]; then
    set -- "$unshare" --user --map-current-user --root=merged --wd="$start" -- "$@"
    [ -z "$setpriv" ] || set -- "$setpriv" --no-new-privs "$@"
  else
    cd merged && mount -n --move . / || fail 'the merged root could not be made the root'
    set -- "$unshare" --root=. --wd="$start" -- "$@"
    # unshare needs the one that is left to change the root
    [ -z "$setpriv" ] || set -- "$setpriv" --no-new-privs --inh-caps=-all --ambient-caps=-all \
      --bounding-set=-all,+sys_chroot "$@"
  fi
  umask "$mask"
  export PATH="$path" HOME="$home" LANG=C
  [ -z "${term-}" ] || export TERM="$term"
  exec ${env:+"$env" --default-signal} "$@"
}

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
while operation=$1 && shift && [ "$operation" != enter ]; do
  case $operation in
    seal) seal '' ;;
    console)
      # The terminal is one of the machine, which the container's own /dev/pts does not have.
      [ ! -t 1 ] || terminal=$(tty <&1) || terminal=
      term=${TERM-}
      ;;
    devices) devices ;;
    processes)
      processes "$1"
      shift
      ;;
    system)
      base /sys
      later /sys "merged/$at" none rbind
      sealed="$sealed $at"
      ;;
    account)
      account "$1" "$2" "$3"
      shift 3
      ;;
    place)
      place "$1" "$2" "$3"
      shift 3
      ;;
    offer)
      offer "$1" "$2" "$3"
      shift 3
      ;;
    within)
      within "$1" "$2" "$3"
      shift 3
      ;;
    *) fail "unknown operation $operation" ;;
  esac
done

flush
enter "$@"
exit "$?"
