# sh -c THIS overlay-sdk PLACE
# Becomes the next command of a slot: the request comes through PLACE.go (descriptor 5).
overlaysdk_at=$1
exec 6<>"$overlaysdk_at.out" 7<>"$overlaysdk_at.err" >"$overlaysdk_at.out" 2>"$overlaysdk_at.err" \
  6<&- 7<&- || exit 125
echo ready >&4
