# sh -c THIS overlay-sdk UNSHARE self|as-is [OPTIONS]
# Does in small what a session does: mounts, merges where there are options for the kernel, and
# enters. What it mounts is seen by nobody else.
unshare=$1 user=$2
shift 2
# over /sys, which nothing here needs: programs may lie anywhere else
mount -t tmpfs tmpfs /sys && cd /sys && mkdir lower upper work merged || exit
if [ $# -gt 0 ]; then
  mount -t overlay overlay -o "lowerdir=lower,upperdir=upper,workdir=work$1" merged || exit
fi
set -- --root=/ -- /bin/sh -c :
[ "$user" != self ] || set -- --user --map-current-user "$@"
exec "$unshare" --mount --pid --fork --kill-child --mount-proc "$unshare" "$@"
