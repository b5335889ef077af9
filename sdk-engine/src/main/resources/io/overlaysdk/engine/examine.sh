# sh -c THIS overlay-sdk DIRECTORY OPTIONS
# Merges two directories in DIRECTORY with the kernel, and deletes in the result: says on stderr what
# did not work. Nobody else sees what is mounted.
fail() {
  [ -z "$1" ] || printf '%s\n' "$1" >&2
  leave 1
}

# The kernel leaves a directory that its owner cannot look into.
leave() {
  umount merged 2>/dev/null
  [ ! -d work/work ] || chmod u+rwx work/work
  exit "$1"
}

cd "$1" && mkdir lower upper work merged lower/directory && : >lower/file \
  && : >lower/directory/old || fail 'no directories could be made'
mount -t overlay overlay -o "lowerdir=lower,upperdir=upper,workdir=work$2" merged || fail ''
rm merged/file && [ -c upper/file ] || fail 'a deleted file leaves no whiteout'
rm -r merged/directory && mkdir merged/directory || fail 'a directory cannot be replaced'
[ -z "$(ls merged/directory)" ] || fail 'a directory that was replaced shows what it had before'
leave 0
