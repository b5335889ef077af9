# sh -c THIS overlay-sdk REQUESTS WORKER go|stay
# The first process of a resident session. It reads what to do from REQUESTS, a pipe of the engine,
# and ends with it, or with "stay" when it is told to. For each slot there is a process that starts one
# worker after the other and tells how each ended; a worker is a session of its own (setsid), so that
# whatever it signals, a "kill 0" too, reaches nobody else here.
#
# Opening a pipe to one side waits for somebody at the other side, who may have gone by now. Opening it
# to both sides first does not, here and in worker.sh.
#
# A slot is started as a member of a pipeline, because a shell lets what it starts with & ignore SIGINT
# for good.
overlaysdk_requests=$1
overlaysdk_directory=${1%/*}
overlaysdk_worker=$2

if command -v setsid >/dev/null 2>&1; then
  overlaysdk_apart() {
    setsid "$@"
  }
elif busybox setsid true >/dev/null 2>&1; then
  overlaysdk_apart() {
    busybox setsid "$@"
  }
else
  # bash needs no terminal for this
  set -m 2>/dev/null
  case $- in
  *m*)
    overlaysdk_apart() {
      "$@" &
      wait "$!"
    }
    ;;
  *)
    echo 'overlay-sdk: no setsid in the image' >&2
    exit 126
    ;;
  esac
fi

# Each line of PLACE.go starts a worker; the rest of it the worker reads. The descriptor is closed
# with the process that uses the slot, and the slot ends. It also ends where it can start no process,
# which nobody learns by themselves who have the pipe open to both sides.
overlaysdk_slot() {
  exec 3<&- 6<&- 4<>"$overlaysdk_directory/$1.end" 6<>"$overlaysdk_directory/$1.go" \
    5<"$overlaysdk_directory/$1.go" 6<&- </dev/null || exit
  trap 'echo lost >&4' EXIT
  while read -r overlaysdk_line <&5; do
    overlaysdk_apart /bin/sh -c "$overlaysdk_worker" overlay-sdk "$overlaysdk_directory/$1"
    echo "$?" >&4
  done
}

# Starts the process of a slot and does not wait for it: the shell that would is killed, by a signal
# of which shells say nothing, or by the one that nothing ignores. So there are as many as slots in use.
overlaysdk_begin() {
  (
    overlaysdk_slot "$1" \
      | /bin/sh -c 'kill -PIPE "$PPID" && kill -KILL "$PPID"' 2>/dev/null
  )
  # anything else tells of a process that could not be started
  [ "$?" -gt 128 ]
}

# A shell that can start no process ends, and with it the container.
overlaysdk_serve() {
  while read -r overlaysdk_word overlaysdk_rest <&3; do
    case $overlaysdk_word in
    slot) overlaysdk_begin "$overlaysdk_rest" || exit ;;
    signal)
      # a name and the number of a process group
      kill -s "${overlaysdk_rest% *}" -- "-${overlaysdk_rest#* }" 2>/dev/null
      ;;
    end) exit 0 ;;
    esac
  done
  # The engine is gone: nobody waits for what still runs. The guard beside the engine ends it in better
  # order, if it lives.
  sleep 1
}

# The engine makes the pipes while the container starts, and is done long before, as a rule. One that
# was killed makes none any more, and its directory may stay.
overlaysdk_looks=0 overlaysdk_seconds=0
until [ -p "$overlaysdk_requests" ]; do
  [ -d "$overlaysdk_directory" ] && [ "$overlaysdk_seconds" -lt 60 ] || exit
  overlaysdk_looks=$((overlaysdk_looks + 1))
  [ "$overlaysdk_looks" -lt 20000 ] \
    || { sleep 1 && overlaysdk_seconds=$((overlaysdk_seconds + 1)); } 2>/dev/null
done
exec 6<>"$overlaysdk_requests" 3<"$overlaysdk_requests" || exit
# a greeting: from here on the engine has its side of the pipe open
read -r overlaysdk_word <&3 || exit
[ "$3" = stay ] || exec 6<&-
# The first process waits all the time, and so takes leave of each orphan here when that ends.
(overlaysdk_serve)
exit
