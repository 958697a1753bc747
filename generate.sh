#!/usr/bin/env bash
# Regenerates generated_client/ from the vendor's spec; --help says the rest.
# Needs bash and Python 3.11; works from any directory.
set -euo pipefail

here="${BASH_SOURCE[0]%/*}"
[[ "$here" == "${BASH_SOURCE[0]}" ]] && here=.
root="$(cd -- "$here" && pwd -P)"

if [[ "${1-}" =~ ^(-h|--help)$ ]] && command -v "${PYTHON:-python3}" >/dev/null; then
  exec "${PYTHON:-python3}" -I "$root/codegen/options.py" --help
fi
"$root/scripts/setup"

# The caller's Python settings have no say; -P keeps the caller's folder off the module path.
unset PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE
export PYTHONPATH="$root" PYTHONNOUSERSITE=1 PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
version="$(<"$root/pyproject.toml")"
code=0
"$root/.venv/bin/python" -P -m codegen "$@" || code=$?
# The installed metadata, which `--version` reads, follows a new version at once.
[[ "$(<"$root/pyproject.toml")" == "$version" ]] || "$root/scripts/setup"
exit "$code"
