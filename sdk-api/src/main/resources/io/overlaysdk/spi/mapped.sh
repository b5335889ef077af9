# sh -c THIS overlay-sdk UNSHARE NEWUIDMAP NEWGIDMAP UID FIRST COUNT GID FIRST COUNT [OPTIONS] WORDS...
# Does what unshare of util-linux 2.38 does for --map-root-user --map-auto. A process outside of the
# new namespace has to write the maps: it waits until this one has become the namespace's first.
unshare=$1 users=$2 groups=$3 uid=$4 uids="$5 $6" gid=$7 gids="$8 $9"
shift 9
before=$(readlink "/proc/$$/ns/user") || exit 125
(
  while [ "$(readlink "/proc/$$/ns/user")" = "$before" ]; do
    sleep 0.01
  done
  "$users" $$ 0 "$uid" 1 1 $uids && "$groups" $$ 0 "$gid" 1 1 $gids || kill $$
) </dev/null >&2 &
# --keep-caps: until it is mapped, this user is nobody in there
exec "$unshare" --user --keep-caps -- /bin/sh -c '
unshare=$1
shift
until read -r mapped </proc/self/gid_map; do
  sleep 0.01
done
exec "$unshare" "$@"' overlay-sdk "$unshare" "$@"
