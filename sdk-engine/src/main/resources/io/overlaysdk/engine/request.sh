# Reads a request from descriptor 5 into "$@", the environment and the working directory. The first
# character of a line says what follows: w a word, v a variable, d the directory, i that the standard
# input is to be had, + one more line of what came before; . is the end. No length limit of a tool, no
# locale of the caller and no tool's notion of quoting touches what comes this way. Nothing here may
# rely on more than a POSIX shell, nor on any program of the image. Descriptor 4 leads to the engine.
overlaysdk_newline='
'
overlaysdk_kind=
overlaysdk_value=
set --
while IFS= read -r overlaysdk_line <&5; do
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
      echo directory >&4
      exit 125
    }
    ;;
  i)
    exec 6<>"$overlaysdk_at.in" <"$overlaysdk_at.in" 6<&- || exit 125
    echo input >&4
    ;;
  esac
  case $overlaysdk_line in
  w*) overlaysdk_kind=w ;;
  v*) overlaysdk_kind=v ;;
  d*) overlaysdk_kind=d ;;
  i*) overlaysdk_kind=i ;;
  *)
    overlaysdk_kind=.
    break
    ;;
  esac
  overlaysdk_value=${overlaysdk_line#?}
done
# whoever sent it is gone
[ "$overlaysdk_kind" = . ] || exit 125
