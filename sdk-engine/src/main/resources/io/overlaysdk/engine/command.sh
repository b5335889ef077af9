# sh -c THIS overlay-sdk PLACE
# Runs one command in a container that was started for it. The request lies in PLACE.request, and how
# the command ended is told through PLACE.end, beside its output.
overlaysdk_at=$1
# The command gets these signals; this shell must outlive it to report.
trap : HUP INT QUIT TERM USR1 USR2
exec 4>"$overlaysdk_at.end" 5<"$overlaysdk_at.request" || exit 125
