echo started >&4
(exec "$@" 4>&- 5<&-)
overlaysdk_kind=$?
echo "$overlaysdk_kind" >&4
exit "$overlaysdk_kind"
