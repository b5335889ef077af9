# Runs one command inside the container and reports how it ended, beside its output.
#
# The words, the variables and the directory come in a file, so that no length limit of a tool, no
# locale of the caller and no tool's notion of quoting touches them. The first character of a line
# says what follows: w a word, v a variable, d the directory, + one more line of what came before.
# Nothing here may rely on more than a POSIX shell, nor on any program of the image.
overlaysdk_at=$1
overlaysdk_newline='
'
overlaysdk_kind=
overlaysdk_value=
set --
# The command gets these signals; this shell must outlive it to report.
trap : HUP INT QUIT TERM USR1 USR2
while IFS= read -r overlaysdk_line; do
  case $overlaysdk_line in
  +*)
    overlaysdk_value=$overlaysdk_value$overlaysdk_newline${overlaysdk_line#?}
    continue
    ;;
  esac
  case $overlaysdk_kind in
  w) set -- "$@" "$overlaysdk_value" ;;
  v) export "$overlaysdk_value" ;;
  d)
    cd "$overlaysdk_value" || {
      echo directory >"$overlaysdk_at.status"
      exit 125
    }
    ;;
  esac
  case $overlaysdk_line in
  w*) overlaysdk_kind=w ;;
  v*) overlaysdk_kind=v ;;
  d*) overlaysdk_kind=d ;;
  esac
  overlaysdk_value=${overlaysdk_line#?}
done <"$overlaysdk_at.request"
echo started >"$overlaysdk_at.started"
(exec "$@")
overlaysdk_kind=$?
echo "$overlaysdk_kind" >"$overlaysdk_at.status"
exit "$overlaysdk_kind"
