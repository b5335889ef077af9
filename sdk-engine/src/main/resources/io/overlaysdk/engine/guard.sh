# sh -c THIS overlay-sdk LOOKS MARK
# Ends what a JVM leaves that dies in the middle. Reads "+ PID" for each process that the JVM has
# started and "- PID" for each that has ended, from a pipe that nobody but the JVM can write to: when
# there is no more to read, the JVM is gone, and whatever is still listed is ended with all its
# children, in the order of ProcessTree. So is what the JVM had started and could not tell of: that
# has MARK in its environment. So is what has a word there that came with "*", and did not come again
# with "/". "=" says that there is nothing of any kind. LOOKS tells how often each kind of signal may
# be waited for, ten times a second.
listed=' ' looks=$1 marks=" $2 "
trap '' HUP INT QUIT TERM
cd /
while read -r sign pid; do
  case $sign in
    +) listed="$listed$pid " ;;
    -) listed="${listed%% $pid *} ${listed#* $pid }" ;;
    '*') marks="$marks$pid " ;;
    /) marks="${marks%% $pid *} ${marks#* $pid }" ;;
    =) exit ;;
  esac
done

find_marked() {
  for mark in $marks; do
    for file in $(grep -ls "$mark" /proc/[0-9]*/environ); do
      pid=${file#/proc/}
      listed="$listed${pid%/environ} "
    done
  done
}

# Sets tree to what is listed and lives, the sessions it leads, and all children of these.
look() {
  table='' tree=' '
  for file in /proc/[0-9]*/stat; do
    read -r line <"$file" || continue
    pid=${file#/proc/}
    # the name in parentheses may hold anything, parentheses too
    set -- ${line##*) }
    case $1 in
      Z | X) ;;
      *) table="$table ${pid%/stat}:$2:$4" ;;
    esac
  done
  grown=yes
  while [ -n "$grown" ]; do
    grown=''
    for entry in $table; do
      pid=${entry%%:*} session=${entry##*:} parent=${entry#*:}
      parent=${parent%:*}
      case $tree in *" $pid "*) continue ;; esac
      case $listed in
        *" $pid "* | *" $session "*) ;;
        *) case $tree in *" $parent "*) ;; *) continue ;; esac ;;
      esac
      tree="$tree$pid " grown=yes
    done
  done
}

# Sets inner to the processes of the tree that are in the innermost pid namespace: that of the command,
# as it is first found. Once that has ended, the innermost is that of the tool's helpers.
find_inner() {
  inner=''
  for pid in $tree; do
    while read -r key value; do
      [ "$key" = NSpid: ] || continue
      set -- $value
      [ -z "$found" ] && [ "$#" -gt "$deepest" ] && inner='' deepest=$#
      [ "$#" -ne "$deepest" ] || inner="$inner $pid"
      break
    done <"/proc/$pid/status"
  done
  found=yes
}

# send SIGNAL PID...: signals and waits. Whether all of the tree has ended.
send() {
  signal=$1 tries=$looks
  shift
  [ "$#" -eq 0 ] || kill "-$signal" "$@"
  while look; [ "$tree" != ' ' ]; do
    [ "$tries" -gt 0 ] || return 1
    tries=$((tries - 1))
    sleep 0.1
  done
}

# Whether all has ended that is listed.
end_listed() {
  deepest=0 found=''
  look
  find_inner
  send TERM $inner && return
  find_inner
  send KILL $inner || send TERM $tree || send KILL $tree
}

# What was just being started has its own environment a moment later.
nothing=0
until [ "$nothing" -eq 2 ]; do
  find_marked
  if [ "$listed" = ' ' ]; then
    nothing=$((nothing + 1))
    sleep 0.1
  else
    end_listed || exit
    listed=' '
  fi
done
