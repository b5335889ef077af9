# The shell of an interactive session: bash where the image has it.
if command -v bash >/dev/null 2>&1; then
  exec bash -i
fi
exec sh -i
