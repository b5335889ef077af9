# sh -c THIS overlay-sdk COUNT NAME... WORD...
# Applies the image's own environment scripts, as Apptainer does, then the variables of the command,
# which win over them; the value of the Nth NAME is in OVERLAYSDK_VALUE_N. Then runs the words.
apply_image_environment() {
  for overlaysdk_script in /.singularity.d/env/*.sh; do
    [ ! -f "$overlaysdk_script" ] || . "$overlaysdk_script"
  done
  unset overlaysdk_script
}
apply_image_environment
overlaysdk_count=$1
shift
overlaysdk_i=0
while [ "$overlaysdk_i" -lt "$overlaysdk_count" ]; do
  # the name is made of a constant and a number
  eval "export \"\$1=\$OVERLAYSDK_VALUE_$overlaysdk_i\""
  unset "OVERLAYSDK_VALUE_$overlaysdk_i"
  shift
  overlaysdk_i=$((overlaysdk_i + 1))
done
unset overlaysdk_count overlaysdk_i
exec "$@"
